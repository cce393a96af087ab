import Groundwork
import PushEngine
import TestKit
import Testing

@Suite struct TokenKeeperTests {
    private let stage = TokenStage()

    @Test func `a token is fetched once, and calls look nowhere while it is fresh`() async throws {
        let keeper = stage.keeper()
        let values = try await withThrowingTaskGroup(of: String.self) { [stage] group in
            for _ in 0..<200 { group.addTask { try await stage.value(keeper) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(values == ["token-1"])
        #expect(stage.desk.asked == [false])
        let looks = stage.store.looks
        stage.clock.advance(by: .seconds(9))
        #expect(try await stage.value(keeper) == "token-1")
        #expect(stage.store.looks == looks)
        stage.clock.advance(by: .seconds(1))
        #expect(try await stage.value(keeper) == "token-1")
        #expect(stage.store.looks == looks + 1)
        #expect(stage.desk.asked.count == 1)
    }

    @Test func `a token that another process has replaced is noticed`() async throws {
        let (here, there) = (stage.keeper(), stage.keeper())
        let old = try await stage.token(here)
        #expect(try await stage.rejected(old, there).value.reveal() == "token-2")
        // Nobody has told this one yet.
        #expect(try await stage.value(here) == "token-1")
        stage.clock.advance(by: .seconds(10))
        #expect(try await stage.value(here) == "token-2")
    }

    @Test func `while one fetches the next token, the others go on with the old one`() async throws {
        let (here, there) = (stage.keeper(), stage.keeper())
        _ = try await stage.token(here)
        stage.clock.advance(by: .seconds(6_899))
        #expect(try await stage.value(here) == "token-1")
        stage.clock.advance(by: .seconds(1))
        let gate = Gate()
        stage.desk.hold(at: gate)
        async let next = stage.value(here)
        try await eventually("nobody fetches") { gate.waiters == 1 }
        #expect(try await stage.value(here) == "token-1")
        #expect(try await stage.value(there) == "token-1")
        gate.open()
        #expect(try await next == "token-2")
        #expect(try await stage.value(here) == "token-2")
        stage.clock.advance(by: .seconds(1))
        #expect(try await stage.value(there) == "token-2")
        #expect(stage.desk.asked == [false, false])
    }

    @Test func `hundreds who report the same rejected token are one fetch`() async throws {
        let keepers = [stage.keeper(), stage.keeper()]
        let old = try await stage.token(keepers[0])
        _ = try await stage.token(keepers[1])
        let gate = Gate()
        stage.desk.hold(at: gate)
        try await withThrowingTaskGroup(of: String.self) { [stage] group in
            for number in 0..<300 {
                // In this process all wait for one; what the other does is tried on a real Redis.
                let keeper = keepers[number < 299 ? 0 : 1]
                group.addTask { try await stage.rejected(old, keeper).value.reveal() }
            }
            try await eventually("nobody fetches") { gate.waiters == 1 }
            // The others wait until it is there, and those of the other process look now and then.
            try await eventually("somebody does not wait") { stage.clock.waiting == 300 }
            gate.open()
            try await eventually("no token is shared") {
                try await stage.store.token(of: TokenHolder(stage.desk.owner)) != nil
            }
            stage.clock.advance(by: .milliseconds(100))
            for try await value in group { #expect(value == "token-2") }
        }
        // Whoever else has these credentials may have replaced it: another is asked for as usual.
        #expect(stage.desk.asked == [false, false])
    }

    @Test func `a report about a token that has been replaced fetches nothing`() async throws {
        let (here, there) = (stage.keeper(), stage.keeper())
        let old = try await stage.token(here)
        _ = try await stage.token(there)
        _ = try await stage.rejected(old, here)
        let looks = stage.store.looks
        #expect(try await stage.rejected(old, here).value.reveal() == "token-2")
        #expect(stage.store.looks == looks)
        #expect(try await stage.rejected(old, there).value.reveal() == "token-2")
        #expect(stage.desk.asked.count == 2)
    }

    @Test func `a token that is handed out again for a short time is not asked for again at once`()
        async throws
    {
        let keeper = stage.keeper()
        _ = try await stage.token(keeper)
        stage.clock.advance(by: .seconds(6_900))
        stage.desk.lifetime(.seconds(300))
        _ = try await stage.token(keeper)
        stage.clock.advance(by: .seconds(287))
        _ = try await stage.token(keeper)
        #expect(stage.desk.asked.count == 2)
        stage.clock.advance(by: .seconds(1))
        _ = try await stage.token(keeper)
        #expect(stage.desk.asked.count == 3)
    }

    @Test func `accounts with the same credentials share a token, and others have their own`() async throws {
        let keeper = stage.keeper()
        let twin = TokenDesk()
        #expect(TokenHolder(twin.owner) == TokenHolder(stage.desk.owner))
        let first = try await keeper.token(for: stage.account, from: stage.desk)
        #expect(try await keeper.token(for: .sample("twin"), from: twin).value == first.value)
        #expect(twin.asked.isEmpty)
        for owner in [
            TokenOwner(["app"], secret: Secret("another")),
            TokenOwner(["other"], secret: Secret("app-secret")),
        ] {
            let other = TokenDesk(owner: owner)
            _ = try await keeper.token(for: stage.account, from: other)
            #expect(other.asked.count == 1)
        }
        #expect(!TokenHolder(stage.desk.owner).rawValue.contains("secret"))
    }

    @Test func `renewing tells what it came to`() async throws {
        let keeper = stage.keeper()
        func renew() async throws(TokenError) -> TokenRefresh {
            try await keeper.renew(for: stage.account, from: stage.desk)
        }
        #expect(try await renew() == .refreshed(for: .seconds(7_200)))
        stage.clock.advance(by: .seconds(6_800))
        #expect(try await renew() == .stillValid(for: .seconds(400)))
        stage.clock.advance(by: .seconds(100))
        stage.desk.fail(with: .unavailable("test"))
        // There is a token, but it will be over soon.
        await #expect(throws: TokenError.supplier(.unavailable("test"))) { try await renew() }
        #expect(try await stage.value(keeper) == "token-1")
        stage.desk.fail(with: nil)
        stage.clock.advance(by: .seconds(1))
        #expect(try await renew() == .refreshed(for: .seconds(7_200)))
    }
}
