import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What the chats' adapters make of the ways in which a call can end, whatever the supplier says.
@Suite struct ChatOutcomeTests {
    @Test(
        arguments: ChatBench.tokenless,
        [
            (HTTPError.Code.badURL, Refusal.Class?.some(.badConfig)), (.unreachable, .transient),
            (.connectTimeout, .transient), (.brokenBeforeWrite, .transient),
            (.cancelledBeforeWrite, .transient), (.noAnswer, nil), (.answerTimeout, nil), (.cancelled, nil),
            (.tooLarge, nil),
        ]
    )
    func `a broken call is a refusal only when nothing was written`(
        kind: SupplierKind,
        failure: (code: HTTPError.Code, fault: Refusal.Class?)
    ) async throws {
        let http = ScriptedHTTPClient([.failure(HTTPError(failure.code))])
        let reply = try await ChatBench.supplier(kind, over: http).send(ChatBench.call())
        #expect(reply.verdicts.map(\.fault) == [failure.fault, failure.fault])
        #expect(!reply.mayBeSplit)
    }

    @Test(
        arguments: [SupplierKind.dingTalkRobot, .feishuRobot, .weComRobot],
        [
            (200, Refusal.Class?.none), (204, nil), (301, .badConfig), (400, .badContent), (401, .badConfig),
            (403, .badConfig), (404, .badConfig), (408, .transient), (429, .throttled), (500, .transient),
            (502, nil), (503, .transient), (504, nil),
        ]
    )
    func `an answer that is not the robot's is judged by its status`(
        kind: SupplierKind,
        answer: (status: Int, fault: Refusal.Class?)
    ) async throws {
        for body in ["", "<html>", "{", "[]", "null", "{}", #"{"errmsg":"ok","msg":"ok"}"#] {
            let http = ScriptedHTTPClient(status: answer.status, body)
            let reply = try await ChatBench.supplier(kind, over: http).send(ChatBench.call())
            #expect(reply.verdicts.map(\.fault) == [answer.fault, answer.fault], "\(body)")
        }
    }

    @Test(arguments: ChatBench.tokenless + [.dingTalkNotice])
    func `a call that fits no shape is not made, and neither is one without a content`(
        kind: SupplierKind
    ) async throws {
        let http = ScriptedHTTPClient()
        let supplier = try ChatBench.supplier(kind, over: http)
        let limit = try #require(supplier.shapes.first).recipients
        let many = (0...limit).map { "u\($0)" }
        let ill = [
            ChatBench.call(to: many), ChatBench.call(to: []), ChatBench.call("no JSON"), ChatBench.call("[]"),
            SupplierCall(requestKey: "k", recipients: ["u1", "u2"], contents: [], contentIndex: [0, 0]),
            SupplierCall(
                requestKey: "k",
                recipients: ["u1", "u2"],
                contents: [#"{"content":"a"}"#, #"{"content":"b"}"#],
                contentIndex: [0, 1]
            ),
        ]
        for call in ill {
            let reply = await supplier.send(call)
            #expect(reply.verdicts.count == call.recipients.count)
            #expect(reply.verdicts.allSatisfy { $0.fault == .badContent })
        }
        #expect(http.requests.isEmpty)
    }

    @Test(arguments: ChatBench.tokenless)
    func `nothing more is said of what was taken`(kind: SupplierKind) async throws {
        let supplier = try ChatBench.supplier(kind, over: ScriptedHTTPClient())
        #expect(!supplier.givesReceipts)
        #expect(supplier.repeatsAreDroppedFor == nil)
        let error = await #expect(throws: SupplierError.self) {
            try await supplier.query(
                recipient: "u1",
                requestKey: "k-1",
                sentAt: Moment(secondsSinceEpoch: 1_700_000_000)
            )
        }
        #expect(error == .notOffered)
    }

    @Test(arguments: [SupplierKind.dingTalkRobot, .feishuRobot, .weComRobot])
    func `a robot is called at its whole address, or behind the account's`(kind: SupplierKind) async throws {
        for (webhook, url) in [
            ("https://robot.example/send?k=1", "https://robot.example/send?k=1"),
            (" https://robot.example/send?k=1\n", "https://robot.example/send?k=1"),
            ("/send?k=1", "http://127.0.0.1:8890/chat/send?k=1"),
            ("send?k=1", "http://127.0.0.1:8890/chat/send?k=1"),
        ] {
            let http = ScriptedHTTPClient("{}")
            _ = try await ChatBench.supplier(kind, over: http, secrets: ["webhook": webhook])
                .send(ChatBench.call())
            #expect(http.requests.map(\.url) == [url])
            #expect(http.requests.first?.method == "POST")
            #expect(http.requests.first?.field("content-type") == "application/json; charset=utf-8")
        }
    }

    @Test func `accounts of one robot share its limits, and the limits do not tell its address`() throws {
        let http = ScriptedHTTPClient()
        let one = try ChatBench.supplier(.weComRobot, over: http)
        let same = try ChatBench.supplier(.weComRobot, over: http)
        let other = try ChatBench.supplier(.weComRobot, over: http, secrets: ["webhook": "/send?key=other"])
        #expect(one.callLimits == same.callLimits)
        #expect(one.callLimits.map(\.name) != other.callLimits.map(\.name))
        #expect(!other.callLimits[0].name.contains("other"))
        #expect(one.callLimits.map(\.period) == [.seconds(60)])
        #expect(try ChatBench.supplier(.dingTalkRobot, over: http).callLimits.map(\.period) == [.seconds(60)])
        let feishu = try ChatBench.supplier(.feishuRobot, over: http).callLimits
        #expect(feishu.map(\.period) == [.seconds(1), .seconds(60)])
        #expect(try ChatBench.supplier(.webhook, over: http).callLimits.isEmpty)
    }

    /// In no stretch of a period may more be sent than the supplier takes: what has come together, and what comes.
    @Test(arguments: [
        (SupplierKind.dingTalkRobot, [20]), (.weComRobot, [20]), (.feishuRobot, [5, 100]),
        (.dingTalkNotice, [50]),
    ])
    func `the limits keep to what the supplier documents`(kind: SupplierKind, calls: [Int]) throws {
        let limits = try ChatBench.supplier(kind, over: ScriptedHTTPClient()).callLimits
        #expect(limits.map { $0.permits + $0.burst - 1 } == calls)
    }

    @Test(arguments: [
        (SupplierKind.dingTalkRobot, [1_000, 20]), (.weComRobot, [1_000, 20]), (.feishuRobot, [1_000, 100]),
        (.dingTalkNotice, [1_000, 50]), (.webhook, [1_000]),
    ])
    func `what is documented by the minute holds beside a rate of the account's own`(
        kind: SupplierKind,
        calls: [Int]
    ) throws {
        let http = ScriptedHTTPClient()
        let limits = try ChatBench.supplier(kind, over: http, callsPerSecond: 1_000).callLimits
        #expect(limits.map { $0.permits + $0.burst - 1 } == calls)
        let documented = try ChatBench.supplier(kind, over: http).callLimits
            .filter { $0.period > .seconds(1) }
        #expect(Array(limits.dropFirst()) == documented)
    }

    @Test(arguments: [SupplierKind.dingTalkRobot, .weComRobot, .feishuRobot])
    func `a success with the status of a failure leaves open what became of the message`(
        kind: SupplierKind
    ) async throws {
        for status in [302, 403, 404] {
            let http = ScriptedHTTPClient(status: status, #"{"errcode":0,"code":0,"errmsg":"ok","msg":"ok"}"#)
            let reply = try await ChatBench.supplier(kind, over: http).send(ChatBench.call())
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(status)")
        }
    }
}
