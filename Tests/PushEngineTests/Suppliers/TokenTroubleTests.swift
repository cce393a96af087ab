import Groundwork
import PushEngine
import TestKit
import Testing

/// What a keeper of tokens does when suppliers, stores and fetchers fail.
@Suite struct TokenTroubleTests {
    private let stage = TokenStage()
    private let holder = TokenHolder(TokenDesk().owner)

    @Test func `whoever dies in the middle is followed by another when the turn is over`() async throws {
        // Somebody takes the turn and is heard of no more.
        _ = try await stage.store.takeTurn(of: holder, after: nil, for: .seconds(7))
        let keeper = stage.keeper { $0.poll = .seconds(60) }
        async let value = stage.value(keeper)
        await stage.clock.sleepers()
        stage.clock.advance(by: .milliseconds(6_999))
        #expect(stage.desk.asked.isEmpty)
        stage.clock.advance(by: .milliseconds(1))
        #expect(try await value == "token-1")
    }

    @Test func `whoever comes back late replaces no newer token`() async throws {
        let late = stage.keeper { $0.fetchLimit = .seconds(600) }
        let gate = Gate()
        stage.desk.hold(at: gate)
        async let value = stage.value(late)
        try await eventually("nobody fetches") { gate.waiters == 1 }
        stage.clock.advance(by: .seconds(7))
        stage.desk.hold(at: nil)
        let prompt = stage.keeper()
        let newer = try await stage.token(prompt)
        #expect(newer.value.reveal() == "token-2")
        gate.open()
        // It takes over what is shared, and tells nobody of its own.
        #expect(try await value == "token-2")
        #expect(try await stage.store.token(of: holder)?.turn == newer.turn)
        #expect(stage.desk.asked.count == 2)
    }

    @Test func `whoever is cancelled gives the turn to one of those who wait`() async throws {
        let keeper = stage.keeper()
        let gate = Gate()
        stage.desk.hold(at: gate)
        try await withThrowingTaskGroup(of: TokenError?.self) { [stage] group in
            let first = Task { await stage.trouble(keeper) }
            try await eventually("nobody fetches") { gate.waiters == 1 }
            group.addTask { await stage.trouble(keeper) }
            try await eventually("nobody waits") { stage.clock.waiting == 2 }
            stage.desk.hold(at: nil)
            first.cancel()
            #expect(await first.value == .cancelled)
            for try await trouble in group { #expect(trouble == nil) }
        }
        #expect(stage.desk.asked == [false, false])
    }

    @Test func `whoever waits can be cancelled, and waits no longer than the limit`() async throws {
        let keeper = stage.keeper { $0.fetchLimit = .seconds(600) }
        let gate = Gate()
        stage.desk.hold(at: gate)
        async let first = stage.value(keeper)
        try await eventually("nobody fetches") { gate.waiters == 1 }
        // Waited for below, at both of its ends.
        let cancelled = Task { await stage.trouble(keeper) }
        let patient = Task { await stage.trouble(keeper) }
        try await eventually("nobody waits") { stage.clock.waiting == 3 }
        cancelled.cancel()
        #expect(await cancelled.value == .cancelled)
        stage.clock.advance(by: .seconds(9))
        #expect(await patient.value == .timedOut)
        gate.open()
        #expect(try await first == "token-1")
    }

    @Test func `a supplier that does not answer is given up in time`() async throws {
        let keeper = stage.keeper()
        stage.desk.hold(at: Gate())
        async let trouble = stage.trouble(keeper)
        await stage.clock.sleepers()
        stage.clock.advance(by: .seconds(5))
        #expect(await trouble == .supplier(.unavailable("no access token within 5000 ms")))
    }

    @Test func `a supplier that gives no token is asked ever more rarely, by all together`() async throws {
        let keepers = [stage.keeper(), stage.keeper()]
        let fault = SupplierError.refused(Refusal(.badConfig, code: "40125"))
        stage.desk.fail(with: fault)
        for (number, pause) in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].enumerated() {
            #expect(await stage.trouble(keepers[number % 2]) == .supplier(fault))
            for keeper in keepers { #expect(await stage.trouble(keeper) == .paused(.seconds(pause))) }
            #expect(stage.desk.asked.count == number + 1)
            stage.clock.advance(by: .seconds(pause))
        }
        stage.desk.fail(with: nil)
        #expect(try await stage.value(keepers[0]).hasPrefix("token-"))
    }

    @Test func `a supplier that rejects what it has just given is asked ever more rarely`() async throws {
        let keeper = stage.keeper()
        var token = try await stage.token(keeper)
        // The first time may have any reason, and a new token is tried at once.
        token = try await stage.rejected(token, keeper)
        for pause in [1, 2, 4, 8] {
            let asked = stage.desk.asked.count
            let rejected = token
            await #expect(throws: TokenError.paused(.seconds(pause))) {
                try await stage.rejected(rejected, keeper)
            }
            #expect(await stage.trouble(keeper) == .paused(.seconds(pause)))
            #expect(stage.desk.asked.count == asked)
            stage.clock.advance(by: .seconds(pause))
            token = try await stage.token(keeper)
        }
        // What came as usual was rejected again: from then on another is forced.
        #expect(stage.desk.asked == [false, false, true, true, true, true])
    }

    @Test(arguments: [FetchedToken(Secret(""), for: .seconds(60)), FetchedToken(Secret("over"), for: .zero)])
    func `a token that is none is not handed out`(token: FetchedToken) async throws {
        struct Careless: TokenSource {
            let owner = TokenOwner(["app"], secret: Secret("app-secret"))

            let token: FetchedToken
            func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken { token }
        }
        let keeper = stage.keeper()
        await #expect(throws: TokenError.supplier(.malformed("an access token that is empty or over"))) {
            try await keeper.token(for: stage.account, from: Careless(token: token))
        }
        #expect(try await stage.store.token(of: holder) == nil)
    }

    @Test func `while the store is away, a token is used until it is over`() async throws {
        let keeper = stage.keeper()
        _ = try await stage.token(keeper)
        stage.store.away(true)
        stage.clock.advance(by: .seconds(7_199))
        #expect(try await stage.value(keeper) == "token-1")
        stage.clock.advance(by: .seconds(1))
        let away = TokenError.store(StoreError(.unavailable, during: "test"))
        #expect(await stage.trouble(keeper) == away)
        // Nobody fetches what could not be shared.
        #expect(stage.desk.asked.count == 1)
        stage.store.away(false)
        #expect(try await stage.value(keeper) == "token-2")
    }

    @Test func `what is rejected while the store is away is not taken from it later`() async throws {
        let keeper = stage.keeper()
        let old = try await stage.token(keeper)
        stage.store.away(true)
        await #expect(throws: TokenError.self) { try await stage.rejected(old, keeper) }
        stage.store.away(false)
        #expect(try await stage.value(keeper) == "token-2")
        #expect(stage.desk.asked == [false, false])
    }

    @Test func `what cannot be shared any more is good for this process`() async throws {
        let keeper = stage.keeper()
        let gate = Gate()
        stage.desk.hold(at: gate)
        async let value = stage.value(keeper)
        try await eventually("nobody fetches") { gate.waiters == 1 }
        stage.store.away(true)
        gate.open()
        #expect(try await value == "token-1")
        #expect(try await stage.value(keeper) == "token-1")
        #expect(stage.desk.asked.count == 1)
    }

    @Test func `no token is told to anybody who reads`() async throws {
        let keeper = stage.keeper()
        let token = try await stage.token(keeper)
        _ = try await stage.rejected(token, keeper)
        stage.desk.fail(with: .unavailable("test"))
        stage.clock.advance(by: .seconds(7_200))
        let trouble = try #require(await stage.trouble(keeper))
        stage.store.away(true)
        let away = try #require(await stage.trouble(keeper))
        var dumped = ""
        dump(token, to: &dumped)
        dump(FetchedToken(token.value, for: .zero), to: &dumped)
        #expect(stage.log.lines.count == 3)
        for text in stage.log.lines + ["\(token)", dumped, "\(trouble)", "\(away)"] {
            #expect(!text.contains("token-") && !text.contains("app-secret"), "\(text)")
        }
    }
}
