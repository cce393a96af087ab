import Groundwork
package import Scheduler
import Testing

/// One lock as two processes reach it.
package struct ElectionLocks: Sendable {
    package let one: any ElectionLock
    package let other: any ElectionLock
    /// Lets that much time pass for the lock.
    package let pass: @Sendable (Duration) async throws -> Void

    package init(
        one: any ElectionLock,
        other: any ElectionLock,
        pass: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.one = one
        self.other = other
        self.pass = pass
    }
}

/// What every `ElectionLock` must keep.
package enum ElectionLockConformance {
    package static let clauses: [Clause<ElectionLocks>] = [
        Clause("a lock is taken when nobody holds it, and by who holds it") { locks in
            let winner = try await locks.one.take("l", holder: "a", for: .seconds(6))
            #expect(winner == "a")
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(6)) == "a")
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "a")
            #expect(try await locks.other.take("m", holder: "b", for: .seconds(6)) == "b")
        },
        Clause("a lock that its holder takes again lasts from then on") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .milliseconds(300)) == "a")
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(6)) == "a")
            try await locks.pass(.milliseconds(400))
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "a")
        },
        Clause("a lock runs out") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .milliseconds(300)) == "a")
            try await locks.pass(.milliseconds(400))
            #expect(try await locks.one.extend("l", holder: "a", for: .seconds(6)) == false)
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "b")
        },
        Clause("only its holder makes a lock last") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .milliseconds(300)) == "a")
            #expect(try await locks.other.extend("l", holder: "b", for: .seconds(6)) == false)
            #expect(try await locks.one.extend("l", holder: "a", for: .seconds(6)))
            try await locks.pass(.milliseconds(400))
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "a")
        },
        Clause("a holder is replaced while it is the one that was seen") { locks in
            let winner = try await locks.one.take("l", holder: "a", for: .seconds(6))
            #expect(winner == "a")
            #expect(try await locks.other.replace("l", "c", by: "b", for: .seconds(6)) == false)
            #expect(try await locks.other.replace("m", "a", by: "b", for: .seconds(6)) == false)
            #expect(try await locks.other.replace("l", "a", by: "b", for: .seconds(6)))
            #expect(try await locks.one.extend("l", holder: "a", for: .seconds(6)) == false)
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(6)) == "b")
        },
        Clause("only its holder releases a lock") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(6)) == "a")
            try await locks.other.release("l", holder: "b")
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "a")
            try await locks.one.release("l", holder: "a")
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(6)) == "b")
        },
        Clause("a release wakes who waits") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(60)) == "a")
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(60)) == "a")
            let start = ContinuousClock.now
            async let wait: Void = locks.other.waitForRelease("l", atMost: .seconds(4))
            try await locks.one.release("l", holder: "a")
            try await wait
            #expect(ContinuousClock.now - start < .seconds(2))
        },
        Clause("a release since the last try is not missed") { locks in
            #expect(try await locks.one.take("l", holder: "a", for: .seconds(60)) == "a")
            #expect(try await locks.other.take("l", holder: "b", for: .seconds(60)) == "a")
            try await locks.one.release("l", holder: "a")
            let start = ContinuousClock.now
            try await locks.other.waitForRelease("l", atMost: .seconds(4))
            #expect(ContinuousClock.now - start < .seconds(2))
        },
        Clause("a lock serves one cluster") { locks in
            let first = try await locks.one.cluster(of: "l", orElse: "x")
            #expect(first == "x")
            #expect(try await locks.other.cluster(of: "l", orElse: "y") == "x")
            #expect(try await locks.other.cluster(of: "m", orElse: "y") == "y")
        },
    ]
}
