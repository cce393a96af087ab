import GRDB
package import Groundwork
package import PushEngine

/// Counters per recipient in a file of their own, so that they do not wait for the ledger's writer.
package struct SQLiteQuotaStore: QuotaStore {
    let database: SQLiteDatabase
    let young: YoungTable
    let clock: any WallClock
    /// The most rows that one step of pruning looks at.
    private let pruneStep: Int

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: the file, usually `quota.db` in the data folder.
    ///   - settings: how it is kept.
    ///   - pruneStep: the most rows that one step of pruning looks at.
    ///   - clock: tells how old a message is.
    /// - Throws: `StoreError` when the file cannot be opened or is of a later version.
    package init(
        path: String,
        settings: SQLiteSettings = SQLiteSettings(),
        pruneStep: Int = 20_000,
        clock: any WallClock
    ) throws(StoreError) {
        let young = YoungTable("quota")
        try self.init(path: path, settings: settings, pruneStep: pruneStep, young: young, clock: clock)
    }

    init(
        path: String,
        settings: SQLiteSettings,
        pruneStep: Int,
        young: YoungTable,
        clock: any WallClock
    ) throws(StoreError) {
        self.young = young
        self.clock = clock
        database = try SQLiteDatabase(path: path, settings: settings, migrator: QuotaMigrations.migrator)
        self.pruneStep = pruneStep
    }

    package func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict] {
        if let span = rules.span {
            return try await reserve(claims, channel: channel, rules: rules, span, day: day)
        }
        let now = clock.now
        let order = claims.quotaOrder(on: channel)
        let isShort = claims.count <= SQLiteDatabase.shortCount
        return try await database.write("reserve quota", isShort: isShort) { [young] db in
            var verdicts = [QuotaVerdict](repeating: .granted, count: claims.count)
            var table = try QuotaTable(db)
            try table.visit(order) { row, places in
                var row = row ?? QuotaRow(day: day)
                row.turn(to: day, rules: rules, now: now)
                var isChanged = false
                for place in places {
                    let (verdict, changes) = row.judge(claims[place.claim], rules: rules, now: now)
                    verdicts[place.claim] = verdict
                    isChanged = isChanged || changes
                }
                return isChanged ? row : nil
            }
            try young.grow(by: table.added, db)
            return verdicts
        }
    }

    package func refund(
        _ claims: [QuotaClaim],
        channel: Channel,
        span: QuotaSpan?
    ) async throws(StoreError) {
        guard !claims.isEmpty else { return }
        let order =
            claims.quotaOrder(on: channel) + (span.map { claims.quotaOrder(on: channel, $0.type) } ?? [])
        try await database.write("refund quota") { [young] db in
            var table = try QuotaTable(db)
            try table.visit(order) { row, places in
                guard var row else { return nil }
                let refunded = places.count { row.refund(claims[$0.claim].owner) }
                return refunded > 0 ? row : nil
            }
            try young.grow(by: table.added, db)
        }
    }

    package func prune(before day: Int) async throws(StoreError) -> Bool {
        try await database.write("prune quota", isShort: false) { [young, pruneStep] db in
            let from = try Int64.fetchOne(db, cached: Self.selectPruned, [day]) ?? Int64.min
            if from == Int64.min {
                try db.execute(cached: Self.deleteYoung, [day])
                try young.grow(by: -db.changesCount, db)
            }
            // The key behind the rows of this step; nil when they are the last.
            let end = try Int64.fetchOne(db, cached: Self.selectStep, [from, pruneStep])
            try db.execute(cached: Self.deleteOld, [from, end ?? Int64.max, end == nil, day])
            try db.execute(cached: Self.updatePruned, [day, end ?? Int64.min])
            return end != nil
        }
    }

    private static let selectPruned = "SELECT key FROM pruned WHERE day = ?"

    static let selectStep = "SELECT key FROM quota WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?"

    static let deleteOld = "DELETE FROM quota WHERE key >= ? AND (key < ? OR ?) AND day < ?"

    static let deleteYoung = "DELETE FROM young_quota WHERE day < ?"

    private static let updatePruned = "UPDATE pruned SET day = ?, key = ?"
}

/// A claim's place among the claims, and the row it is about.
struct QuotaPlace: Sendable {
    let key: Int64
    let claim: Int
}

extension [QuotaClaim] {
    /// The claims by row, those of a type's rows if one is given, so that neighbours in the file are visited one after the other; those about the
    /// same row keep their order.
    func quotaOrder(on channel: Channel, _ type: MessageType? = nil) -> [QuotaPlace] {
        enumerated()
            .map { QuotaPlace(key: channel.quotaKey($0.element.recipient, type), claim: $0.offset) }
            .sorted { ($0.key, $0.claim) < ($1.key, $1.claim) }
    }
}

/// The rows of the file within one transaction.
struct QuotaTable {
    private let select: RawStatement
    private let upsert: RawStatement
    private let delete: RawStatement
    private let deleteYoung: RawStatement
    private var bytes: [UInt8] = []
    /// How many rows the young part has more than before.
    private(set) var added = 0

    init(_ db: Database) throws {
        select = try RawStatement(db, Self.selectRow)
        upsert = try RawStatement(db, Self.upsertRow)
        delete = try RawStatement(db, Self.deleteRow)
        deleteYoung = try RawStatement(db, Self.deleteYoungRow)
    }

    /// Shows each row once to `body`, with all places about it, and stores what it returns; nil leaves the
    /// row.
    mutating func visit(
        _ order: [QuotaPlace],
        _ body: (QuotaRow?, ArraySlice<QuotaPlace>) throws -> QuotaRow?
    ) throws {
        var start = 0
        while start < order.count {
            let key = order[start].key
            var end = start + 1
            while end < order.count, order[end].key == key { end += 1 }
            let found = try row(key)
            if let row = try body(found?.row, order[start..<end]) {
                try store(row, key, isYoung: found?.isYoung ?? false)
            }
            start = end
        }
    }

    private func row(_ key: Int64) throws -> (row: QuotaRow, isYoung: Bool)? {
        select.bind(key, at: 1)
        return try select.first { row in
            let found = row.withBytes(2) { bytes in
                Result { try QuotaRow(day: row.int(0), earlier: row.int(1), stored: bytes) }
            }
            return (try found.get(), row.int(3) == 1)
        }
    }

    private mutating func store(_ row: QuotaRow, _ key: Int64, isYoung: Bool) throws {
        guard !row.entries.isEmpty else {
            delete.bind(key, at: 1)
            try delete.run()
            deleteYoung.bind(key, at: 1)
            added -= try deleteYoung.run()
            return
        }
        row.store(in: &bytes)
        upsert.bind(key, at: 1)
        upsert.bind(row.day, at: 2)
        upsert.bind(row.earlier, at: 3)
        try bytes.withUnsafeBytes { bytes in
            upsert.bind(blob: bytes, at: 4)
            try upsert.run()
        }
        if !isYoung { added += 1 }
    }

    private static let selectRow = """
        SELECT day, earlier, entries, 1 FROM young_quota WHERE key = ?1
        UNION ALL SELECT day, earlier, entries, 0 FROM quota WHERE key = ?1 LIMIT 1
        """

    private static let upsertRow = """
        INSERT INTO young_quota (key, day, earlier, entries) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET day = excluded.day, earlier = excluded.earlier, entries = excluded.entries
        """

    private static let deleteRow = "DELETE FROM quota WHERE key = ?"

    private static let deleteYoungRow = "DELETE FROM young_quota WHERE key = ?"
}
