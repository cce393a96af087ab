import Conformance
import Groundwork
import LocalServers
import Scheduler
import Testing

@testable import PostgresDriver

/// How the stores' connections get to the server.
enum Way: CaseIterable {
    case direct
    /// Through PgBouncer, by transaction, over five connections.
    case pooled

    /// A PgBouncer of the whole test run.
    private static let bouncer = Task {
        let (folder, server) = try await TestPostgres.shared.value
        return try await PgBouncer(to: server, in: folder)
    }

    /// The address of an empty database.
    func database() async throws -> String {
        let direct = try await TestPostgres.database()
        guard self == .pooled else { return direct }
        let name = try #require(direct.split(separator: "/").last)
        return try await Self.bouncer.value.address(String(name))
    }
}

/// The scheduler's stores on a database of their own.
struct SchedulerRoom {
    let address: String
    let pool: PostgresPool
    let stores: SchedulerStores

    init(_ way: Way = .direct) async throws {
        address = try await way.database()
        let pool = PostgresPool(PostgresSettings(address: address))
        self.pool = pool
        let database = try await PostgresSchedulerDatabase(pool)
        stores = SchedulerStores(
            jobs: PostgresJobStore(database),
            runs: PostgresRunStore(database),
            registry: PostgresRegistryStore(database)
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
