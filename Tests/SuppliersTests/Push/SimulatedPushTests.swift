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

    @Test(arguments: PushWire.allCases)
    func `a dead device is the recipient's fault`(wire: PushWire) async throws {
        try await PushBench.use(wire) { bench in
            #expect(await bench.send("0002").verdicts.map(\.fault) == [.badRecipient])
            try await bench.expect(accepted: 0)
        }
    }

    @Test(arguments: [
        (PushWire.getui, Refusal.Class.throttled, nil), (.fcm, .throttled, Duration.seconds(30)),
        (.apns, .recipientLimit, .seconds(20)),
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

    @Test(arguments: PushWire.allCases)
    func `a withheld answer leaves all open, although it was accepted`(wire: PushWire) async throws {
        try await PushBench.use(wire, timeout: .milliseconds(1_500)) { bench in
            // The token before, so that the time is the message's own.
            _ = await bench.send("4321")
            #expect(await bench.send("0004").verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: PushWire.allCases, ["0005", "0007"])
    func `a reset and a cut answer leave all open`(wire: PushWire, digits: String) async throws {
        try await PushBench.use(wire) { bench in
            let reply = await bench.send(digits)
            // Apple's answer has no body that could be cut.
            if wire != .apns || digits == "0005" { #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }) }
            try await bench.expect(accepted: digits == "0007" ? 1 : 0)
        }
    }

    @Test(arguments: PushWire.allCases)
    func `a server error twice is transient twice, and then the call goes`(wire: PushWire) async throws {
        try await PushBench.use(wire) { bench in
            var faults: [Refusal.Class?] = []
            for _ in 0..<3 { faults += await bench.send("0006").verdicts.map(\.fault) }
            #expect(faults == [.transient, .transient, nil])
            try await bench.expect(accepted: 1)
        }
    }

    @Test(arguments: PushWire.allCases)
    func `a bad gateway leaves all open, an outage and a full account refuse`(wire: PushWire) async throws {
        try await PushBench.use(wire) { bench in
            _ = await bench.send("4321")
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            #expect(await bench.send("1111").verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":0,"outage":true}"#)
            let fault = wire == .huawei ? Refusal.Class.throttled : .transient
            #expect(await bench.send("1112").verdicts.map(\.fault) == [fault])
            try await bench.order("/_sim/faults", #"{"outage":false,"throttled_ratio":1}"#)
            let full = wire == .apns ? Refusal.Class.recipientLimit : .throttled
            #expect(await bench.send("1113").verdicts.map(\.fault) == [full])
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

    @Test(arguments: [PushWire.getui, .fcm, .huawei])
    func `a token that is over is replaced`(wire: PushWire) async throws {
        let clock = ManualClock(PushAccounts.now)
        try await PushBench.use(wire, clock: clock.calendar) { bench in
            #expect(await bench.send("1111").verdicts.map(\.fault) == [nil])
            clock.advance(by: .seconds(86_401))
            #expect(await bench.send("1112").verdicts.map(\.fault) == [nil])
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: PushWire.allCases)
    func `a wrong secret is the account's fault`(wire: PushWire) async throws {
        let next = SimulatorCredentials.demo
        let secrets: [String: Secret] =
            switch wire {
            case .getui: ["masterSecret": Secret("wrong")]
            case .fcm: ["privateKey": next.fcm.nextKey.secretKey]
            case .apns: ["privateKey": next.apns.nextKey.secretKey]
            case .huawei: ["appSecret": Secret("wrong")]
            }
        try await PushBench.use(wire, secrets: secrets) { bench in
            #expect(await bench.send("1111").verdicts.map(\.fault) == [.badConfig])
            await #expect(throws: SupplierError.self) { try await bench.supplier.check() }
            try await bench.expect(accepted: 0)
        }
    }
}
