import Conformance
import Groundwork
import SQLiteDriver
import Synchronization
import TestKit
import Testing

/// Leases of one file, held by two keepers as two processes would.
final class SQLiteLeaseKeeperTests {
    private let folder: TemporaryFolder
    private let uptime = Uptime()

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test(arguments: LeaseConformance.clauses)
    func `the lease keeper keeps`(clause: Clause<LeaseKeepers>) async throws {
        let uptime = uptime
        let keepers = LeaseKeepers(one: try keeper(), other: try keeper()) { uptime.pass($0) }
        try await clause.check(keepers)
    }

    @Test func `a holder that died is succeeded at once`() async throws {
        var dying: SQLiteLeaseKeeper? = try keeper()
        let lease = try #require(try await dying?.acquire("l", holder: "a", for: .seconds(60)))
        let other = try keeper()
        #expect(try await other.acquire("l", holder: "b", for: .seconds(60)) == nil)
        // The system closes a dead process's files, and with them goes the lock; here the keeper does it.
        dying = nil
        let next = try #require(try await other.acquire("l", holder: "b", for: .seconds(60)))
        #expect(next.token > lease.token)
    }

    @Test func `the death of a stopped holder does not depose its successor`() async throws {
        var stopped: SQLiteLeaseKeeper? = try keeper()
        _ = try #require(try await stopped?.acquire("l", holder: "a", for: .seconds(1)))
        uptime.pass(.seconds(2))
        let successor = try keeper()
        let lease = try #require(try await successor.acquire("l", holder: "b", for: .seconds(60)))
        stopped = nil
        #expect(try await keeper().acquire("l", holder: "c", for: .seconds(60)) == nil)
        try await successor.renew("l", lease)
    }

    @Test func `a lease of an earlier boot has run out`() async throws {
        // Kept alive, so that only the boot tells that its lease is over.
        let before = try keeper(boot: "before")
        _ = try #require(try await before.acquire("l", holder: "a", for: .seconds(60)))
        _ = try #require(try await keeper(boot: "after").acquire("l", holder: "b", for: .seconds(60)))
        withExtendedLifetime(before) {}
    }

    private func keeper(boot: String = "boot") throws -> SQLiteLeaseKeeper {
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        return SQLiteLeaseKeeper(database, boot: boot) { [uptime] in uptime.now }
    }

    /// A time since boot that a test moves.
    private final class Uptime: Sendable {
        private let elapsed = Mutex(Duration.seconds(1_000))

        var now: Duration { elapsed.withLock { $0 } }

        func pass(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    }
}
