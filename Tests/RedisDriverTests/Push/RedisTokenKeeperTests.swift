import Conformance
import Groundwork
import LocalServers
import Logging
import PushEngine
import TestKit
import Testing

@testable import RedisDriver

/// Keepers of tokens in several processes, as far as Redis can tell them apart, over one real Redis.
@Suite struct RedisTokenKeeperTests {
    private let name = TestRedis.name()
    private let desk = TokenDesk()
    private let account = SupplierAccount.sample("wechat", id: 7)
    private let holder = TokenHolder(TokenDesk().owner)
    private let key = AESSealer.newKey()

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `for each token's end one is fetched, and every call has a good one`(seed: UInt64) async throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_000_000))
        var stores: [any AccessTokenStore] = []
        for _ in 0..<4 { stores.append(try await store(clock.calendar)) }
        try await TokenRig.expectOneFetchForEachEnd(stores, clock, seed: seed)
    }

    @Test func `hundreds in many processes who report the same rejected token are one fetch`() async throws {
        var keepers: [TokenKeeper] = []
        for _ in 0..<5 { keepers.append(keeper(try await store())) }
        let old = try await keepers[0].token(for: account, from: desk)
        for keeper in keepers {
            #expect(try await keeper.token(for: account, from: desk).value == old.value)
        }
        let gate = Gate()
        desk.hold(at: gate)
        try await withThrowingTaskGroup(of: String.self) { [account, desk] group in
            for number in 0..<500 {
                let keeper = keepers[number % keepers.count]
                group.addTask {
                    try await keeper.rejected(old, for: account, from: desk).value.reveal()
                }
            }
            try await waited(for: "nobody fetches") { gate.waiters == 1 }
            gate.open()
            for try await value in group { #expect(value == "token-2") }
        }
        #expect(desk.asked == [false, false])
    }

    @Test func `a fetcher that is killed is followed by another when its turn is over`() async throws {
        let store = try await store()
        // Who is killed gives nothing up: its turn is left behind.
        let answer = try await store.takeTurn(of: holder, after: nil, for: .milliseconds(400))
        guard case .yours(let dead, _, _) = answer else {
            Issue.record("no turn: \(answer)")
            return
        }
        let began = ContinuousClock.now
        let keepers = [keeper(store), keeper(try await self.store())]
        try await withThrowingTaskGroup(of: AccessToken.self) { [account, desk] group in
            for keeper in keepers {
                group.addTask { try await keeper.token(for: account, from: desk) }
            }
            for try await token in group {
                #expect(token.value.reveal() == "token-1")
                #expect(token.turn > dead)
            }
        }
        #expect(ContinuousClock.now - began >= .milliseconds(390))
        #expect(desk.asked.count == 1)
    }

    @Test func `a fetcher that is cancelled gives its turn up at once`() async throws {
        let keepers = [keeper(try await store()), keeper(try await store())]
        let gate = Gate()
        desk.hold(at: gate)
        let first = Task { try await keepers[0].token(for: account, from: desk) }
        try await waited(for: "nobody fetches") { gate.waiters == 1 }
        desk.hold(at: nil)
        first.cancel()
        await #expect(throws: TokenError.cancelled) { try await first.value }
        #expect(try await keepers[1].token(for: account, from: desk).value.reveal() == "token-2")
    }

    @Test func `a fetcher that comes back late replaces no newer token`() async throws {
        let late = keeper(try await store()) { $0.turnLimit = .milliseconds(50) }
        let prompt = keeper(try await store())
        let gate = Gate()
        desk.hold(at: gate)
        async let value = late.token(for: account, from: desk)
        try await waited(for: "nobody fetches") { gate.waiters == 1 }
        desk.hold(at: nil)
        let newer = try await prompt.token(for: account, from: desk)
        #expect(newer.value.reveal() == "token-2")
        gate.open()
        #expect(try await value.value.reveal() == "token-2")
        #expect(try await store().token(of: holder)?.turn == newer.turn)
        #expect(desk.asked.count == 2)
    }

    @Test func `without Redis a token is used until it is over, and then its absence is told in time`()
        async throws
    {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        var settings = try RedisSettings(address: server.address)
        settings.patience = .milliseconds(300)
        settings.reach = .milliseconds(300)
        let store = RedisAccessTokenStore(
            RedisClient(settings, logger: TestRedis.logger),
            name: name,
            sealer: try AESSealer(key: key)
        )
        let keeper = keeper(store)
        desk.lifetime(.seconds(3))
        let token = try await keeper.token(for: account, from: desk)
        await server.kill()
        // The old one is used, though it is time to look for the next.
        #expect(try await keeper.token(for: account, from: desk).value == token.value)
        var trouble: TokenError?
        let began = ContinuousClock.now
        try await waited(for: "a token never ends") {
            do { _ = try await keeper.token(for: account, from: desk) } catch {
                trouble = error as? TokenError
            }
            return trouble != nil
        }
        guard case .store(let error) = trouble else {
            Issue.record("\(String(describing: trouble))")
            return
        }
        #expect(error.isTransient)
        #expect(ContinuousClock.now - began < .seconds(10))
        // Nobody fetches what could not be shared.
        #expect(desk.asked.count == 1)
        try await server.start()
        try await waited(for: "no token though Redis is back") {
            (try? await keeper.token(for: account, from: desk)) != nil
        }
        #expect(desk.asked.count == 2)
    }

    private func store(_ time: (any WallClock)? = nil) async throws -> RedisAccessTokenStore {
        RedisAccessTokenStore(
            try await TestRedis.client(),
            name: name,
            sealer: try AESSealer(key: key),
            time: time
        )
    }

    private func keeper(
        _ store: RedisAccessTokenStore,
        _ change: (inout TokenKeeperSettings) -> Void = { _ in }
    ) -> TokenKeeper {
        var settings = TokenKeeperSettings()
        settings.poll = .milliseconds(5)
        // Each call looks.
        settings.memory = .zero
        change(&settings)
        return TokenKeeper(
            store: store,
            settings: settings,
            timer: ContinuousClock(),
            logger: TestRedis.logger
        )
    }
}
