import Groundwork
import Testing

@testable import PostgresDriver

/// A schedule in PostgreSQL that is as small as it can be: jobs that are due every few milliseconds, and a row for
/// each fire.
///
/// No key keeps a fire from being written twice and no comparison a job from being moved twice: only the token does.
struct FireTable: Sendable {
    /// What is to be written: fires, and when their jobs are due next.
    struct Plan: Sendable {
        var jobs: [Int64] = []
        var instants: [Int64] = []
        var next: [Int64: Int64] = [:]
    }

    /// What the rows say when all is over.
    struct Audit: Sendable {
        var fires = 0
        /// Fires that were written more than once.
        var doubles = 0
        /// Instants that were passed over.
        var missed = 0
        /// Fires that were written under an older token than one before them.
        var falls = 0
        /// How late the latest fire was.
        var lateness = Duration.zero
        var terms = 0
    }

    static let jobs = 3
    static let period: Int64 = 20

    let pool: PostgresPool

    func make() async throws {
        try await pool.write("make fires") { link in
            try link.runScript(Self.tables)
            try link.run(Self.seed, .int(Self.jobs))
        }
    }

    /// What is due by the server's clock.
    func due() async throws -> Plan {
        let rows = try await pool.single("read due") { link in
            try link.run("SELECT id, next_at, \(Self.now) FROM clockwork WHERE next_at <= \(Self.now)")
                .map { ($0.int64(0), $0.int64(1), $0.int64(2)) }
        }
        var plan = Plan()
        for (job, first, now) in rows {
            var next = first
            while next <= now {
                plan.jobs.append(job)
                plan.instants.append(next)
                next += Self.period
            }
            plan.next[job] = next
        }
        return plan
    }

    /// Writes a plan in one statement, if `token` is the newest; without looking when it is nil.
    func write(_ plan: Plan, under token: FencingToken?) async throws(StoreError) {
        let moved = plan.next.sorted { $0.key < $1.key }
        let isWritten = try await pool.single("write fires") { link in
            let sql = token == nil ? Self.writeUnchecked : Self.write
            let row = try link.run(
                sql,
                .int(token?.rawValue ?? 0),
                .ints(plan.jobs),
                .ints(plan.instants),
                .ints(moved.map(\.key)),
                .ints(moved.map(\.value))
            )
            return row.first?.int(0) == 1
        }
        guard isWritten else { throw StoreError(.staleToken, during: "write fires") }
    }

    /// The fires that no executor has taken.
    func pending(limit: Int) async throws -> [Int64] {
        try await pool.single("read pending") { link in
            try link.run("SELECT id FROM fire WHERE state = 'pending' ORDER BY id LIMIT $1", .int(limit))
                .map { $0.int64(0) }
        }
    }

    func acknowledge(_ fires: [Int64], under token: FencingToken) async throws(StoreError) {
        let isWritten = try await pool.single("acknowledge fires") { link in
            try link.run(Self.done, .int(token.rawValue), .ints(fires)).first?.int(0) == 1
        }
        guard isWritten else { throw StoreError(.staleToken, during: "acknowledge fires") }
    }

    /// How many fires there are that were written under a token.
    func count(under token: FencingToken? = nil) async throws -> Int {
        try await pool.single("count fires") { link in
            let sql = "SELECT count(*) FROM fire WHERE $1::bigint IS NULL OR token = $1"
            return try link.run(sql, .int(token?.rawValue)).first?.int(0) ?? 0
        }
    }

    /// How many fires of a term no executor has taken.
    func pending(under token: FencingToken) async throws -> Int {
        try await pool.single("count pending") { link in
            let sql = "SELECT count(*) FROM fire WHERE token = $1 AND state = 'pending'"
            return try link.run(sql, .int(token.rawValue)).first?.int(0) ?? 0
        }
    }

    func audit() async throws -> Audit {
        try await pool.single("audit fires") { link in
            let row = try #require(try link.run(Self.books, .int(Int(Self.period))).first)
            return Audit(
                fires: row.int(0),
                doubles: row.int(1),
                missed: row.int(2),
                falls: row.int(3),
                lateness: .milliseconds(row.int64(4)),
                terms: row.int(5)
            )
        }
    }

    private static let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    private static let tables = """
        CREATE TABLE clockwork (id bigint PRIMARY KEY, next_at bigint NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE fire (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job bigint NOT NULL, at bigint NOT NULL,
            token bigint NOT NULL, state text NOT NULL DEFAULT 'pending', written_at bigint NOT NULL);
        CREATE INDEX fire_pending ON fire (id) WHERE state = 'pending'
        """

    private static let seed = "INSERT INTO clockwork SELECT id, \(now) FROM generate_series(1, $1) AS id"

    private static let term = """
        WITH term AS MATERIALIZED (
            SELECT 1 FROM leader_term WHERE name = 'scheduler' AND token = $1 FOR SHARE)
        """

    private static let write = term + rest

    private static let writeUnchecked = "WITH term AS (SELECT 1)" + rest

    private static let rest = """
        , added AS (
            INSERT INTO fire (job, at, token, written_at)
            SELECT f.job, f.at, $1, \(now) FROM unnest($2::bigint[], $3::bigint[]) AS f (job, at), term),
        moved AS (
            UPDATE clockwork SET next_at = n.next_at
            FROM unnest($4::bigint[], $5::bigint[]) AS n (id, next_at), term WHERE clockwork.id = n.id)
        SELECT count(*) FROM term
        """

    private static let done =
        term + """
            , done AS (UPDATE fire SET state = 'taken' FROM term WHERE id = ANY ($2::bigint[]))
            SELECT count(*) FROM term
            """

    private static let books = """
        SELECT count(*),
            count(*) - count(DISTINCT (job, at)),
            (SELECT sum(expected - found) FROM (
                SELECT (max(at) - min(at)) / $1 + 1 AS expected, count(DISTINCT at) AS found
                FROM fire GROUP BY job) AS jobs)::bigint,
            (SELECT count(*) FROM (SELECT token < lag(token) OVER (ORDER BY id) AS falls FROM fire) AS f WHERE falls),
            coalesce(max(written_at - at), 0),
            count(DISTINCT token)
        FROM fire
        """
}
