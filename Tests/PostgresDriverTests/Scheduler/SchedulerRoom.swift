import Conformance
import Groundwork
import PushEngine
import Scheduler
import Testing

@testable import PostgresDriver

/// The scheduler's stores on a database of their own.
struct SchedulerRoom {
    let address: String
    let pool: PostgresPool
    let stores: SchedulerStores

    init(_ way: Way = .direct) async throws {
        address = try await way.database()
        let pool = PostgresPool(try PostgresSettings(address: address))
        self.pool = pool
        let database = try await PostgresSchedulerDatabase(
            pool,
            sealer: AESSealer(key: AESSealer.newKey())
        )
        stores = SchedulerStores(
            jobs: PostgresJobStore(database),
            history: PostgresJobHistory(database),
            runs: PostgresRunStore(database),
            ledger: PostgresRunLedger(database),
            alarms: PostgresAlarmStore(database),
            registry: PostgresRegistryStore(database),
            groups: PostgresGroupStore(database),
            calls: PostgresIdempotencyStore(database)
        ) { try await Self.mint(in: pool) }
    }

    /// Makes another term begin, as a new leader does.
    static func mint(in pool: PostgresPool) async throws -> FencingToken {
        let token = try await pool.write("mint") { link in
            try link
                .run(
                    """
                    INSERT INTO leader_term (name, token, holder, beat, beat_at, cluster)
                    VALUES ($1, 1, 'test', 0, now(), 'test')
                    ON CONFLICT (name) DO UPDATE SET token = leader_term.token + 1
                    RETURNING token
                    """,
                    .text(SchedulerService.leaseName)
                )
                .first?
                .int64(0)
        }
        return FencingToken(rawValue: try #require(token))
    }
}
