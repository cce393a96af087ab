package import Groundwork
import Testing

/// Keepers of the same leases, as separate processes have them.
package struct LeaseKeepers: Sendable {
    package let one: any LeaseKeeper
    package let other: any LeaseKeeper
    /// Lets that much time pass for both.
    package let pass: @Sendable (Duration) async throws -> Void

    package init(
        one: any LeaseKeeper,
        other: any LeaseKeeper,
        pass: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.one = one
        self.other = other
        self.pass = pass
    }
}

/// What every `LeaseKeeper` must keep.
package enum LeaseConformance {
    package static let clauses: [Clause<LeaseKeepers>] = [
        Clause("a free lease is taken") { keepers in
            let lease = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(6)))
            #expect(lease.holder == "a")
            #expect(lease.duration == .seconds(6))
        },
        Clause("a lease that somebody holds is not taken") { keepers in
            _ = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(6)))
            #expect(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)) == nil)
            #expect(try await keepers.one.acquire("l", holder: "b", for: .seconds(6)) == nil)
        },
        Clause("a lease that ran out is taken, with a higher token") { keepers in
            let first = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(1)))
            try await keepers.pass(.seconds(2))
            let second = try #require(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)))
            #expect(second.token > first.token)
        },
        Clause("a renewed lease lasts its whole duration again") { keepers in
            let lease = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(3)))
            for _ in 0..<3 {
                try await keepers.pass(.seconds(2))
                try await keepers.one.renew("l", lease)
                #expect(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)) == nil)
            }
        },
        Clause("a lease that somebody else took is lost") { keepers in
            let lease = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(1)))
            try await keepers.pass(.seconds(2))
            let taken = try #require(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)))
            await #expect(throws: LeaseError.lost) { try await keepers.one.renew("l", lease) }
            try await keepers.other.renew("l", taken)
        },
        Clause("a released lease is free at once and lost to who held it") { keepers in
            let lease = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(6)))
            await keepers.one.release("l", lease)
            await #expect(throws: LeaseError.lost) { try await keepers.one.renew("l", lease) }
            let next = try #require(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)))
            #expect(next.token > lease.token)
        },
        Clause("releasing what is no longer held frees nobody else's") { keepers in
            let lease = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(1)))
            try await keepers.pass(.seconds(2))
            let taken = try #require(try await keepers.other.acquire("l", holder: "b", for: .seconds(6)))
            await keepers.one.release("l", lease)
            try await keepers.other.renew("l", taken)
        },
        Clause("leases of different names do not meet") { keepers in
            _ = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(6)))
            _ = try #require(try await keepers.other.acquire("m", holder: "b", for: .seconds(6)))
        },
        Clause("the wait for a vacancy ends at its limit") { keepers in
            _ = try #require(try await keepers.one.acquire("l", holder: "a", for: .seconds(6)))
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Cancelled, it passes no time any more.
                    while !Task.isCancelled { try? await keepers.pass(.milliseconds(10)) }
                }
                await keepers.other.waitForVacancy("l", atMost: .milliseconds(50), on: ContinuousClock())
                group.cancelAll()
            }
        },
        Clause("tokens only grow") { keepers in
            var newest = FencingToken(rawValue: 0)
            for round in 0..<100 {
                let keeper = round.isMultiple(of: 2) ? keepers.one : keepers.other
                let lease = try #require(try await keeper.acquire("l", holder: "\(round)", for: .seconds(6)))
                #expect(lease.token > newest)
                newest = lease.token
                await keeper.release("l", lease)
            }
        },
    ]
}
