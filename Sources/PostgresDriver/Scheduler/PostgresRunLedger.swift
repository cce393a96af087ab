package import Groundwork
package import Scheduler

/// The runs in the scheduler's tables, in the order of their triggers.
package struct PostgresRunLedger: RunLedger {
    private let database: PostgresSchedulerDatabase
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func entries(
        of job: JobID,
        in span: Range<Moment>,
        after: LedgerEntry.Place?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        let from = after ?? LedgerEntry.Place(plannedAt: span.lowerBound, shard: -1, attempt: 0)
        let page = PostgresStatement(
            Self.page,
            .int(job.rawValue),
            .int(from.plannedAt.millisecondsSinceEpoch),
            .int(from.shard),
            .int(from.attempt),
            .int(span.upperBound.millisecondsSinceEpoch),
            .int(limit)
        )
        return try await pool.write("read ledger", [.inIndexOrder, page]) { brought in
            try brought[1].map { try LedgerEntry($0) }
        }
    }

    package func lastTrigger(of job: JobID, before moment: Moment) async throws(StoreError) -> LedgerEntry? {
        let last = PostgresStatement(Self.last, .int(job.rawValue), .int(moment.millisecondsSinceEpoch))
        return try await pool.write("read ledger", [.inIndexOrder, last]) { brought in
            try brought[1].first.map { try LedgerEntry($0) }
        }
    }

    package func keptSince(of job: JobID) async throws(StoreError) -> Moment? {
        let sql = "SELECT kept_since FROM forgotten_runs WHERE job = $1"
        return try await pool.single("read ledger") { link in
            try link.run(sql, .int(job.rawValue)).first?.moment(0)
        }
    }

    private static let columns = """
        id, planned_at, shard_index, shard_total, attempt, trigger_kind, dispatched_at, ended_at, reason
        """

    private static let page = """
        SELECT \(columns) FROM runs
        WHERE job = $1 AND (planned_at, shard_index, attempt) > ($2, $3, $4) AND planned_at < $5
        ORDER BY planned_at, shard_index, attempt LIMIT $6
        """

    private static let last = """
        SELECT \(columns) FROM runs
        WHERE job = $1 AND planned_at < $2 AND attempt = 1 AND trigger_kind IN ('schedule', 'misfire')
        ORDER BY planned_at DESC, shard_index DESC LIMIT 1
        """

    /// Notes that runs of jobs are removed in this transaction: by job the latest instant for which one of them was planned, or at
    /// which it ended.
    static func noteForgotten(_ last: [JobID: Moment]) -> PostgresStatement {
        let rows = Array(last)
        return PostgresStatement(
            """
            INSERT INTO forgotten_runs (job, kept_since)
            SELECT job, last + 1 FROM unnest($1::bigint[], $2::bigint[]) AS n (job, last)
            ON CONFLICT (job) DO UPDATE
            SET kept_since = greatest(forgotten_runs.kept_since, excluded.kept_since)
            """,
            .ints(rows.map(\.key.rawValue)),
            .ints(rows.map(\.value.millisecondsSinceEpoch))
        )
    }
}

extension LedgerEntry {
    /// Reads a row of `runs`.
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            run: RunID(rawValue: row.int64(0)),
            plannedAt: row.moment(1),
            shard: Shard(index: row.int(2), total: row.int(3)),
            attempt: row.int(4),
            trigger: try row.word(5, of: "ledger"),
            dispatchedAt: row.optionalMoment(6),
            endedAt: row.optionalMoment(7),
            reason: row.optionalText(8).flatMap(RunReason.init(rawValue:))
        )
    }
}
