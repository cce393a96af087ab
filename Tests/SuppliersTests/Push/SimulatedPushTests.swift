import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// The adapters of app push over the real transport against the simulator: what holds for all of them.
///
/// APNs goes over HTTP/2, for the simulated one takes nothing else.
@Suite struct SimulatedPushTests {
    @Test(arguments: PushWire.allCases)
    func `a message is accepted, and the ledger has it under its key and reference`(
        wire: PushWire
    ) async throws {
        try await PushBench.use(wire) { bench in
            try await bench.supplier.check()
            let reply = await bench.send("1234")
            guard case .accepted(let reference, _) = reply.verdicts[0] else {
                Issue.record("\(reply.verdicts)")
                return
            }
            let ledger = try await bench.text("/_sim/ledger?recipient=\(wire.device("1234"))")
            #expect(ledger.contains(#""request_key":"kp1x4z-1234"#))
            #expect(ledger.contains(wire == .apns ? #""supplier":"apns""# : "\"reference\":\"\(reference)\""))
            try await bench.expect(accepted: 1)
        }
    }

    @Test(arguments: [
        (PushWire.getui, Refusal.Class.throttled, nil), (.fcm, .throttled, Duration.seconds(30)),
        (.apns, .recipientLater, .seconds(20)),
    ])
    func `who got too much is refused, with the wait that the answer names`(
        wire: PushWire,
        fault: Refusal.Class,
        wait: Duration?
    ) async throws {
        try await PushBench.use(wire) { bench in
            let refusal = await bench.send("0003").verdicts[0].refusal
            #expect(refusal?.fault == fault)
            #expect(refusal?.wait == wait)
        }
    }

    @Test(arguments: [PushWire.getui, .fcm, .huawei])
    func `a token that ends half-way is replaced, and nobody notices`(wire: PushWire) async throws {
        try await PushBench.use(wire) { bench in
            #expect(await bench.send("1111").verdicts.map(\.fault) == [nil])
            let demo = SimulatorCredentials.demo
            let account = wire == .getui ? demo.getui : wire == .fcm ? demo.fcm : demo.huawei
            try await bench.order(
                "/_sim/tokens/revoke",
                #"{"access_key":"\#(account.key.accessKey)"}"#
            )
            #expect(await bench.send("1112").verdicts.map(\.fault) == [nil])
            try await bench.expect(accepted: 2)
        }
    }
}
