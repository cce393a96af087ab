import GRDB
package import Groundwork
package import Scheduler

/// The runs in the scheduler's file, in the order of their triggers.
package struct SQLiteRunLedger: RunLedger {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func entries(
        of job: JobID,
        in span: Range<Moment>,
        after: LedgerEntry.Place?,
        limit: Int
    ) async throws(StoreError) -> [LedgerEntry] {
        try await database.read("read ledger") { db in
            let select = try RawStatement(db, Self.page)
            let from = after ?? LedgerEntry.Place(plannedAt: span.lowerBound, shard: -1, attempt: 0)
            select.bind(job.rawValue, at: 1)
            select.bind(from.plannedAt.millisecondsSinceEpoch, at: 2)
            select.bind(from.shard, at: 3)
            select.bind(from.attempt, at: 4)
            select.bind(span.upperBound.millisecondsSinceEpoch, at: 5)
            select.bind(limit, at: 6)
            var entries: [LedgerEntry] = []
            try select.forEachRow { row in entries.append(try LedgerEntry(row)) }
            return entries
        }
    }

    package func lastTrigger(of job: JobID, before moment: Moment) async throws(StoreError) -> LedgerEntry? {
        try await database.read("read ledger") { db in
            let select = try RawStatement(db, Self.last)
            select.bind(job.rawValue, at: 1)
            select.bind(moment.millisecondsSinceEpoch, at: 2)
            return try select.first { try LedgerEntry($0) }
        }
    }

    package func keptSince(of job: JobID) async throws(StoreError) -> Moment? {
        let sql = "SELECT kept_since FROM forgotten_runs WHERE job = ?"
        return try await database.read("read ledger") { db in
            try Int64.fetchOne(db.cachedStatement(sql: sql), arguments: [job.rawValue])
                .map(Moment.init(millisecondsSinceEpoch:))
        }
    }

    private static let columns = """
        id, planned_at, shard_index, shard_total, attempt, trigger_kind, dispatched_at, ended_at, reason
        """

    private static let page = """
        SELECT \(columns) FROM runs
        WHERE job = ? AND (planned_at, shard_index, attempt) > (?, ?, ?) AND planned_at < ?
        ORDER BY planned_at, shard_index, attempt LIMIT ?
        """

    private static let last = """
        SELECT \(columns) FROM runs
        WHERE job = ? AND planned_at < ? AND attempt = 1 AND trigger_kind IN ('schedule', 'misfire')
        ORDER BY planned_at DESC, shard_index DESC LIMIT 1
        """
}

extension Database {
    /// Notes that runs of a job are removed in this transaction; `last` is the latest instant for which one of them was planned, or
    /// at which it ended.
    func noteForgotten(of job: JobID, last: Moment) throws {
        try execute(
            cached: """
                INSERT INTO forgotten_runs (job, kept_since) VALUES (?, ?)
                ON CONFLICT (job) DO UPDATE SET kept_since = max(kept_since, excluded.kept_since)
                """,
            [job.rawValue, last.millisecondsSinceEpoch + 1]
        )
    }
}

extension LedgerEntry {
    /// Reads a row of `runs`.
    fileprivate init(_ row: RawStatement) throws {
        guard let trigger = TriggerKind(rawValue: row.text(5)) else {
            throw StoreError(.corrupted, during: "read ledger", detail: row.text(5))
        }
        self.init(
            run: RunID(rawValue: row.int64(0)),
            plannedAt: Moment(millisecondsSinceEpoch: row.int64(1)),
            shard: Shard(index: row.int(2), total: row.int(3)),
            attempt: row.int(4),
            trigger: trigger,
            dispatchedAt: row.moment(6),
            endedAt: row.moment(7),
            reason: row.isNull(8) ? nil : RunReason(rawValue: row.text(8))
        )
    }
}

extension RawStatement {
    fileprivate func moment(_ column: Int32) -> Moment? {
        isNull(column) ? nil : Moment(millisecondsSinceEpoch: int64(column))
    }
}
