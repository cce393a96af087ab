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

    static let account = AccountID(rawValue: 7)

    /// Stores a token that is valid for an hour, in a turn of its own.
    func refresh(_ value: String, _ account: AccountID = account) async throws {
        let turn = try #require(try await store.takeTurn(of: account, for: .seconds(10)))
        #expect(try await store.put(Secret(value), for: .seconds(3_600), of: account, turn: turn))
    }

    func token(_ account: AccountID = account) async throws -> String? {
        try await store.token(of: account)?.value.reveal()
    }
}

/// What every `AccessTokenStore` must keep.
package enum AccessTokenConformance {
    package static let clauses: [Clause<TokenRig>] = [
        Clause("a token is there until it expires, each account's own") { rig in
            let other = AccountID(rawValue: 8)
            #expect(try await rig.token() == nil)
            try await rig.refresh("one")
            try await rig.refresh("two", other)
            rig.clock.advance(by: .seconds(3_599))
            #expect(try await rig.store.token(of: TokenRig.account)?.remaining == .seconds(1))
            #expect(try await rig.token() == "one")
            #expect(try await rig.token(other) == "two")
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.token() == nil)
        },
        Clause("one fetches at a time, until the turn is over") { rig in
            let turn = try #require(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)))
            #expect(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) == nil)
            #expect(try await rig.store.takeTurn(of: AccountID(rawValue: 8), for: .seconds(10)) != nil)
            #expect(
                try await rig.store.put(Secret("one"), for: .seconds(60), of: TokenRig.account, turn: turn)
            )
            #expect(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) != nil)
        },
        Clause("many who want to fetch at once are let one by one") { rig in
            let turns = try await withThrowingTaskGroup(of: RefreshTurn?.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) }
                }
                return try await group.compactMap { $0 }.reduce(into: []) { $0.append($1) }
            }
            #expect(turns.count == 1)
        },
        Clause("a turn ends by itself, and when it is given up") { rig in
            let lost = try #require(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)))
            rig.clock.advance(by: .seconds(10))
            let next = try #require(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)))
            #expect(next.rawValue > lost.rawValue)
            try await rig.store.giveUp(lost, of: TokenRig.account)
            #expect(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) == nil)
            try await rig.store.giveUp(next, of: TokenRig.account)
            #expect(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) != nil)
        },
        Clause("what was fetched in a lost turn replaces nothing that is newer") { rig in
            let lost = try #require(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)))
            rig.clock.advance(by: .seconds(10))
            try await rig.refresh("new")
            let account = TokenRig.account
            #expect(
                try await rig.store.put(Secret("old"), for: .seconds(60), of: account, turn: lost) == false
            )
            #expect(try await rig.token() == "new")
        },
        Clause("what was fetched too late is kept when nobody else fetched") { rig in
            let late = try #require(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)))
            rig.clock.advance(by: .seconds(11))
            #expect(
                try await rig.store.put(Secret("one"), for: .seconds(60), of: TokenRig.account, turn: late)
            )
            #expect(try await rig.token() == "one")
        },
        Clause("the token before is valid while the next is fetched") { rig in
            try await rig.refresh("one")
            #expect(try await rig.store.takeTurn(of: TokenRig.account, for: .seconds(10)) != nil)
            #expect(try await rig.token() == "one")
        },
        Clause("a rejected token is forgotten, unless another has come since") { rig in
            try await rig.refresh("one")
            let rejected = try #require(try await rig.store.token(of: TokenRig.account))
            try await rig.refresh("two")
            try await rig.store.invalidate(rejected, of: TokenRig.account)
            let current = try #require(try await rig.store.token(of: TokenRig.account))
            #expect(current.value.reveal() == "two")
            try await rig.store.invalidate(current, of: TokenRig.account)
            #expect(try await rig.token() == nil)
            try await rig.refresh("three")
            #expect(try await rig.token() == "three")
        },
    ]
}
