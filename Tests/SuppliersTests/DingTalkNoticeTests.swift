import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// The words of DingTalk's work notices, as their documentation gives them.
@Suite struct DingTalkNoticeTests {
    static func token(_ value: String) -> String {
        #"{"errcode":0,"access_token":"\#(value)","errmsg":"ok","expires_in":7200}"#
    }

    private static let taken = #"{"errcode":0,"errmsg":"ok","task_id":256271667526,"request_id":"r"}"#

    private static func http(_ bodies: String...) -> ScriptedHTTPClient {
        ScriptedHTTPClient(bodies.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) })
    }

    private func message(_ content: String) async throws -> String {
        let http = Self.http(Self.token("t-1"), Self.taken)
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call(content))
        #expect(reply.isAccepted("256271667526"), "\(reply.verdicts)")
        let text = try #require(http.requests.last).text
        let start = #"{"agent_id":123,"userid_list":"u1,u2","msg":"#
        #expect(text.hasPrefix(start))
        return String(text.dropFirst(start.utf8.count).dropLast())
    }

    @Test func `a call carries the token that was fetched for it`() async throws {
        let http = Self.http(Self.token("t/1"), Self.taken, Self.taken)
        let supplier = try ChatBench.supplier(.dingTalkNotice, over: http)
        for _ in 0..<2 {
            let reply = await supplier.send(ChatBench.call())
            #expect(reply.isAccepted("256271667526"))
        }
        let base = "http://127.0.0.1:8890/chat/"
        let send = base + "topapi/message/corpconversation/asyncsend_v2?access_token=t%2F1"
        #expect(
            http.requests.map(\.url) == [base + "gettoken?appkey=app&appsecret=app-secret", send, send]
        )
        #expect(http.requests.map(\.method) == ["GET", "POST", "POST"])
        #expect(http.requests.last?.field("content-type") == "application/json; charset=utf-8")
    }

    @Test(arguments: [["@all"], ["u1", "@ALL"]])
    func `nobody writes to the whole company by a recipient`(recipients: [String]) async throws {
        let http = Self.http(Self.token("t-1"), Self.taken)
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http)
            .send(ChatBench.call(to: recipients))
        #expect(reply.code == "kpush.everybody")
        #expect(reply.mayBeSplit == (recipients.count > 1))
        #expect(http.requests.isEmpty)
    }

    @Test(arguments: [
        (#"{"content":"hi"}"#, #"{"msgtype":"text","text":{"content":"hi"}}"#),
        (#"{"sendType":"100","mediaId":"@m"}"#, #"{"msgtype":"image","image":{"media_id":"@m"}}"#),
        (#"{"sendType":"60","mediaId":"@m"}"#, #"{"msgtype":"file","file":{"media_id":"@m"}}"#),
        (
            #"{"sendType":"20","mediaId":"@m","duration":"10"}"#,
            #"{"msgtype":"voice","voice":{"media_id":"@m","duration":"10"}}"#
        ),
        (
            #"{"sendType":"110","title":"T","content":"c","url":"https://a","picUrl":"https://p"}"#,
            #"{"msgtype":"link","link":{"messageUrl":"https://a","picUrl":"https://p","title":"T","text":"c"}}"#
        ),
        (
            #"{"sendType":"80","title":"T","content":"**c**"}"#,
            #"{"msgtype":"markdown","markdown":{"title":"T","text":"**c**"}}"#
        ),
        (
            #"{"sendType":"120","title":"T","content":"c","url":"https://a"}"#,
            #"{"msgtype":"action_card","action_card":{"title":"T","markdown":"c","single_title":"阅读全文","single_url":"https://a"}}"#
        ),
        (
            #"{"sendType":"120","title":"T","content":"c","btns":[{"title":"A","actionURL":"https://a"},{"title":"B","action_url":"https://b"}]}"#,
            #"{"msgtype":"action_card","action_card":{"title":"T","markdown":"c","btn_orientation":"0","btn_json_list":[{"title":"A","action_url":"https://a"},{"title":"B","action_url":"https://b"}]}}"#
        ),
        (
            #"{"sendType":"130","url":"https://a","dingDingOaHead":{"text":"h"},"dingDingOaBody":{"title":"T"}}"#,
            #"{"msgtype":"oa","oa":{"message_url":"https://a","head":{"text":"h"},"body":{"title":"T"}}}"#
        ),
    ])
    func `a message of each kind is written as DingTalk spells it`(
        content: String,
        written: String
    ) async throws {
        #expect(try await message(content) == written)
    }

    @Test(arguments: [
        ("{}", "content_missing"), (#"{"sendType":"20","mediaId":"m"}"#, "duration_missing"),
        (#"{"sendType":"60"}"#, "mediaId_missing"), (#"{"sendType":"110","title":"T"}"#, "url_missing"),
        (#"{"sendType":"120","title":"T","content":"c"}"#, "btns_missing"),
        (#"{"sendType":"130","url":"u","dingDingOaHead":{"a":1}}"#, "dingDingOaBody_missing"),
        (#"{"sendType":"40","content":"c"}"#, "send_type"),
    ])
    func `a content that lacks something is not sent`(content: String, reason: String) async throws {
        let http = Self.http()
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call(content))
        #expect(reply.code == "kpush.\(reason)")
        #expect(http.requests.isEmpty)
    }

    @Test func `a message of 2048 bytes is sent, and one byte more is not`() async throws {
        let room = 2_048 - #"{"msgtype":"text","text":{"content":""}}"#.utf8.count
        let full = try await message(#"{"content":"\#(String(repeating: "x", count: room))"}"#)
        #expect(full.utf8.count == 2_048)
        let more = ChatBench.call(#"{"content":"\#(String(repeating: "x", count: room + 1))"}"#)
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: Self.http()).send(more)
        #expect(reply.code == "kpush.too_long")
    }

    @Test(
        arguments: [
            (-1, Refusal.Class.transient, nil, false), (1_430_003, .transient, nil, false),
            (60_011, .badConfig, nil, false), (88, .badConfig, nil, false),
            (40_031, .badRecipient, nil, true),
            (40_032, .badRecipient, nil, true), (1_430_004, .badRecipient, nil, true),
            (143_103, .throttled, .seconds(60), false), (143_203, .throttled, .seconds(60), false),
            (143_204, .throttled, .seconds(60), false), (143_104, .throttled, .seconds(60), false),
            (90_002, .throttled, .seconds(60), false), (90_018, .throttled, .seconds(60), false),
            (143_105, .recipientLimit, nil, true), (143_205, .recipientLimit, nil, true),
            (143_106, .recipientLimit, nil, true), (143_206, .recipientLimit, nil, true),
            (1_430_000, .badContent, nil, false), (1_430_002, .badContent, nil, false),
            (34_016, .badContent, nil, false), (7, .badContent, nil, false),
        ] as [(Int, Refusal.Class, Duration?, Bool)]
    )
    func `a code has its class, bare and wrapped`(
        code: Int,
        fault: Refusal.Class,
        wait: Duration?,
        mayBeSplit: Bool
    ) async throws {
        for answer in [
            #"{"errcode":\#(code),"errmsg":"m"}"#, #"{"errcode":"\#(code)","errmsg":"m"}"#,
            #"{"errcode":88,"sub_code":"\#(code)","sub_msg":"m","errmsg":"ding talk error"}"#,
        ] {
            let http = Self.http(Self.token("t-1"), answer)
            let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call())
            #expect(reply.verdicts.map(\.fault) == [fault, fault])
            #expect(reply.code == String(code))
            #expect(reply.wait == wait)
            #expect(reply.mayBeSplit == mayBeSplit)
        }
    }

    @Test(arguments: [
        (200, #"{"errcode":0,"errmsg":"ok"}"#), (200, "{}"), (200, "<html>"), (200, #"{"errcode":0"#),
        (502, ""), (504, Self.taken),
    ])
    func `an answer that proves nothing leaves all open`(status: Int, body: String) async throws {
        let http = ScriptedHTTPClient([
            .success(HTTPResponse(status: 200, body: Array(Self.token("t-1").utf8))),
            .success(HTTPResponse(status: status, body: Array(body.utf8))),
        ])
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call())
        #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
    }

    @Test func `a notice is taken back by its reference`() async throws {
        let http = Self.http(Self.token("t-1"), #"{"errcode":0,"errmsg":"ok"}"#)
        try await ChatBench.supplier(.dingTalkNotice, over: http)
            .recall(reference: "256271667526", recipients: ["u1", "u2"])
        let request = try #require(http.requests.last)
        #expect(request.url.contains("/topapi/message/corpconversation/recall?access_token=t-1"))
        #expect(request.text == #"{"agent_id":123,"msg_task_id":256271667526}"#)
    }

    @Test func `a recall that is refused says why`() async throws {
        let http = Self.http(Self.token("t-1"), #"{"errcode":400002,"errmsg":"too late"}"#)
        let supplier = try ChatBench.supplier(.dingTalkNotice, over: http)
        let error = await #expect(throws: SupplierError.self) {
            try await supplier.recall(reference: "1", recipients: ["u1"])
        }
        #expect(error == .tooLate)
    }

    @Test func `a call may be made again while DingTalk drops it, which is until its day is over`() throws {
        let supplier = try ChatBench.supplier(.dingTalkNotice, over: ScriptedHTTPClient())
        // 2023-11-15, 00:00 in China.
        let midnight = Moment(secondsSinceEpoch: 1_699_977_600)
        let noon = midnight - .seconds(12 * 3_600)
        #expect(supplier.repeatsAreDropped(ofCallAt: noon) == noon + .seconds(1_800))
        #expect(supplier.repeatsAreDropped(ofCallAt: midnight - .seconds(60)) == midnight)
        #expect(supplier.repeatsAreDropped(ofCallAt: midnight) == midnight + .seconds(1_800))
    }
}
