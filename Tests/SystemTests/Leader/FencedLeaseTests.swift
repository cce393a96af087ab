import Conformance
import Groundwork
import LocalServers
import Logging
import Scheduler
import TestKit
import Testing

@testable import PostgresDriver
@testable import RedisDriver

/// Leases of a Redis and a PostgreSQL, held by two processes.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct FencedLeaseTests {
    @Test func `the composed keeper keeps what every keeper does`() async throws {
        let folder = try ServerFolder()
        let redis = try await RedisServer(in: folder)
        let postgres = try await PostgresServer(in: folder, isPowerSafe: false)
        // Their time is the servers', so it passes by itself only, and for all at once.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, clause) in LeaseConformance.clauses.enumerated() {
                let address = try await postgres.makeDatabase("t\(number)")
                group.addTask {
                    let keepers = LeaseKeepers(
                        one: try await Self.keeper(redis, address, "\(number)"),
                        other: try await Self.keeper(redis, address, "\(number)")
                    ) { try await Task.sleep(for: $0) }
                    try await clause.check(keepers)
                }
            }
            try await group.waitForAll()
        }
        await redis.stop()
        await postgres.stop()
    }

    @Test func `a second cluster on the same Redis under the same name does not start`() async throws {
        let folder = try ServerFolder()
        let redis = try await RedisServer(in: folder)
        let postgres = try await PostgresServer(in: folder, isPowerSafe: false)
        let first = try await postgres.makeDatabase("first")
        let second = try await postgres.makeDatabase("second")
        for _ in 0..<2 { try await Self.keeper(redis, first, "c").checkCluster(of: "l") }
        let stranger = try await Self.keeper(redis, second, "c")
        let error = await #expect(throws: StoreError.self) { try await stranger.checkCluster(of: "l") }
        #expect(error?.code == .conflict)
        #expect(error?.detail.contains("give this cluster another name") == true)
        try await Self.keeper(redis, second, "another").checkCluster(of: "l")
        await redis.stop()
        await postgres.stop()
    }

    private static func keeper(
        _ redis: RedisServer,
        _ address: String,
        _ cluster: String
    ) async throws -> FencedLeaseKeeper {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var settings = try PostgresSettings(address: address)
        settings.connections = 2
        return FencedLeaseKeeper(
            lock: RedisElectionLock(
                try RedisSettings(address: redis.address),
                cluster: cluster,
                logger: logger
            ),
            register: PostgresTermRegister(try await PostgresSchedulerDatabase(PostgresPool(settings))),
            clock: ContinuousClock(),
            logger: logger
        )
    }
}
