import Groundwork
import PushEngine
import SupplierSimulator
import Testing

@testable import Suppliers

/// The adapters of WeChat, WeCom, Yunpian and LinTong over the real transport against the simulator: every way in which
/// a call can end.
@Suite struct SimulatedFamilyTests {
    private static let all = [
        SimulatedSupplier.yunpian, .linTong, .weChatOfficialAccount, .weChatMiniProgram, .weComApp,
    ]
    private static let tokened = [SimulatedSupplier.weChatOfficialAccount, .weChatMiniProgram, .weComApp]

    @Test(arguments: all)
    func `a message is accepted, and the ledger has it once`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench in
            let reply = await bench.send(bench.people("0100"))
            #expect(reply.references.count == 1)
            #expect(reply.references.first?.isEmpty == false)
            try await bench.expect(accepted: 1)
        }
    }

    @Test(arguments: [SimulatedSupplier.yunpian, .linTong, .weComApp])
    func `one recipient is refused, and the others go`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench in
            let reply = await bench.send(bench.people("0100", "0002", "0101"))
            let fault = supplier == .linTong ? Refusal.Class.badContent : .badRecipient
            #expect(reply.verdicts.map(\.fault) == [nil, fault, nil])
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: [SimulatedSupplier.weChatOfficialAccount, .weChatMiniProgram])
    func `somebody who does not follow, or did not agree, is refused`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            let reply = await bench.send(bench.people("0002"))
            #expect(reply.verdicts.map(\.fault) == [.badRecipient])
            #expect(reply.codes == [supplier == .weChatOfficialAccount ? "43004" : "43101"])
            try await bench.expect(accepted: 0)
        }
    }

    @Test(arguments: all)
    func `a withheld answer leaves all open, although it was accepted`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier, timeout: .milliseconds(300)) { bench in
            let reply = await bench.send(bench.people("0004"))
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.expect(accepted: 1)
        }
    }

    @Test(arguments: all, ["0005", "0007"])
    func `a reset and a cut answer leave all open`(supplier: SimulatedSupplier, ending: String) async throws {
        try await SupplierBench.use(supplier) { bench in
            let reply = await bench.send(bench.people(ending))
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.expect(accepted: ending == "0007" ? 1 : 0)
        }
    }

    @Test(arguments: all)
    func `a server error twice is transient twice, and then the call goes`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            var faults: [Refusal.Class?] = []
            for _ in 0..<3 { faults += await bench.send(bench.people("0006")).verdicts.map(\.fault) }
            #expect(faults == [.transient, .transient, nil])
            try await bench.expect(accepted: 1)
        }
    }

    @Test(arguments: all)
    func `a bad gateway leaves all open, an outage and a rate refuse`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            // A token is at hand by then.
            _ = await bench.send(bench.people("0100"))
            let people = bench.people("0101")
            try await bench.order("/_sim/faults", #"{"outage":true}"#)
            #expect(await bench.send(people).verdicts.map(\.fault) == [.transient])
            try await bench.order("/_sim/faults", #"{"outage":false,"throttled_ratio":1}"#)
            #expect(await bench.send(people).verdicts.map(\.fault) == [.throttled])
            try await bench.order("/_sim/faults", #"{"throttled_ratio":0,"bad_gateway_ratio":1}"#)
            #expect(await bench.send(people).verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: all)
    func `a wrong secret and a revoked key are the account's fault`(supplier: SimulatedSupplier) async throws
    {
        try await SupplierBench.use(supplier, secret: Secret("wrong")) { bench in
            #expect(await bench.send(bench.people("0100")).verdicts.map(\.fault) == [.badConfig])
        }
        try await SupplierBench.use(supplier) { bench in
            _ = await bench.send(bench.people("0100"))
            let key = SimulatorCredentials.demo[supplier].key.accessKey
            try await bench.order("/_sim/tokens/revoke", #"{"access_key":"\#(key)"}"#)
            #expect(await bench.send(bench.people("0101")).verdicts.map(\.fault) == [.badConfig])
        }
    }

    @Test(arguments: tokened)
    func `a check tells good credentials from bad ones`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench in try await bench.supplier.check() }
        try await SupplierBench.use(supplier, secret: Secret("wrong")) { bench in
            let error = await #expect(throws: SupplierError.self) { try await bench.supplier.check() }
            guard case .refused(let refusal)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.fault == .badConfig)
        }
    }

    @Test(arguments: tokened)
    func `a token that is over mid-way is replaced, and the message goes once`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            _ = await bench.send(bench.people("0100"), key: "k-1")
            try await bench.advance(by: .seconds(7_200))
            let reply = await bench.send(bench.people("0101"), key: "k-2")
            #expect(reply.references.count == 1)
            #expect(try await bench.refused("42001") == 1)
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: [(SimulatedSupplier.yunpian, 1_000), (.linTong, 100), (.weComApp, 1_000)])
    func `the largest call is accepted`(supplier: SimulatedSupplier, size: Int) async throws {
        try await SupplierBench.use(supplier) { bench in
            let people =
                supplier == .weComApp
                ? (0..<size).map { "member\($0 + 1_000_000)x" }
                : (0..<size).map { "+86138\(10_010_010 + $0 * 100)" }
            let reply = await bench.send(people)
            #expect(reply.references.count == size)
            try await bench.expect(accepted: Int64(size))
        }
    }
}
