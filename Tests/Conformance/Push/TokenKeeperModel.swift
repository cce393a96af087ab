import Groundwork
import Logging
package import PushEngine
package import TestKit
import Testing

extension TokenRig {
    /// What befalls a token between two rounds of calls.
    private enum Fate: CaseIterable {
        case nothing
        case nearlyOver
        case over
        case revoked
    }

    /// Calls a supplier through several keepers at once, as the processes of a cluster do, while its tokens come to
    /// their ends in every way: for each end one token is fetched, and every call is made with a good one.
    ///
    /// - Parameters:
    ///   - stores: what each of the processes has made to reach the tokens that all share.
    ///   - clock: what the stores go by.
    ///   - seed: chooses what happens.
    /// - Throws: when there is no token for a call.
    package static func expectOneFetchForEachEnd(
        _ stores: [any AccessTokenStore],
        _ clock: ManualClock,
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let desk = TokenDesk()
        let account = SupplierAccount.sample("wechat", id: 7)
        var settings = TokenKeeperSettings()
        settings.memory = .zero
        settings.retry = .zero
        settings.poll = .milliseconds(2)
        settings.patience = .seconds(60)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let keepers = stores.map {
            TokenKeeper(store: $0, settings: settings, timer: ContinuousClock(), logger: logger)
        }
        _ = try await keepers[0].token(for: account, from: desk)
        var fetches = 1
        for _ in 0..<12 {
            let fate = Fate.allCases.randomElement(using: &random) ?? .nothing
            // The longest pause is over.
            clock.advance(by: .seconds(400))
            switch fate {
            case .nothing: break
            case .nearlyOver: clock.advance(by: .seconds(7_200 - 400 - 100))
            case .over: clock.advance(by: .seconds(7_200))
            case .revoked: desk.revoke()
            }
            let goods = try await withThrowingTaskGroup(of: Bool.self) { group in
                for call in 0..<80 {
                    let keeper = keepers[call % keepers.count]
                    group.addTask {
                        let token = try await keeper.token(for: account, from: desk)
                        if desk.accepts(token) { return true }
                        return desk.accepts(try await keeper.rejected(token, for: account, from: desk))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            if fate != .nothing { fetches += 1 }
            #expect(!goods.contains(false), "after \(fate)")
            // Who went on with the old one learns of the next before that one comes to its end.
            for keeper in keepers { #expect(desk.accepts(try await keeper.token(for: account, from: desk))) }
            #expect(desk.asked.count == fetches, "after \(fate)")
            fetches = desk.asked.count
        }
        #expect(desk.mostAtOnce == 1)
    }
}
