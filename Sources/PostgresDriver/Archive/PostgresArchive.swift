package import Groundwork
package import PushEngine
import Scheduler

/// Writes all that another installation holds into empty tables, with the numbers that everything has there.
///
/// From `begin` to `finish` nobody can open the books: whoever copies again after an interruption begins anew.
package struct PostgresArchive: Sendable {
    let pool: PostgresPool
    private let days: DayPartitions

    /// The day of copied batches and of copied occurrences.
    static let day = BatchDay(rawValue: 0)

    /// Makes the tables where they are missing.
    ///
    /// - Throws: `StoreError` when the database cannot be reached or is of a later version.
    package init(_ pool: PostgresPool) async throws(StoreError) {
        self.pool = pool
        days = DayPartitions(pool)
        try await PushSchema.migrator.migrate(pool)
        try await SchedulerSchema.migrator.migrate(pool)
    }

    /// Empties what an unfinished copy has left, and keeps everybody else from opening the books.
    ///
    /// Jobs that no run was made of are emptied as well: a cluster that was started once has its own.
    ///
    /// - Throws: `.conflict` when the tables hold anything else, or a cluster is at work on them.
    package func begin() async throws(StoreError) {
        let operation = "begin to copy"
        try await pool.write(operation) { link in
            guard try link.run(Self.selectLeader).isEmpty else {
                let detail =
                    "a scheduler of the cluster is at work: stop the cluster's processes, and wait a minute"
                throw StoreError(.conflict, during: operation, detail: detail)
            }
            let isBegun = try link.run("SELECT id FROM installation FOR UPDATE").first?.int64(0) == 0
            for table in Self.tables where !isBegun && !["jobs", "job_history"].contains(table) {
                let isEmpty = try link.run("SELECT 1 FROM \(table) LIMIT 1").isEmpty
                guard isEmpty else {
                    let detail = "the database holds something in \(table): copy into an empty one"
                    throw StoreError(.conflict, during: operation, detail: detail)
                }
            }
            try link.run("UPDATE installation SET id = 0")
            try link.run("UPDATE run_days_settled SET until = NULL")
            try link.run("TRUNCATE \(Self.tables.joined(separator: ", "))")
        }
        try await days.prepare(Self.day)
    }

    /// Writes rows of one of the tables that travel as they are.
    package func write(_ rows: [[ArchiveValue]], into table: ArchiveTable) async throws(StoreError) {
        guard table.name != ArchiveTable.receipt.name else { return try await writeReceipts(rows) }
        let extra = Self.extras[table.name].map { [$0] } ?? []
        let names = (table.columns.map(\.name) + extra).map { "\"\($0)\"" }.joined(separator: ", ")
        var copy = CopyRows(columns: table.columns.count + extra.count)
        for row in rows {
            copy.beginRow()
            for (column, value) in zip(table.columns, row) { copy.append(value, as: column.kind) }
            for _ in extra { copy.append(0) }
        }
        try await pool.write("write \(table.name)") { [copy] link in
            try link.copy(into: "\(table.name) (\(names))", copy)
        }
    }

    /// Writes what is known of crowd files; they count as used now.
    package func write(_ crowds: [CrowdFile]) async throws(StoreError) {
        try await pool.write("write crowds") { link in
            let now = try link.run("SELECT (extract(epoch FROM now()) * 1000)::bigint").first?.moment(0)
            guard let now else { throw StoreError(.corrupted, during: "write crowds") }
            for crowd in crowds { _ = try link.putCrowd(crowd, at: now) }
        }
    }

    /// Gives the next of each kind numbers beyond those that were given, and lets everybody in.
    ///
    /// - Parameters:
    ///   - installation: that of the original, by which receipts of its calls are known.
    ///   - numbers: the highest of each kind, by the name of its table.
    /// - Throws: `StoreError`; nobody is let in then.
    package func finish(installation: UInt32, numbers: [String: Int64]) async throws(StoreError) {
        try await pool.write("finish the copy") { link in
            for (name, number) in numbers where number > 0 {
                let sequence =
                    Self.sequences[name].map { "'\($0)'" } ?? "pg_get_serial_sequence('\(name)', 'id')"
                // What was never used stands at its first number as well.
                try link.run(
                    """
                    SELECT setval(\(sequence), greatest($1, coalesce(pg_sequence_last_value(\(sequence)::regclass), 0)))
                    """,
                    .int(number)
                )
            }
            try link.run("UPDATE installation SET id = $1", .int(Int64(installation)))
        }
        // Without it the first plans are made for empty tables.
        try await pool.single("look at the copy") { _ = try $0.run("ANALYZE") }
    }

    /// All tables that a copy fills.
    private static let tables =
        ArchiveTable.books.map(\.name) + [
            "account", "crowd", "crowd_shard", "batch", "record",
        ] + ArchiveTable.scheduler.map(\.name)

    /// Columns that are 0 for all that is copied.
    private static let extras = ["campaign_run": "partition", "tally": "slot", "refused": "shard"]

    /// Those whose numbers are not given by their table.
    private static let sequences = [
        "batch": "batch_number", "call": "call_number", "trace": "trace_number", "shelf": "shelf_number",
    ]

    private static let selectLeader = """
        SELECT 1 FROM leader_term WHERE holder <> '' AND beat_at > clock_timestamp() - interval '30 seconds'
        """
}

extension CopyRows {
    fileprivate mutating func append(_ value: ArchiveValue, as kind: ArchiveTable.Column.Kind) {
        switch value {
        case .none: appendNull()
        case .number(let number) where kind == .flag: append(bytes: [number == 0 ? 0 : 1])
        case .number(let number): append(number)
        case .text(let text): append(text)
        case .bytes(let bytes): append(bytes: bytes)
        }
    }
}
