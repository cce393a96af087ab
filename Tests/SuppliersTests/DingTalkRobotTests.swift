import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// The words of DingTalk's robots, as their documentation gives them.
@Suite struct DingTalkRobotTests {
    private func body(
        _ content: String,
        to recipients: [String] = ["u1", "+8613800138000"]
    ) async throws -> String {
        let http = ScriptedHTTPClient(#"{"errcode":0,"errmsg":"ok"}"#)
        let reply = try await ChatBench.supplier(.dingTalkRobot, over: http)
            .send(ChatBench.call(content, to: recipients))
        #expect(reply.isAccepted("k-1"), "\(reply.verdicts)")
        return try #require(http.requests.first).text
    }

    private func refusal(_ answer: String) async throws -> SupplierReply {
        try await ChatBench.supplier(.dingTalkRobot, over: ScriptedHTTPClient(answer)).send(ChatBench.call())
    }

    @Test func `a text mentions whom it is for, and names who is not named in it`() async throws {
        let text = try await body(#"{"sendType":"10","content":"hi @u1"}"#)
        #expect(
            text == #"""
                {"msgtype":"text","text":{"content":"hi @u1\n\n@13800138000"},\#
                "at":{"atMobiles":["13800138000"],"atUserIds":["u1"],"isAtAll":false}}
                """#
        )
    }

    @Test func `whose name only begins another's is named too`() async throws {
        let text = try await body(#"{"content":"@u12, @u2!"}"#, to: ["u1", "u2"])
        #expect(text.contains(#""content":"@u12, @u2!\n\n@u1""#))
    }

    @Test func `everybody is mentioned by a flag alone, and a content without a kind is a text`() async throws
    {
        let text = try await body(#"{"content":"hi"}"#, to: ["@all"])
        let right =
            #"{"msgtype":"text","text":{"content":"hi"},"at":{"atMobiles":[],"atUserIds":[],"isAtAll":true}}"#
        #expect(text == right)
    }

    @Test func `Markdown has a title, and mentions too`() async throws {
        let text = try await body(#"{"sendType":"80","title":"T","content":"**hi**"}"#, to: ["u1"])
        #expect(
            text == #"""
                {"msgtype":"markdown","markdown":{"title":"T","text":"**hi**\n\n@u1"},\#
                "at":{"atMobiles":[],"atUserIds":["u1"],"isAtAll":false}}
                """#
        )
    }

    @Test func `a link spells its address in small letters`() async throws {
        let text = try await body(
            #"{"sendType":"110","title":"T","content":"c","url":"https://a.b","picUrl":"https://p"}"#
        )
        #expect(
            text == #"""
                {"msgtype":"link","link":{"title":"T","text":"c","messageUrl":"https://a.b","picUrl":"https://p"}}
                """#
        )
    }

    @Test(arguments: [
        (#""url":"https://a.b""#, #""singleTitle":"阅读全文","singleURL":"https://a.b""#),
        (
            #""btns":[{"title":"Go","actionURL":"https://a.b"}]"#,
            #""singleTitle":"Go","singleURL":"https://a.b""#
        ),
        (
            #""btnOrientation":"1","btns":[{"title":"A","actionURL":"https://a"},{"title":"B","action_url":"https://b"}]"#,
            #""btnOrientation":"1","btns":[{"title":"A","actionURL":"https://a"},{"title":"B","actionURL":"https://b"}]"#
        ),
    ])
    func `a card has one button or a list of them`(fields: String, written: String) async throws {
        let text = try await body(#"{"sendType":"120","title":"T","content":"c",\#(fields)}"#)
        #expect(text == #"{"msgtype":"actionCard","actionCard":{"title":"T","text":"c",\#(written)}}"#)
    }

    @Test func `a feed card spells its addresses in capitals`() async throws {
        let text = try await body(
            #"{"sendType":"40","feedCards":[{"title":"T","messageUrl":"https://a","picUrl":"https://p"}]}"#
        )
        #expect(
            text == #"""
                {"msgtype":"feedCard",\#
                "feedCard":{"links":[{"title":"T","messageURL":"https://a","picURL":"https://p"}]}}
                """#
        )
    }

    @Test(arguments: [
        ("{}", "content_missing"), (#"{"sendType":"80","content":"c"}"#, "title_missing"),
        (#"{"sendType":"110","title":"T","content":"c"}"#, "url_missing"),
        (#"{"sendType":"120","title":"T","content":"c"}"#, "btns_missing"),
        (#"{"sendType":"120","title":"T","content":"c","btns":[{"title":"x"}]}"#, "btns_url"),
        (#"{"sendType":"120","title":"T","content":"c","btns":[{"actionURL":"x"}]}"#, "btns_title"),
        (#"{"sendType":"40"}"#, "feedCards_missing"),
        (#"{"sendType":"40","feedCards":[{"title":"T"}]}"#, "feedCards_url"),
        (#"{"sendType":"40","feedCards":[{"messageURL":"u"}]}"#, "feedCards_title"),
        (#"{"sendType":"30","content":"c"}"#, "send_type"),
    ])
    func `a content that lacks something is not sent`(content: String, reason: String) async throws {
        let http = ScriptedHTTPClient()
        let reply = try await ChatBench.supplier(.dingTalkRobot, over: http)
            .send(ChatBench.call(content))
        #expect(reply.code == "kpush.\(reason)")
        #expect(reply.verdicts.allSatisfy { $0.fault == .badContent })
        #expect(http.requests.isEmpty)
    }

    @Test func `a signed call carries the vector's signature behind the address`() async throws {
        let http = ScriptedHTTPClient(#"{"errcode":"0"}"#)
        _ =
            try await ChatBench.supplier(
                .dingTalkRobot,
                over: http,
                secrets: ["webhook": "/robot/send?access_token=K", "secret": "SECtest"]
            )
            .send(ChatBench.call())
        let right =
            "http://127.0.0.1:8890/chat/robot/send?access_token=K&timestamp=1700000000000"
            + "&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D"
        #expect(http.requests.map(\.url) == [right])
    }

    @Test(
        arguments: [
            (-1, "系统繁忙", Refusal.Class.transient, nil),
            (130_101, "send too fast", .throttled, .seconds(600)), (410_100, "", .throttled, .seconds(600)),
            (90_030, "", .throttled, .seconds(600)), (310_000, "sign not match", .badConfig, nil),
            (310_000, "invalid timestamp", .badConfig, nil),
            (310_000, "ip 1.2.3.4 not in list", .badConfig, nil),
            (310_000, "keywords not in content", .badContent, nil),
            (310_000, "错误描述:关键词不匹配", .badContent, nil),
            (300_001, "token is not exist", .badConfig, nil), (400_101, "", .badConfig, nil),
            (400_105, "", .badContent, nil), (430_101, "", .badContent, nil), (999, "new", .badContent, nil),
        ] as [(Int, String, Refusal.Class, Duration?)]
    )
    func `a code has its class`(
        code: Int,
        message: String,
        fault: Refusal.Class,
        wait: Duration?
    ) async throws {
        let reply = try await refusal(#"{"errcode":\#(code),"errmsg":"\#(message)"}"#)
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(reply.code == String(code))
        #expect(reply.wait == wait)
        #expect(!reply.mayBeSplit)
    }
}
