import Groundwork
package import PushEngine
package import TestKit
import Testing

/// A store of tokens to try, and the clock it goes by.
package struct TokenRig: Sendable {
    package let store: any AccessTokenStore
    package let clock: ManualClock

    package init(store: any AccessTokenStore, clock: ManualClock) {
        self.store = store
        self.clock = clock
    }

    static let holder = TokenHolder(rawValue: "7")
    static let other = TokenHolder(rawValue: "8")

    /// Takes the turn after the token that is there; fails when it cannot be had, or tells of other failures.
    func turn(
        _ holder: TokenHolder = holder,
        failures: Int? = nil,
        isAfterRejection: Bool? = nil
    ) async throws -> RefreshTurn {
        let known = try await store.token(of: holder)?.turn
        let answer = try await store.takeTurn(of: holder, after: known, for: .seconds(10))
        guard case .yours(let turn, let failed, let isRejected) = answer else {
            Issue.record("the turn cannot be had: \(answer)")
            throw StoreError(.conflict, during: "take turn")
        }
        #expect(failed == failures ?? failed)
        #expect(isRejected == isAfterRejection ?? isRejected)
        return turn
    }

    /// What somebody hears who knows of no token.
    func answer(_ holder: TokenHolder = holder) async throws -> TurnAnswer {
        try await store.takeTurn(of: holder, after: nil, for: .seconds(10))
    }

    /// Stores a token that is valid for an hour, or so.
    func put(
        _ value: String,
        _ turn: RefreshTurn,
        _ holder: TokenHolder = holder,
        for lifetime: Duration = .seconds(3_600),
        pause: Duration = .zero
    ) async throws -> Bool {
        try await store.put(Secret(value), for: lifetime, of: holder, turn: turn, pause: pause)
    }

    /// Stores a token in a turn of its own.
    @discardableResult
    func refresh(
        _ value: String,
        _ holder: TokenHolder = holder,
        pause: Duration = .zero
    ) async throws -> RefreshTurn {
        let turn = try await turn(holder)
        #expect(try await put(value, turn, holder, pause: pause))
        return turn
    }

    func token(_ holder: TokenHolder = holder) async throws -> String? {
        try await store.token(of: holder)?.value.reveal()
    }
}

/// What every `AccessTokenStore` must keep.
package enum AccessTokenConformance {
    package static let clauses: [Clause<TokenRig>] = tokens + turns + failures

    private static let tokens: [Clause<TokenRig>] = [
        Clause("a token is there until it expires, each holder's own") { rig in
            #expect(try await rig.token() == nil)
            try await rig.refresh("one")
            try await rig.refresh("two", TokenRig.other)
            rig.clock.advance(by: .seconds(3_599))
            let token = try #require(try await rig.store.token(of: TokenRig.holder))
            #expect(token.remaining == .seconds(1) && token.lifetime == .seconds(3_600))
            #expect(try await rig.token() == "one")
            #expect(try await rig.token(TokenRig.other) == "two")
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.token() == nil)
        },
        Clause("a token is valid from when its turn was taken") { rig in
            let turn = try await rig.turn()
            rig.clock.advance(by: .seconds(4))
            #expect(try await rig.put("one", turn, for: .seconds(60)))
            #expect(try await rig.store.token(of: TokenRig.holder)?.remaining == .seconds(56))
        },
        Clause("the token before is valid while the next is fetched") { rig in
            try await rig.refresh("one")
            _ = try await rig.turn()
            #expect(try await rig.token() == "one")
        },
        Clause("what was fetched in a lost turn replaces nothing that is newer, nor will be") { rig in
            let lost = try await rig.turn()
            rig.clock.advance(by: .seconds(10))
            let next = try await rig.turn()
            #expect(try await rig.put("old", lost) == false)
            #expect(try await rig.put("new", next))
            #expect(try await rig.put("old", lost) == false)
            #expect(try await rig.token() == "new")
        },
        Clause("what was fetched too late is kept when nobody else fetched") { rig in
            let late = try await rig.turn()
            rig.clock.advance(by: .seconds(11))
            #expect(try await rig.put("one", late))
            #expect(try await rig.token() == "one")
        },
        Clause("a turn that nobody took stores nothing") { rig in
            let isStored = try await rig.put("one", RefreshTurn(rawValue: 3))
            #expect(!isStored)
            #expect(try await rig.token() == nil)
        },
        Clause("a rejected token is forgotten, unless another has come since") { rig in
            let rejected = try await rig.refresh("one")
            let current = try await rig.refresh("two")
            try await rig.store.invalidate(rejected, of: TokenRig.holder)
            #expect(try await rig.token() == "two")
            try await rig.store.invalidate(current, of: TokenRig.holder)
            #expect(try await rig.token() == nil)
            try await rig.refresh("three")
            #expect(try await rig.token() == "three")
        },
    ]

    private static let turns: [Clause<TokenRig>] = [
        Clause("one fetches at a time, until the turn is over") { rig in
            let turn = try await rig.turn()
            rig.clock.advance(by: .seconds(4))
            #expect(try await rig.answer() == .taken(.seconds(6)))
            _ = try await rig.turn(TokenRig.other)
            #expect(try await rig.put("one", turn))
            _ = try await rig.turn()
        },
        Clause("many who want to fetch at once are let one by one") { rig in
            let turns = try await withThrowingTaskGroup(of: TurnAnswer.self) { group in
                for _ in 0..<20 { group.addTask { try await rig.answer() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(turns.count { $0 == .taken(.seconds(10)) } == 19)
        },
        Clause("nobody fetches who does not know the token that is there") { rig in
            let first = try await rig.refresh("one")
            #expect(try await rig.answer() == .replaced)
            let second = try await rig.refresh("two")
            #expect(second > first)
            let answer = try await rig.store.takeTurn(of: TokenRig.holder, after: first, for: .seconds(10))
            #expect(answer == .replaced)
            // Who knows one that is over may, as long as there is no other.
            rig.clock.advance(by: .seconds(3_600))
            guard
                case .yours = try await rig.store.takeTurn(
                    of: TokenRig.holder,
                    after: first,
                    for: .seconds(10)
                )
            else {
                Issue.record("the turn cannot be had")
                return
            }
        },
        Clause("a turn ends by itself, and when it is given up") { rig in
            let lost = try await rig.turn()
            rig.clock.advance(by: .seconds(10))
            let next = try await rig.turn()
            #expect(next > lost)
            try await rig.store.giveUp(lost, of: TokenRig.holder, pause: .seconds(5))
            #expect(try await rig.answer() == .taken(.seconds(10)))
            try await rig.store.giveUp(next, of: TokenRig.holder, pause: .zero)
            _ = try await rig.turn()
        },
    ]

    private static let failures: [Clause<TokenRig>] = [
        Clause("nobody fetches for a while after a turn that brought nothing") { rig in
            let turn = try await rig.turn()
            try await rig.store.giveUp(turn, of: TokenRig.holder, pause: .seconds(5))
            // It is over: a second time changes nothing.
            try await rig.store.giveUp(turn, of: TokenRig.holder, pause: .seconds(50))
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.answer() == .paused(.seconds(4)))
            rig.clock.advance(by: .seconds(4))
            _ = try await rig.turn()
        },
        Clause("nobody fetches for a while after a token that is to last") { rig in
            let turn = try await rig.refresh("one", pause: .seconds(5))
            let answer = try await rig.store.takeTurn(of: TokenRig.holder, after: turn, for: .seconds(10))
            #expect(answer == .paused(.seconds(5)))
            try await rig.store.invalidate(turn, of: TokenRig.holder)
            #expect(try await rig.answer() == .paused(.seconds(5)))
        },
        Clause("failures and rejections count until a token was good") { rig in
            let failed = try await rig.turn(failures: 0, isAfterRejection: false)
            try await rig.store.giveUp(failed, of: TokenRig.holder, pause: .zero)
            let rejected = try await rig.turn(failures: 1, isAfterRejection: false)
            #expect(try await rig.put("one", rejected))
            try await rig.store.invalidate(rejected, of: TokenRig.holder)
            // However many tell so.
            try await rig.store.invalidate(rejected, of: TokenRig.holder)
            let again = try await rig.turn(failures: 2, isAfterRejection: true)
            try await rig.store.giveUp(again, of: TokenRig.holder, pause: .zero)
            let good = try await rig.turn(failures: 3, isAfterRejection: true)
            #expect(try await rig.put("two", good))
            _ = try await rig.turn(failures: 0, isAfterRejection: false)
        },
    ]
}
