import Groundwork
import PushEngine
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

    /// The days before `end` that have partitions, in order.
    ///
    /// Copied batches have no day of their own, and come first.
    func all(before end: BatchDay) async throws(StoreError) -> [BatchDay] {
        try await pool.read("read days") { link in try link.run(Self.selectDays).map { $0.text(0) } }
            .compactMap { Int64($0) }.filter { $0 < end.rawValue }.sorted().map(BatchDay.init(rawValue:))
    }

    /// Drops a day when no message of it waits for anything, no occurrence adds to it any more, and all of it was
    /// accepted before the day `end`: copied batches, and a campaign's, may be younger than the day that they
    /// lie in.
    ///
    /// - Throws: `StoreError`, `.unavailable` when others use the day's tables all the time.
    func drop(_ day: BatchDay, before end: BatchDay) async throws(StoreError) -> MessageRemoval {
        let (removal, isGone) = try await pool.write("drop day") { link in
            // Whoever sends or looks something up waits behind this, so it gives way soon: before PostgreSQL looks
            // for deadlocks, whose victim might be somebody else.
            try link.runScript("SET LOCAL lock_timeout = \(Self.patience)")
            try link.run("SELECT pg_advisory_xact_lock($1)", .int(Self.lock))
            // Another process may have dropped it meanwhile.
            guard try Self.exists(day, link) else { return (MessageRemoval(), false) }
            let standing = try link.run(
                Self.selectStanding(day),
                .int(day.rawValue),
                .int(end.start.millisecondsSinceEpoch)
            )
            guard let standing = standing.first else { return (MessageRemoval(), false) }
            guard !standing.bool(1) else { return (MessageRemoval(waiting: standing.int(0)), false) }
            let count = try Self.size(of: day, link)
            for (table, _) in PushSchema.partitioned { try link.run("DROP TABLE \(table)_\(day.suffix)") }
            return (MessageRemoval(removed: count), true)
        }
        if isGone { known.withLock { _ = $0.remove(day) } }
        return removal
    }

    /// How many batches of a day wait for something, and whether it must stay.
    private static func selectStanding(_ day: BatchDay) -> String {
        """
        SELECT count(*) FILTER (WHERE isOpen), count(*) FILTER (WHERE isOpen OR accepted_at >= $2) > 0
            OR EXISTS (SELECT 1 FROM campaign_run WHERE partition = $1 AND state IN ('running', 'paused'))
        FROM (
            SELECT accepted_at, queued + held + accepted + unknown > 0
                OR run IN (SELECT id FROM campaign_run WHERE state IN ('running', 'paused')) AS isOpen
            FROM batch_\(day.suffix)) AS batches
        """
    }

    /// About how many messages a day has: as the server counted them last, which takes no time however many they are.
    ///
    /// Days are dropped that nobody has added to for long; the server has never counted only those of few rows.
    private static func size(of day: BatchDay, _ link: PostgresLink) throws -> Int {
        let table = "record_\(day.suffix)"
        let known = try link.run(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)",
            .text(table)
        )
        if let count = known.first?.int(0), count >= 0 { return count }
        return try link.run("SELECT count(*) FROM \(table)").first?.int(0) ?? 0
    }

    /// How long a table is waited for, in milliseconds.
    private static let patience = 200

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
