import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// The words of WeCom's group robots, as their documentation gives them.
@Suite struct WeComRobotTests {
    private func body(
        _ content: String,
        to recipients: [String] = ["u1", "13800138000", "@all"]
    ) async throws -> String {
        let http = ScriptedHTTPClient(#"{"errcode":0,"errmsg":"ok"}"#)
        let reply = try await ChatBench.supplier(.weComRobot, over: http)
            .send(ChatBench.call(content, to: recipients))
        #expect(reply.isAccepted("k-1"), "\(reply.verdicts)")
        return try #require(http.requests.first).text
    }

    private func refused(_ content: String, to recipients: [String] = ["u1"]) async throws -> String? {
        let http = ScriptedHTTPClient()
        let reply = try await ChatBench.supplier(.weComRobot, over: http)
            .send(ChatBench.call(content, to: recipients))
        #expect(http.requests.isEmpty)
        return reply.code
    }

    @Test func `a text mentions users, mobiles and everybody`() async throws {
        let text = try await body(#"{"sendType":"10","content":"hi"}"#)
        #expect(
            text == #"""
                {"msgtype":"text","text":{"content":"hi","mentioned_list":["u1","@all"],\#
                "mentioned_mobile_list":["13800138000"]}}
                """#
        )
    }

    @Test func `Markdown mentions users in itself, once`() async throws {
        let text = try await body(#"{"sendType":"80","content":"**hi** <@u1>"}"#, to: ["u1", "u2", "@all"])
        #expect(text == #"{"msgtype":"markdown","markdown":{"content":"**hi** <@u1>\n<@u2>"}}"#)
    }

    /// The digest is that of the five bytes `hello`.
    @Test(arguments: ["", #","md5":"5d41402abc4b2a76b9719d911017c592""#])
    func `a picture comes with the digest of its bytes`(digest: String) async throws {
        let text = try await body(#"{"sendType":"100","base64":"aGVsbG8="\#(digest)}"#)
        let right =
            #"{"msgtype":"image","image":{"base64":"aGVsbG8=","md5":"5d41402abc4b2a76b9719d911017c592"}}"#
        #expect(text == right)
    }

    @Test(arguments: [
        (
            #"{"sendType":"40","articles":[{"title":"T","url":"https://a"}]}"#,
            #"{"msgtype":"news","news":{"articles":[{"title":"T","url":"https://a"}]}}"#
        ),
        (#"{"sendType":"60","mediaId":"m"}"#, #"{"msgtype":"file","file":{"media_id":"m"}}"#),
        (#"{"sendType":"20","mediaId":"m"}"#, #"{"msgtype":"voice","voice":{"media_id":"m"}}"#),
        (
            #"{"sendType":"90","templateCard":{"card_type":"text_notice"}}"#,
            #"{"msgtype":"template_card","template_card":{"card_type":"text_notice"}}"#
        ),
    ])
    func `other kinds mention nobody`(content: String, written: String) async throws {
        #expect(try await body(content) == written)
    }

    @Test(arguments: [
        ("{}", "content_missing"), (#"{"sendType":"60"}"#, "mediaId_missing"),
        (#"{"sendType":"90"}"#, "templateCard_missing"), (#"{"sendType":"40"}"#, "articles_missing"),
        (#"{"sendType":"40","articles":[1,2,3,4,5,6,7,8,9]}"#, "articles_count"),
        (#"{"sendType":"100"}"#, "base64_missing"), (#"{"sendType":"100","base64":"?"}"#, "base64_form"),
        (#"{"sendType":"100","base64":"aGVsbG8=","md5":"00"}"#, "md5_other"),
        (#"{"sendType":"130","content":"c"}"#, "send_type"),
    ])
    func `a content that lacks something is not sent`(content: String, reason: String) async throws {
        #expect(try await refused(content) == "kpush.\(reason)")
    }

    @Test(arguments: [("10", 2_048), ("80", 4_096)])
    func `a content at its limit is sent, and one byte more is not`(type: String, limit: Int) async throws {
        func content(_ count: Int) -> String {
            #"{"sendType":"\#(type)","content":"\#(String(repeating: "x", count: count))"}"#
        }
        _ = try await body(content(limit), to: ["@all"])
        #expect(try await refused(content(limit + 1), to: ["@all"]) == "kpush.too_long")
    }

    @Test func `in Markdown those are named for whom there is room, and a picture has at most 2 MB`()
        async throws
    {
        let text = String(repeating: "x", count: 4_096 - 6)
        let said = try await body(#"{"sendType":"80","content":"\#(text)"}"#, to: ["u1", "u2"])
        #expect(said == #"{"msgtype":"markdown","markdown":{"content":"\#(text)\n<@u1>"}}"#)
        let picture = String(repeating: "AAAA", count: (2 << 20) / 3 + 1)
        #expect(try await refused(#"{"sendType":"100","base64":"\#(picture)"}"#) == "kpush.too_long")
    }

    @Test(
        arguments: [
            (-1, Refusal.Class.transient, nil), (45_009, .throttled, .seconds(60)),
            (45_033, .throttled, .seconds(60)), (93_000, .badConfig, nil), (40_058, .badContent, nil),
            (44_004, .badContent, nil), (12_345, .badContent, nil),
        ] as [(Int, Refusal.Class, Duration?)]
    )
    func `a code has its class`(code: Int, fault: Refusal.Class, wait: Duration?) async throws {
        let http = ScriptedHTTPClient(#"{"errcode":\#(code),"errmsg":"m"}"#)
        let reply = try await ChatBench.supplier(.weComRobot, over: http).send(ChatBench.call())
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(reply.code == String(code))
        #expect(reply.wait == wait)
    }
}
