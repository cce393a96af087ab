import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// The signed webhook, as the adapter's comment promises it.
@Suite struct WebhookTests {
    private func send(
        status: Int = 200,
        _ body: String,
        headers: [(name: String, value: String)] = [],
        to recipients: [String] = ["u1", "u2"]
    ) async throws -> SupplierReply {
        let response = HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
        let http = ScriptedHTTPClient([.success(response)])
        return try await ChatBench.supplier(.webhook, over: http).send(ChatBench.call(to: recipients))
    }

    @Test func `a call carries key, recipients and content, and is signed`() async throws {
        let http = ScriptedHTTPClient("")
        let content = #"{"title":"T","content":"您好","data":{"a":1}}"#
        let reply = try await ChatBench.supplier(.webhook, over: http).send(ChatBench.call(content))
        #expect(reply.isAccepted("k-1"))
        let request = try #require(http.requests.first)
        #expect(request.url == "http://127.0.0.1:8890/chat")
        #expect(request.text == #"{"requestKey":"k-1","recipients":["u1","u2"],"content":\#(content)}"#)
        #expect(request.field("x-kpush-timestamp") == "1700000000")
        let signature = RequestSigning.webhook(
            Secret("webhook-secret"),
            at: 1_700_000_000,
            body: request.body
        )
        #expect(request.field("x-kpush-signature") == "sha256=" + signature)
        #expect(!request.headers.contains { $0.value.contains("webhook-secret") })
    }

    @Test(arguments: [
        (200, ""), (200, "ok"), (201, "{}"), (202, "[1]"), (204, ""), (200, #"{"refused":[]}"#),
        (200, #"{"refused":null,"id":7}"#), (200, #"{"refused":[{"code":"x"},7]}"#),
    ])
    func `success takes the message for all`(status: Int, body: String) async throws {
        #expect(try await send(status: status, body).isAccepted("k-1"))
    }

    @Test func `whom the answer names is refused alone`() async throws {
        let answer = #"{"refused":[{"recipient":"u2","code":"gone"},{"recipient":"u4"},{"recipient":"u9"}]}"#
        let reply = try await send(answer, to: ["u1", "u2", "u3", "u4"])
        #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, nil, .badRecipient])
        #expect(reply.verdicts[1] == .refused(Refusal(.badRecipient, code: "gone")))
        #expect(reply.verdicts[3] == .refused(Refusal(.badRecipient, code: "refused")))
        #expect(reply.verdicts[0] == .accepted(reference: "k-1", charge: 0))
    }

    @Test(arguments: ["{", #"  {"refused":["#, #"{"refused":[{"recipient":"u1""#])
    func `an answer that is cut short leaves all open`(body: String) async throws {
        #expect(try await send(body).verdicts.allSatisfy { $0.isAmbiguous })
    }

    @Test(arguments: [
        (301, Refusal.Class?.some(.badConfig)), (400, .badContent), (401, .badConfig), (403, .badConfig),
        (404, .badConfig), (405, .badConfig), (410, .badConfig), (408, .transient), (409, .badContent),
        (413, .badContent), (422, .badContent),
        (425, .transient), (429, .throttled), (500, .transient), (502, nil), (503, .transient), (504, nil),
    ])
    func `any other status has its class, whatever the body says`(
        status: Int,
        fault: Refusal.Class?
    ) async throws {
        for body in ["", "{", "{}", #"{"refused":[]}"#] {
            let reply = try await send(status: status, body)
            #expect(reply.verdicts.map(\.fault) == [fault, fault])
            #expect(fault != nil || reply.verdicts.allSatisfy { $0.isAmbiguous })
        }
    }

    @Test(
        arguments: [
            ("30", Duration.seconds(30)), (" 0 ", .zero), ("99999999", .seconds(86_400)), ("-1", nil),
            ("Wed, 21 Oct 2026 07:28:00 GMT", nil),
        ] as [(String, Duration?)]
    )
    func `who is too fast waits as long as is said`(text: String, wait: Duration?) async throws {
        let reply = try await send(status: 429, "", headers: [(name: "retry-after", value: text)])
        #expect(reply.wait == wait)
    }
}
