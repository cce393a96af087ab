import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What is sent to WeCom, and what its answers come to.
@Suite struct WeComAppSupplierTests {
    private static let token = #"{"errcode":0,"errmsg":"ok","access_token":"T+1","expires_in":7200}"#
    private static let accepted = #"{"errcode":0,"errmsg":"ok","invaliduser":"","msgid":"xxxx"}"#

    private static func supplier(over http: any HTTPClient, agent: String = "1000002") -> any Supplier {
        let account = SupplierAccount.scripted(
            .weComApp,
            ["corpId": "ww1", "agentId": agent],
            secrets: ["corpSecret": Secret("s/s")]
        )
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000)).calendar
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: http, clock: clock))
    }

    private static func send(
        _ content: String = #"{"content":"您好"}"#,
        to members: [String] = ["a", "b"],
        answers: String...,
        status: Int = 200
    ) async -> (reply: SupplierReply, requests: [HTTPRequest]) {
        let tokens = answers.dropLast()
            .map { Result<HTTPResponse, HTTPError>.success(HTTPResponse(status: 200, body: Array($0.utf8))) }
        let last = answers.suffix(1)
            .map {
                Result<HTTPResponse, HTTPError>.success(HTTPResponse(status: status, body: Array($0.utf8)))
            }
        let http = ScriptedHTTPClient(tokens + last)
        let call = SupplierCall(
            requestKey: "k",
            recipients: members,
            contents: [content],
            contentIndex: members.map { _ in 0 }
        )
        return (await supplier(over: http).send(call), http.requests)
    }

    @Test func `a message goes to all members at once, with a token, and not twice in five minutes`() async {
        let (reply, requests) = await Self.send(answers: Self.token, Self.accepted)
        #expect(reply.references == ["xxxx", "xxxx"])
        #expect(requests[0].method == "GET")
        #expect(
            requests[0].url == "http://127.0.0.1:8890/prefix/cgi-bin/gettoken?corpid=ww1&corpsecret=s%2Fs"
        )
        #expect(
            requests[1].url == "http://127.0.0.1:8890/prefix/cgi-bin/message/send?access_token=T%2B1"
        )
        #expect(
            requests[1].text == """
                {"touser":"a|b","msgtype":"text","agentid":1000002,"text":{"content":"您好"},\
                "enable_duplicate_check":1,"duplicate_check_interval":300}
                """
        )
        #expect(Self.supplier(over: ScriptedHTTPClient()).repeatsAreDroppedFor == .seconds(300))
    }

    @Test(arguments: [
        (#"{"sendType":"10","content":"a"}"#, #""msgtype":"text","#, #""text":{"content":"a"}"#),
        (#"{"sendType":"20","mediaId":"m"}"#, #""msgtype":"voice","#, #""voice":{"media_id":"m"}"#),
        (
            #"{"sendType":"30","mediaId":"m","title":"t","description":"d"}"#, #""msgtype":"video","#,
            #""video":{"media_id":"m","title":"t","description":"d"}"#
        ),
        (
            #"{"sendType":"40","articles":[{"title":"t","picUrl":"p","url":"u"}]}"#, #""msgtype":"news","#,
            #""news":{"articles":[{"title":"t","picurl":"p","url":"u"}]}"#
        ),
        (
            #"{"sendType":"50","title":"t","description":"d","url":"u","btnTxt":"b"}"#,
            #""msgtype":"textcard","#,
            #""textcard":{"title":"t","description":"d","url":"u","btntxt":"b"}"#
        ),
        (#"{"sendType":"60","mediaId":"m"}"#, #""msgtype":"file","#, #""file":{"media_id":"m"}"#),
        (
            #"{"sendType":"70","appId":"wx","title":"t","page":"p","emphasisFirstItem":"true","contentItems":{"a":"1"}}"#,
            #""msgtype":"miniprogram_notice","#,
            #"{"appid":"wx","page":"p","title":"t","emphasis_first_item":true,"content_item":[{"key":"a","value":"1"}]}"#
        ),
        (
            ##"{"sendType":"80","content":"# a"}"##, #""msgtype":"markdown","#,
            ##""markdown":{"content":"# a"}"##
        ),
        (
            #"{"sendType":"90","templateCard":{"card_type":"text_notice"}}"#, #""msgtype":"template_card","#,
            #""template_card":{"card_type":"text_notice"}"#
        ),
        (#"{"sendType":"100","mediaId":"m"}"#, #""msgtype":"image","#, #""image":{"media_id":"m"}"#),
        (
            #"{"sendType":"140","mpNewsArticle":{"title":"t","thumbMediaId":"m","contentSourceUrl":"u"}}"#,
            #""msgtype":"mpnews","#,
            #""mpnews":{"articles":[{"title":"t","thumb_media_id":"m","content_source_url":"u"}]}"#
        ),
    ])
    func `each kind of content has its type`(content: String, type: String, body: String) async {
        let (reply, requests) = await Self.send(content, answers: Self.token, Self.accepted)
        #expect(reply.references.count == 2)
        #expect(requests.last?.text.contains(type) == true)
        #expect(requests.last?.text.contains(body) == true)
    }

    @Test(arguments: [
        ("x", "kpush.content_form"), ("{}", "kpush.content_missing"),
        (#"{"content":"\#(String(repeating: "好", count: 683))"}"#, "kpush.too_long"),
        (
            #"{"sendType":"80","content":"\#(String(repeating: "a", count: 2_049))"}"#,
            "kpush.too_long"
        ),
        (#"{"sendType":"20"}"#, "kpush.mediaId_missing"), (#"{"sendType":"30"}"#, "kpush.mediaId_missing"),
        (#"{"sendType":"40","articles":[]}"#, "kpush.articles_missing"),
        (#"{"sendType":"40","articles":[1]}"#, "kpush.articles_kind"),
        (#"{"sendType":"40","articles":[{},{},{},{},{},{},{},{},{}]}"#, "kpush.articles_count"),
        (#"{"sendType":"50","title":"t","url":"u"}"#, "kpush.description_missing"),
        (#"{"sendType":"70","appId":"a"}"#, "kpush.title_missing"),
        (#"{"sendType":"90","templateCard":[]}"#, "kpush.templateCard_missing"),
        (#"{"sendType":"120"}"#, "kpush.send_type"),
    ])
    func `a content that WeCom would cut or refuse is not sent`(content: String, code: String) async {
        let (reply, requests) = await Self.send(content)
        #expect(reply.codes == [code, code])
        #expect(reply.verdicts.allSatisfy { $0.fault == .badContent })
        #expect(requests.isEmpty)
    }

    @Test func `who is named as invalid or unlicensed is refused alone, whatever the case`() async {
        let answer = """
            {"errcode":0,"errmsg":"ok","invaliduser":"zhang.san|li","unlicenseduser":"wang","msgid":"m"}
            """
        let (reply, _) = await Self.send(
            to: ["Zhang.San", "li", "WANG", "zhao"],
            answers: Self.token,
            answer
        )
        #expect(reply.verdicts.map(\.fault) == [.badRecipient, .badRecipient, .badRecipient, nil])
        #expect(reply.codes == ["invaliduser", "invaliduser", "unlicenseduser"])
        #expect(reply.references == ["m"])
        #expect(!reply.mayBeSplit)
    }

    @Test(arguments: [
        (-1, Refusal.Class.transient), (40_001, .badConfig), (40_013, .badConfig), (40_056, .badConfig),
        (41_001, .badConfig), (48_002, .badConfig), (50_003, .badConfig), (60_011, .badConfig),
        (60_020, .badConfig), (301_002, .badConfig), (40_003, .badRecipient), (40_031, .badRecipient),
        (60_111, .badRecipient), (81_013, .badRecipient), (82_001, .badRecipient), (82_002, .badRecipient),
        (82_003, .badRecipient), (40_008, .badContent), (40_058, .badContent), (45_002, .badContent),
        (45_009, .throttled), (45_033, .throttled), (99_999, .badContent),
    ])
    func `each code has its class, and only what is about some is tried in halves`(
        code: Int,
        fault: Refusal.Class
    ) async {
        let (reply, _) = await Self.send(answers: Self.token, #"{"errcode":\#(code),"errmsg":"m"}"#)
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(reply.mayBeSplit == (fault == .badRecipient && code != 81_013))
        let (alone, _) = await Self.send(
            to: ["a"],
            answers: Self.token,
            #"{"errcode":\#(code),"errmsg":"m"}"#
        )
        #expect(!alone.mayBeSplit)
    }

    @Test(arguments: [40_014, 42_001])
    func `a rejected token is replaced, once`(code: Int) async {
        let rejection = #"{"errcode":\#(code),"errmsg":"invalid access_token"}"#
        let next = #"{"errcode":0,"errmsg":"ok","access_token":"T2","expires_in":7200}"#
        let (reply, requests) = await Self.send(answers: Self.token, rejection, next, Self.accepted)
        #expect(reply.references.count == 2)
        #expect(requests.last?.url.hasSuffix("access_token=T2") == true)
        let (again, _) = await Self.send(answers: Self.token, rejection, next, rejection)
        #expect(again.codes == ["kpush.token_rejected", "kpush.token_rejected"])
    }

    @Test func `an answer that is none leaves all open, unless its status says more`() async {
        for body in ["", "{}", "[]", "<html>", #"{"errcode":0"#] {
            let (reply, _) = await Self.send(answers: Self.token, body)
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(body)")
            let (refused, _) = await Self.send(answers: Self.token, body, status: 403)
            #expect(refused.verdicts.map(\.fault) == [.badConfig, .badConfig])
        }
    }

    @Test func `a call of more than a thousand is not made`() async {
        let members = (0...1_000).map { "u\($0)" }
        let (reply, requests) = await Self.send(to: members)
        #expect(reply.verdicts.count == 1_001)
        #expect(Set(reply.codes) == ["kpush.call_shape"])
        #expect(requests.isEmpty)
    }

    @Test func `a message is taken back by its reference, and a refusal says why not`() async throws {
        let http = ScriptedHTTPClient(Self.token, #"{"errcode":0,"errmsg":"ok"}"#)
        try await Self.supplier(over: http).recall(reference: "m1", recipients: ["a"])
        #expect(
            http.requests.last?.url
                == "http://127.0.0.1:8890/prefix/cgi-bin/message/recall?access_token=T%2B1"
        )
        #expect(http.requests.last?.text == #"{"msgid":"m1"}"#)
        let late = ScriptedHTTPClient(Self.token, #"{"errcode":40058,"errmsg":"too late"}"#)
        let error = await #expect(throws: SupplierError.self) {
            try await Self.supplier(over: late).recall(reference: "m1", recipients: ["a"])
        }
        #expect(error == .tooLate)
        let silent = ScriptedHTTPClient([.failure(HTTPError(.answerTimeout))])
        await #expect(throws: SupplierError.self) {
            try await Self.supplier(over: silent).recall(reference: "m1", recipients: ["a"])
        }
    }

    @Test
    func `what WeCom counts by the minute and the hour is kept to, and nobody tells what became of messages`()
    {
        let supplier = Self.supplier(over: ScriptedHTTPClient())
        #expect(supplier.callLimits.count == 2)
        // Thirty a minute and a thousand an hour: what comes together and what comes back are no more than that.
        #expect(supplier.recipientLimits.map { $0.permits + $0.burst - 1 } == [30, 1_000])
        #expect(supplier.recipientLimits.map(\.period) == [.seconds(60), .seconds(3_600)])
        #expect(supplier.givesReceipts == false)
    }
}
