import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// The words of Feishu's robots, as their documentation gives them.
@Suite struct FeishuRobotTests {
    private static let success =
        #"{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}"#

    private func body(_ content: String, to recipients: [String] = ["ou_1", "@all"]) async throws -> String {
        let http = ScriptedHTTPClient(Self.success)
        let reply = try await ChatBench.supplier(.feishuRobot, over: http)
            .send(ChatBench.call(content, to: recipients))
        #expect(reply.isAccepted("k-1"), "\(reply.verdicts)")
        return try #require(http.requests.first).text
    }

    @Test func `a text mentions whom it is for`() async throws {
        let text = try await body(#"{"sendType":"10","content":"hi"}"#)
        #expect(
            text == #"""
                {"msg_type":"text","content":{"text":"hi\n<at user_id=\"ou_1\"></at> \#
                <at user_id=\"all\"></at>"}}
                """#
        )
    }

    @Test func `nothing in an id ends its tag`() async throws {
        let text = try await body(#"{"content":"hi"}"#, to: [#"a"><b"#])
        #expect(text.contains(#"<at user_id=\"a&quot;&gt;&lt;b\"></at>"#))
    }

    @Test func `a post mentions in a line of its own`() async throws {
        let text = try await body(
            #"{"sendType":"150","title":"T","postContent":[[{"tag":"text","text":"hi"}]]}"#,
            to: ["ou_1"]
        )
        #expect(
            text == #"""
                {"msg_type":"post","content":{"post":{"zh_cn":{"title":"T","content":\#
                [[{"tag":"text","text":"hi"}],[{"tag":"at","user_id":"ou_1"}]]}}}}
                """#
        )
    }

    @Test(arguments: [
        (
            #"{"sendType":"100","mediaId":"img_1"}"#,
            #"{"msg_type":"image","content":{"image_key":"img_1"}}"#
        ),
        (
            #"{"sendType":"160","mediaId":"oc_1"}"#,
            #"{"msg_type":"share_chat","content":{"share_chat_id":"oc_1"}}"#
        ),
        (
            #"{"sendType":"120","card":{"elements":[]}}"#,
            #"{"msg_type":"interactive","card":{"elements":[]}}"#
        ),
    ])
    func `other kinds mention nobody`(content: String, written: String) async throws {
        #expect(try await body(content) == written)
    }

    @Test(arguments: [
        ("{}", "content_missing"), (#"{"sendType":"150"}"#, "postContent_missing"),
        (#"{"sendType":"100"}"#, "mediaId_missing"), (#"{"sendType":"120"}"#, "card_missing"),
        (#"{"sendType":"80","content":"c"}"#, "send_type"),
    ])
    func `a content that lacks something is not sent`(content: String, reason: String) async throws {
        let http = ScriptedHTTPClient()
        let reply = try await ChatBench.supplier(.feishuRobot, over: http).send(ChatBench.call(content))
        #expect(reply.code == "kpush.\(reason)")
        #expect(http.requests.isEmpty)
    }

    @Test func `a body of 20 KB is sent, and one byte more is not`() async throws {
        let frame = try await body(#"{"content":"x"}"#, to: ["u"]).utf8.count - 1
        let room = (20 << 10) - frame
        let full = try await body(#"{"content":"\#(String(repeating: "x", count: room))"}"#, to: ["u"])
        #expect(full.utf8.count == 20 << 10)
        let more = #"{"content":"\#(String(repeating: "x", count: room + 1))"}"#
        let reply = try await ChatBench.supplier(.feishuRobot, over: ScriptedHTTPClient())
            .send(ChatBench.call(more, to: ["u"]))
        #expect(reply.code == "kpush.too_long")
    }

    @Test func `a signed call carries the vector's signature and its moment as a text`() async throws {
        let http = ScriptedHTTPClient(Self.success)
        _ =
            try await ChatBench.supplier(
                .feishuRobot,
                over: http,
                secrets: ["webhook": "/open-apis/bot/v2/hook/K", "secret": "SECtest"]
            )
            .send(ChatBench.call(to: ["u"]))
        let start =
            #"{"timestamp":"1700000000","sign":"G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=","msg_type":"#
        #expect(http.requests.first?.text.hasPrefix(start) == true)
        #expect(http.requests.map(\.url) == ["http://127.0.0.1:8890/chat/open-apis/bot/v2/hook/K"])
    }

    @Test(arguments: [
        #"{"code":0}"#, #"{"StatusCode":0,"StatusMessage":"success"}"#, #"{"code":"0","msg":"success"}"#,
    ])
    func `either way of saying zero is success`(answer: String) async throws {
        let reply = try await ChatBench.supplier(.feishuRobot, over: ScriptedHTTPClient(answer))
            .send(ChatBench.call())
        #expect(reply.isAccepted("k-1"))
    }

    @Test(
        arguments: [
            (-1, Refusal.Class.transient, nil), (11_232, .throttled, .seconds(60)), (19_021, .badConfig, nil),
            (19_022, .badConfig, nil), (19_001, .badConfig, nil), (19_024, .badContent, nil),
            (19_002, .badContent, nil), (9_499, .badContent, nil), (7, .badContent, nil),
        ] as [(Int, Refusal.Class, Duration?)]
    )
    func `a code has its class`(code: Int, fault: Refusal.Class, wait: Duration?) async throws {
        // A failure wins over whatever else the answer says.
        let answer = #"{"code":\#(code),"msg":"m","StatusCode":0}"#
        let reply = try await ChatBench.supplier(.feishuRobot, over: ScriptedHTTPClient(answer))
            .send(ChatBench.call())
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(reply.code == String(code))
        #expect(reply.wait == wait)
    }
}
