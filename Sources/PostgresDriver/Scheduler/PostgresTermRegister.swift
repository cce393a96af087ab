package import Groundwork
package import Scheduler

/// The register of terms beside the scheduler's tables.
///
/// Each step is one statement that is a transaction of its own: a process that is stopped at any point
/// leaves no lock behind on the row that every leader's write looks at.
package struct PostgresTermRegister: TermRegister {
    private let pool: PostgresPool

    /// - Parameter database: whose writes the terms are about; beats go through the same connections as they do.
    package init(_ database: PostgresSchedulerDatabase) {
        pool = database.pool
    }

    package func read(_ name: String) async throws(StoreError) -> RegisteredTerm {
        try await pool.single("read term") { link in
            if let row = try link.run(Self.find, .text(name)).first { return RegisteredTerm(row) }
            try link.run(Self.open, .text(name))
            guard let row = try link.run(Self.find, .text(name)).first else { throw Self.lostRow }
            return RegisteredTerm(row)
        }
    }

    package func begin(
        _ name: String,
        holder: String,
        after seen: RegisteredTerm?
    ) async throws(StoreError) -> FencingToken? {
        try await pool.single("begin term") { link in
            let mint = PostgresStatement(
                Self.mint,
                .text(name),
                .text(holder),
                .int(seen?.token.rawValue),
                .int(seen?.beats)
            )
            let rows: PostgresRows?
            do { rows = try Self.run(mint, waiting: "500ms", on: link) } catch let failure as PostgresFailure
                where failure.state == "55P03"
            {
                // Whoever stands still in the middle of a word leads no more, and its session is in the way.
                try link.run(Self.cutOff)
                rows = try Self.run(mint, waiting: "2s", on: link)
            }
            let token = rows?.first.map { FencingToken(rawValue: $0.int64(0)) }
            guard token != nil || seen != nil else { throw Self.lostRow }
            return token
        }
    }

    package func beat(_ name: String, _ token: FencingToken) async throws(StoreError) {
        let isCurrent = try await pool.single("beat") { link in
            let beat = PostgresStatement(Self.beat, .text(name), .int(token.rawValue))
            return try Self.run(beat, waiting: "2s", on: link)?.changed == 1
        }
        guard isCurrent else {
            throw StoreError(.staleToken, during: "beat", detail: "term \(token.rawValue) is over")
        }
    }

    package func end(_ name: String, _ token: FencingToken) async throws(StoreError) {
        try await pool.single("end term") { link in
            let end = PostgresStatement(Self.end, .text(name), .int(token.rawValue))
            _ = try Self.run(end, waiting: "2s", on: link)
        }
    }

    /// Runs a statement that waits for others' writes for a limited time; a pipeline is one transaction.
    private static func run(
        _ statement: PostgresStatement,
        waiting limit: String,
        on link: PostgresLink
    ) throws -> PostgresRows? {
        let patience = PostgresStatement("SELECT set_config('lock_timeout', $1, true)", .text(limit))
        return try link.runAll([patience, statement]).last
    }

    private static let lostRow = StoreError(
        .corrupted,
        during: "elect",
        detail: "the register lost its row"
    )

    private static let find = "SELECT token, holder, beat, cluster FROM leader_term WHERE name = $1"

    private static let open = """
        INSERT INTO leader_term (name, token, holder, beat, beat_at, cluster)
        VALUES ($1, 0, '', 0, clock_timestamp(), gen_random_uuid()::text)
        ON CONFLICT (name) DO NOTHING
        """

    /// Ends the sessions that are in the middle of a write under a token and hear nothing: their processes are stopped,
    /// or what they said reached the server in part.
    private static let cutOff = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user
            AND (state LIKE 'idle in transaction%' OR (state = 'active' AND wait_event = 'ClientRead'))
            AND pid IN (
                SELECT pid FROM pg_locks
                WHERE relation = 'leader_term'::regclass AND mode IN ('RowShareLock', 'RowExclusiveLock'))
        """

    private static let mint = """
        UPDATE leader_term
        SET token = token + 1, holder = $2, beat = beat + 1, beat_at = clock_timestamp()
        WHERE name = $1 AND ($3::bigint IS NULL OR (token = $3 AND beat = $4))
        RETURNING token
        """

    private static let beat = """
        UPDATE leader_term SET beat = beat + 1, beat_at = clock_timestamp()
        WHERE name = $1 AND token = $2 AND holder <> ''
        """

    private static let end = """
        UPDATE leader_term SET holder = '', beat = beat + 1, beat_at = clock_timestamp()
        WHERE name = $1 AND token = $2 AND holder <> ''
        """
}

extension RegisteredTerm {
    fileprivate init(_ row: PostgresRow) {
        let holder = row.text(1)
        self.init(
            token: FencingToken(rawValue: row.int64(0)),
            holder: holder.isEmpty ? nil : holder,
            beats: row.int64(2),
            cluster: row.text(3)
        )
    }
}
