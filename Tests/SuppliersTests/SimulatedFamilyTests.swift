import Groundwork
import PushEngine
import SupplierSimulator
import Testing

@testable import Suppliers

/// The adapters of WeChat, WeCom, Yunpian and LinTong over the real transport against the simulator: what is theirs.
@Suite struct SimulatedFamilyTests {
    private static let all = [
        SimulatedSupplier.yunpian, .linTong, .weChatOfficialAccount, .weChatMiniProgram, .weComApp,
    ]

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
    func `a revoked key is the account's fault`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench in
            _ = await bench.send(bench.people("0100"))
            let key = SimulatorCredentials.demo[supplier].key.accessKey
            try await bench.order("/_sim/tokens/revoke", #"{"access_key":"\#(key)"}"#)
            #expect(await bench.send(bench.people("0101")).verdicts.map(\.fault) == [.badConfig])
        }
    }
}
