import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What is sent to WeChat, and what its answers come to.
@Suite struct WeChatSupplierTests {
    private static let now = Moment(secondsSinceEpoch: 1_700_000_000)
    private static let token = #"{"access_token":"T/1+","expires_in":7200}"#
    private static let accepted = #"{"errcode":0,"errmsg":"ok","msgid":2794188253209100289}"#

    private static func supplier(_ kind: SupplierKind, over http: any HTTPClient) -> any Supplier {
        let account = SupplierAccount.scripted(
            kind,
            ["appId": "wx1"],
            secrets: ["secret": Secret("sssh"), "appSecret": Secret("sssh")]
        )
        let tools = SupplierTools(http: http, clock: ManualClock(now).calendar)
        return SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools)
    }

    private static func content(_ kind: SupplierKind) -> String {
        let values = #"{"thing1":"您好","number2":"7"}"#
        return kind == .weChatOfficialAccount
            ? #"{"templateId":"tpl","officialAccountParam":\#(values)}"#
            : #"{"templateId":"tpl","miniProgramParam":\#(values)}"#
    }

    private static func send(
        _ kind: SupplierKind,
        _ bodies: String...,
        status: Int = 200,
        content: String? = nil
    ) async -> (verdict: SupplierVerdict?, requests: [HTTPRequest]) {
        let answers = bodies.map {
            Result<HTTPResponse, HTTPError>.success(.init(status: 200, body: Array($0.utf8)))
        }
        let http = ScriptedHTTPClient(
            Array(answers.dropLast())
                + bodies.suffix(1).map { .success(HTTPResponse(status: status, body: Array($0.utf8))) }
        )
        let call = SupplierCall(
            requestKey: "kp1-9c",
            recipients: ["openid-1"],
            contents: [content ?? Self.content(kind)],
            contentIndex: [0]
        )
        let reply = await supplier(kind, over: http).send(call)
        return (reply.verdicts.first, http.requests)
    }

    private static let kinds = [SupplierKind.weChatOfficialAccount, .weChatMiniProgram]

    @Test(arguments: kinds)
    func `a stable token is asked for and goes along, and the message is accepted`(
        kind: SupplierKind
    ) async throws {
        let (verdict, requests) = await Self.send(kind, Self.token, Self.accepted)
        #expect(verdict == .accepted(reference: "2794188253209100289", charge: 0))
        #expect(requests.map(\.method) == ["POST", "POST"])
        #expect(requests[0].url == "http://127.0.0.1:8890/prefix/cgi-bin/stable_token")
        #expect(
            requests[0].text
                == #"{"grant_type":"client_credential","appid":"wx1","secret":"sssh","force_refresh":false}"#
        )
        let path = kind == .weChatOfficialAccount ? "template" : "subscribe"
        #expect(
            requests[1].url
                == "http://127.0.0.1:8890/prefix/cgi-bin/message/\(path)/send?access_token=T%2F1%2B"
        )
        #expect(requests.allSatisfy { $0.field("content-type") == "application/json; charset=utf-8" })
    }

    @Test func `a template message carries the call's key, and no mini-program when none is wanted`() async {
        let (_, requests) = await Self.send(.weChatOfficialAccount, Self.token, Self.accepted)
        #expect(
            requests.last?.text == """
                {"touser":"openid-1","template_id":"tpl","client_msg_id":"kp1-9c",\
                "data":{"thing1":{"value":"您好"},"number2":{"value":"7"}}}
                """
        )
    }

    @Test func `a template message leads to a page or a mini-program, and values may have their colour`()
        async
    {
        let content = """
            {"templateId":"tpl","url":"http://a.b/c","miniProgramId":"wx2","path":"index?foo=bar",\
            "officialAccountParam":{"a":{"value":"v","color":"#173177"},"n":5}}
            """
        let (_, requests) = await Self.send(
            .weChatOfficialAccount,
            Self.token,
            Self.accepted,
            content: content
        )
        #expect(
            requests.last?.text == """
                {"touser":"openid-1","template_id":"tpl","url":"http://a.b/c",\
                "miniprogram":{"appid":"wx2","pagepath":"index?foo=bar"},"client_msg_id":"kp1-9c",\
                "data":{"a":{"value":"v","color":"#173177"},"n":{"value":"5"}}}
                """
        )
    }

    @Test func `a subscribe message names page, version and language`() async {
        let content = #"{"templateId":"tpl","miniProgramParam":{"thing1":"您好"},"page":"index?a=b"}"#
        let (_, requests) = await Self.send(.weChatMiniProgram, Self.token, Self.accepted, content: content)
        #expect(
            requests.last?.text == """
                {"touser":"openid-1","template_id":"tpl","page":"index?a=b","miniprogram_state":"formal",\
                "lang":"zh_CN","data":{"thing1":{"value":"您好"}}}
                """
        )
    }

    @Test(arguments: kinds)
    func `a content that cannot be sent is refused before anybody is called`(kind: SupplierKind) async {
        let values = kind == .weChatOfficialAccount ? "officialAccountParam" : "miniProgramParam"
        let bad = [
            ("hello", "kpush.content_form"), ("{}", "kpush.templateId_missing"),
            (#"{"templateId":"t"}"#, "kpush.\(values)_missing"),
            (#"{"templateId":"","\#(values)":{"a":"b"}}"#, "kpush.templateId_missing"),
            (#"{"templateId":"t","\#(values)":{}}"#, "kpush.\(values)_missing"),
            (#"{"templateId":"t","\#(values)":"a"}"#, "kpush.\(values)_missing"),
        ]
        for (content, code) in bad {
            let (verdict, requests) = await Self.send(kind, content: content)
            guard case .refused(let refusal)? = verdict else {
                Issue.record("\(content)")
                continue
            }
            #expect(refusal.code == code, "\(content)")
            #expect(refusal.fault == .badContent)
            #expect(requests.isEmpty)
        }
    }

    @Test(arguments: kinds)
    func `a call of several recipients is not made`(kind: SupplierKind) async {
        let http = ScriptedHTTPClient()
        let call = SupplierCall(
            requestKey: "k",
            recipients: ["a", "b"],
            contents: [Self.content(kind)],
            contentIndex: [0, 0]
        )
        let reply = await Self.supplier(kind, over: http).send(call)
        #expect(reply.codes == ["kpush.call_shape", "kpush.call_shape"])
        #expect(http.requests.isEmpty)
    }

    @Test(arguments: kinds, [40_001, 40_014, 42_001])
    func `a rejected token is asked for again as usual, and one that is rejected twice is replaced by force`(
        kind: SupplierKind,
        code: Int
    ) async throws {
        let rejection = #"{"errcode":\#(code),"errmsg":"invalid credential"}"#
        let next = #"{"access_token":"T2","expires_in":"7200"}"#
        let (verdict, requests) = await Self.send(kind, Self.token, rejection, next, Self.accepted)
        #expect(verdict == .accepted(reference: "2794188253209100289", charge: 0))
        #expect(requests[2].text.contains(#""force_refresh":false"#))
        #expect(requests[3].url.hasSuffix("access_token=T2"))
        let (again, _) = await Self.send(kind, Self.token, rejection, next, rejection)
        #expect(again?.fault == .badConfig)
        let http = ScriptedHTTPClient(next)
        let source = try #require(Self.supplier(kind, over: http).tokenSource)
        _ = try await source.fetchToken(isAfterRejection: true)
        #expect(http.requests.first?.text.contains(#""force_refresh":true"#) == true)
    }

    @Test(arguments: [
        (-1, Refusal.Class.transient), (40_002, .badConfig), (40_013, .badConfig), (40_125, .badConfig),
        (40_164, .badConfig), (40_243, .badConfig), (41_001, .badConfig), (42_002, .badConfig),
        (42_003, .badConfig), (42_007, .badConfig), (48_001, .badConfig), (48_002, .badRecipient),
        (48_004, .badConfig), (48_008, .badConfig), (50_001, .badConfig), (50_002, .badConfig),
        (40_003, .badRecipient), (43_004, .badRecipient), (43_019, .badRecipient), (43_101, .badRecipient),
        (50_005, .badRecipient), (40_037, .badContent), (41_030, .badContent), (47_001, .badContent),
        (47_003, .badContent), (44_002, .badContent), (41_028, .badContent), (41_029, .badContent),
        (87_014, .badContent), (45_009, .throttled), (45_011, .throttled), (45_029, .throttled),
        (45_047, .throttled), (99_999, .badContent),
    ])
    func `each code has its class, at both and as text or number`(code: Int, fault: Refusal.Class) async {
        for kind in Self.kinds {
            for answer in [#"{"errcode":\#(code),"errmsg":"m"}"#, #"{"errcode":"\#(code)","errmsg":"m"}"#] {
                let (verdict, _) = await Self.send(kind, Self.token, answer)
                guard case .refused(let refusal)? = verdict else {
                    Issue.record("\(code)")
                    continue
                }
                #expect(refusal.fault == fault)
                #expect(refusal.code == String(code))
            }
        }
    }

    @Test func `a used up day lasts to midnight in China, a used up minute a minute`() async {
        // 06:13:20 in China.
        let rest = Duration.seconds(17 * 3_600 + 46 * 60 + 40)
        for (kind, wait) in [(SupplierKind.weChatOfficialAccount, rest), (.weChatMiniProgram, .seconds(60))] {
            let (verdict, _) = await Self.send(kind, Self.token, #"{"errcode":45009,"errmsg":"quota"}"#)
            guard case .refused(let refusal)? = verdict else {
                Issue.record("\(kind)")
                continue
            }
            #expect(refusal.wait == wait)
        }
    }

    @Test func `a message that WeChat has already is accepted, one that it may have is left open`() async {
        let (known, _) = await Self.send(
            .weChatOfficialAccount,
            Self.token,
            #"{"errcode":45065,"errmsg":"clientmsgid exist","msgid":12}"#
        )
        #expect(known == .accepted(reference: "12", charge: 0))
        let (soon, _) = await Self.send(
            .weChatOfficialAccount,
            Self.token,
            #"{"errcode":45066,"errmsg":"m"}"#
        )
        #expect(soon?.isAmbiguous == true)
    }

    @Test(arguments: kinds)
    func `an answer that is none leaves all open, unless its status says more`(kind: SupplierKind) async {
        for body in ["", "{}", "[]", "null", "<html>", #"{"errcode":0"#, #"{"errcode":"x"}"#] {
            let (verdict, _) = await Self.send(kind, Self.token, body)
            #expect(verdict?.isAmbiguous == true, "\(body)")
            for (status, fault) in [
                (404, Refusal.Class.badConfig), (413, .badContent), (429, .throttled), (503, .transient),
            ] {
                let (refused, _) = await Self.send(kind, Self.token, body, status: status)
                #expect(refused?.fault == fault, "\(body) \(status)")
            }
        }
        let (odd, _) = await Self.send(kind, Self.token, Self.accepted, status: 404)
        #expect(odd?.isAmbiguous == true)
    }

    @Test(arguments: kinds)
    func `without a token nothing is sent, and the refusal tells whose fault that is`(
        kind: SupplierKind
    ) async {
        for (answer, fault) in [
            (#"{"errcode":40013,"errmsg":"invalid appid"}"#, Refusal.Class.badConfig),
            (#"{"errcode":40164,"errmsg":"not in whitelist"}"#, .badConfig),
            (#"{"errcode":89503,"errmsg":"IP awaits the administrator"}"#, .badConfig),
            (#"{"errcode":45009,"errmsg":"quota"}"#, .throttled),
            (#"{"access_token":"a","expires_in":-7}"#, .transient),
            (#"{"errcode":-1,"errmsg":"busy"}"#, .transient),
            ("<html>", .transient), (#"{"access_token":"","expires_in":7200}"#, .transient),
            (#"{"access_token":"a","expires_in":0}"#, .transient),
        ] {
            let (verdict, requests) = await Self.send(kind, answer)
            #expect(verdict?.fault == fault, "\(answer)")
            #expect(requests.count == 1)
        }
    }

    @Test(arguments: kinds)
    func `a check proves the credentials and sends nothing`(kind: SupplierKind) async throws {
        let good = ScriptedHTTPClient(Self.token)
        try await Self.supplier(kind, over: good).check()
        #expect(good.requests.map(\.url) == ["http://127.0.0.1:8890/prefix/cgi-bin/stable_token"])
        let bad = ScriptedHTTPClient(#"{"errcode":40125,"errmsg":"invalid appsecret"}"#)
        let error = await #expect(throws: SupplierError.self) {
            try await Self.supplier(kind, over: bad).check()
        }
        #expect(error == .refused(Refusal(.badConfig, code: "40125", message: "invalid appsecret")))
        #expect("\(String(describing: error))".contains("sssh") == false)
    }

    @Test func `an official account forgets no message for ten minutes, a mini-program at once`() {
        let http = ScriptedHTTPClient()
        let account = Self.supplier(.weChatOfficialAccount, over: http)
        #expect(account.repeatsAreDroppedFor == .seconds(600))
        let program = Self.supplier(.weChatMiniProgram, over: http)
        #expect(program.repeatsAreDroppedFor == nil)
        #expect(account.givesReceipts && program.givesReceipts)
        #expect(account.tokenSource != nil && program.tokenSource != nil)
    }
}
