import GRDB
package import Groundwork
package import PushEngine

/// Reading all of the books, for who copies them to another store.
extension SQLitePushStore {
    /// Rows of one of `ArchiveTable.books`, those after `key`.
    package func archived(
        _ table: ArchiveTable,
        after key: [ArchiveValue]?,
        limit: Int
    ) async throws(StoreError) -> [[ArchiveValue]] {
        try await database.read("read \(table.name)") { db in
            try db.archived(table, from: Self.sources[table.name], after: key, limit: limit)
        }
    }

    /// Batches with their members, those after `id`.
    package func archivedBatches(
        after id: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [ArchivedBatch] {
        try await database.read("read batches") { db in
            let select = try RawStatement(db, Self.selectBatches)
            select.bind(id?.rawValue ?? 0, at: 1)
            select.bind(limit, at: 2)
            var batches: [ArchivedBatch] = []
            try select.forEachRow { row in
                let id = BatchID(rawValue: row.int64(0))
                guard !row.isNull(3) else {
                    let detail = "batch \(id.rawValue) without payload"
                    throw StoreError(.corrupted, during: "read batches", detail: detail)
                }
                batches.append(
                    ArchivedBatch(
                        id: id,
                        day: row.int(1),
                        task: try SendTask(stored: row.blob(3)),
                        states: row.int64(2),
                        members: try db.archivedMembers(of: id)
                    )
                )
            }
            return batches
        }
    }

    /// All crowd files that can be sent to.
    package func archivedCrowds() async throws(StoreError) -> [CrowdFile] {
        let digests = try await database.read("read crowds") { db in
            try String.fetchAll(db, sql: "SELECT digest FROM crowd WHERE is_retired = 0 ORDER BY digest")
        }
        var crowds: [CrowdFile] = []
        for digest in digests {
            if let crowd = try await crowd(digest) { crowds.append(crowd) }
        }
        return crowds
    }

    /// The highest number that each kind of thing was given, by the name of its `ArchiveTable`, also when it is gone:
    /// no later one may have it.
    package func highestNumbers() async throws(StoreError) -> [String: Int64] {
        try await database.read("read numbers") { db in
            var numbers = try db.highestNumbers([
                "template", "account", "campaign", "campaign_run", "batch", "intent", "trace", "shelf",
                "stray_receipt", "receipt_page", "suppression", "allowed",
                "sensitive_word", "media",
            ])
            numbers["call"] = numbers.removeValue(forKey: "intent")
            return numbers
        }
    }

    /// Counts everything; slow on purpose.
    package func census() async throws(StoreError) -> BooksCensus {
        try await database.read("count the books") { db in
            var census = BooksCensus(
                messages: try db.sums(Self.countMessages),
                tallies: try db.sums(Self.countTallies)
            )
            for name in ArchiveTable.books.map(\.name) + ["batch", "account", "crowd"] {
                let sql = "SELECT count(*) FROM (\(Self.sources[name] ?? "SELECT * FROM \(name)"))"
                census.rows[name] = try Int.fetchOne(db, sql: sql)
            }
            return census
        }
    }

    /// The tables that are kept otherwise than they travel.
    private static let sources = [
        // Shards count the rows they read; here the occurrence does.
        "campaign_shard": """
        SELECT *, CASE WHEN number = 0 THEN (SELECT rows_read FROM campaign_run WHERE id = run) ELSE 0 END
            AS rows_read
        FROM campaign_shard
        """,
        "crowd": "SELECT * FROM crowd WHERE is_retired = 0",
        "tally": """
        SELECT day, template, run, max(account, 0) AS account, state, count, charge FROM tally
        WHERE count <> 0 OR charge <> 0
        """,
        "call": "SELECT * FROM intent",
        "trace": "SELECT *, intent AS call FROM trace",
    ]

    private static let selectBatches = """
        SELECT batch.id, day, states, task FROM batch LEFT JOIN payload ON payload.batch = batch.id
        WHERE batch.id > ? ORDER BY batch.id LIMIT ?
        """

    private static let countMessages = """
        SELECT day, template, coalesce(run, 0), state, count(*), sum(charge)
        FROM record JOIN batch ON batch.id = record.id >> 12 GROUP BY 1, 2, 3, 4
        """

    private static let countTallies = """
        SELECT day, template, run, state, sum(count), sum(charge) FROM tally
        GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0 OR sum(charge) <> 0
        """
}

extension Database {
    fileprivate func archivedMembers(of batch: BatchID) throws -> [ArchivedBatch.Member] {
        let select = try RawStatement(self, Self.selectMembers)
        select.bind(batch.messages.lowerBound, at: 1)
        select.bind(batch.messages.upperBound, at: 2)
        var members: [ArchivedBatch.Member] = []
        try select.forEachRow { row in
            let account = row.int64(3)
            members.append(
                ArchivedBatch.Member(
                    place: row.int(0),
                    row: row.int64(1),
                    state: try row.state(2),
                    account: account == Standing.noAccount ? nil : AccountID(rawValue: account),
                    charge: row.int(4),
                    changedAt: Moment(millisecondsSinceEpoch: row.int64(5))
                )
            )
        }
        return members
    }

    fileprivate func sums(_ sql: String) throws -> [BooksCensus.Kind: BooksCensus.Sum] {
        var sums: [BooksCensus.Kind: BooksCensus.Sum] = [:]
        try RawStatement(self, sql)
            .forEachRow { row in
                let kind = BooksCensus.Kind(
                    day: row.int(0),
                    template: row.int64(1),
                    run: row.int64(2),
                    state: row.int(3)
                )
                sums[kind] = BooksCensus.Sum(count: row.int(4), charge: row.int(5))
            }
        return sums
    }

    private static let selectMembers = """
        SELECT id & 4095, row, state, account, charge, changed_at FROM record
        WHERE id BETWEEN ? AND ? ORDER BY id
        """
}
