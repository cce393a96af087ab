import Groundwork
import PushEngine
import SupplierSimulator
import Testing

@testable import Suppliers

/// What Tencent and Aliyun alone do: limits of single numbers, and clocks that are off.
@Suite struct SimulatedSupplierTests {
    private static let wires = AdapterCase.those { [.tencent, .aliyun].contains($0.simulated) }

    @Test func `Tencent refuses single numbers, and the others go`() async throws {
        try await SupplierBench.use(.tencent) { bench in
            let reply = await bench.send(bench.people("0100", "0002", "0003", "0101"))
            #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, .recipientLimit, nil])
            #expect(!reply.mayBeSplit)
            try await bench.expect(once: 2)
        }
    }

    @Test(arguments: wires.filter { $0.simulated == .aliyun })
    func `a number that had too much stops a call of Aliyun's, and halves of it go`(
        entry: AdapterCase
    ) async throws {
        try await SupplierBench.use(entry) { bench in
            let all = await bench.send(bench.people("0100", "0003"))
            #expect(all.verdicts.map(\.fault) == [.recipientLimit, .recipientLimit])
            #expect(all.mayBeSplit)
            #expect(await bench.send(bench.people("0100")).verdicts.map(\.fault) == [nil])
            let alone = await bench.send(bench.people("0003"))
            #expect(alone.verdicts.map(\.fault) == [.recipientLimit])
            #expect(!alone.mayBeSplit)
            try await bench.expect(once: 1)
        }
    }

    @Test(arguments: wires)
    func `a clock that is off and a revoked key are the account's fault`(entry: AdapterCase) async throws {
        try await SupplierBench.use(entry) { bench in
            let people = bench.people("0100", "0101")
            try await bench.order("/_sim/clock", #"{"advance_ms":1800000}"#)
            #expect(await bench.send(people).verdicts.allSatisfy { $0.fault == .badConfig })
            try await bench.order("/_sim/clock", #"{"reset":true}"#)
            let key = SimulatorCredentials.demo[entry.simulated].key.accessKey
            try await bench.order("/_sim/tokens/revoke", #"{"access_key":"\#(key)"}"#)
            #expect(await bench.send(people).verdicts.allSatisfy { $0.fault == .badConfig })
        }
    }
}
