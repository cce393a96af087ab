import Groundwork
import Synchronization

/// Makes the partitions of days before anything is written into them, and drops those of old days.
final class DayPartitions: Sendable {
    private let pool: PostgresPool
    private let known = Mutex<Set<BatchDay>>([])

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    /// Sees to it that a day has its partitions.
    func prepare(_ day: BatchDay) async throws(StoreError) {
        if known.withLock({ $0.contains(day) }) { return }
        try await pool.write("prepare day") { link in
            try link.run("SELECT pg_advisory_xact_lock($1)", .int(Self.lock))
            guard try !Self.exists(day, link) else { return }
            for (table, key) in PushSchema.partitioned { try Self.attach(table, key, day, link) }
        }
        known.withLock { _ = $0.insert(day) }
    }

    /// Drops the days before `day` of which no message waits for anything, and that no occurrence adds to any more;
    /// tells how many were dropped.
    ///
    /// Copied batches have no day of their own: they go when the newest of them is old enough.
    func drop(before day: BatchDay) async throws(StoreError) -> Int {
        let days =
            try await pool.read("read days") { link in
                try link.run(Self.selectDays).map { $0.text(0) }
            }
            .compactMap { Int64($0) }.filter { $0 < day.rawValue }.sorted()
        var dropped = 0
        for old in days.map(BatchDay.init(rawValue:)) {
            let isGone = try await pool.write("drop day") { link in
                try link.run("SELECT pg_advisory_xact_lock($1)", .int(Self.lock))
                let isNeeded = try link.run(
                    """
                    SELECT EXISTS (SELECT 1 FROM batch_\(old.suffix)
                            WHERE queued + held + accepted + unknown > 0 OR ($1 = 0 AND accepted_at >= $2))
                        OR EXISTS (SELECT 1 FROM campaign_run
                            WHERE partition = $1 AND state IN ('running', 'paused'))
                    """,
                    .int(old.rawValue),
                    .int(day.start.millisecondsSinceEpoch)
                )
                guard isNeeded.first?.bool(0) == false else { return false }
                for (table, _) in PushSchema.partitioned { try link.run("DROP TABLE \(table)_\(old.suffix)") }
                return true
            }
            if isGone {
                dropped += 1
                known.withLock { _ = $0.remove(old) }
            }
        }
        return dropped
    }

    /// Differs from the migrations' lock: days are made while others migrate nothing.
    private static let lock: Int64 = 0x6B_70_75_73_69

    private static func exists(_ day: BatchDay, _ link: PostgresLink) throws -> Bool {
        let last = PushSchema.partitioned.last.map { "\($0.table)_\(day.suffix)" }
        return try link.run("SELECT to_regclass($1) IS NOT NULL", .text(last)).first?.bool(0) == true
    }

    /// Makes a table and attaches it: unlike `CREATE … PARTITION OF`, this stops nobody who reads or writes.
    private static func attach(
        _ table: String,
        _ key: String,
        _ day: BatchDay,
        _ link: PostgresLink
    ) throws {
        let name = "\(table)_\(day.suffix)"
        let isOfMessages = table != "batch" && key == "id"
        let range = isOfMessages ? day.messages : day.numbers
        try link.runScript(
            """
            CREATE TABLE \(name)
                (LIKE \(table) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION)
            """
        )
        if table == "record" {
            try link.runScript(
                """
                CREATE UNIQUE INDEX ON \(name) (key, origin) WHERE key >= 0;
                CREATE UNIQUE INDEX ON \(name) (key, origin, address) WHERE key < 0;
                """
            )
        }
        // A check that says the same spares the server the look at every row.
        try link.runScript(
            """
            ALTER TABLE \(name) ADD CONSTRAINT \(name)_day
                CHECK (\(key) >= \(range.lowerBound) AND \(key) < \(range.upperBound));
            ALTER TABLE \(table) ATTACH PARTITION \(name)
                FOR VALUES FROM (\(range.lowerBound)) TO (\(range.upperBound));
            ALTER TABLE \(name) DROP CONSTRAINT \(name)_day;
            """
        )
    }

    private static let selectDays = """
        SELECT substring(relname FROM 8) FROM pg_class
        WHERE relname ~ '^batch_d[0-9]+$' AND relispartition AND pg_table_is_visible(oid)
        """
}
