import GRDB
package import Groundwork
package import PushEngine

/// The file does not shrink: pages that become free are used again.
extension SQLitePushStore: RetentionStore {
    /// How many batches one step looks at.
    private static let batchStep = 500

    package func removeMessages(
        acceptedBefore moment: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> MessageRemoval {
        try await database.write("remove messages", isShort: false) { [recipients] db in
            var removal = MessageRemoval()
            var removed = RemovedRecipients()
            for candidate in try db.candidates(after: batch, limit: Self.batchStep) {
                // Batches are numbered in the order of their acceptance, or nearly so.
                guard candidate.acceptedAt < moment else {
                    removal.next = nil
                    break
                }
                removal.next = candidate.id
                guard !candidate.isNeeded else {
                    removal.waiting += 1
                    continue
                }
                removal.removed += try db.remove(candidate, &removed)
                if removal.removed >= limit { break }
            }
            try recipients.grow(by: -(try removed.write(to: db)), db)
            return removal
        }
    }

    package func removeRemains(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await database.write("remove remains", isShort: false) { db in
            var removed = 0
            for sql in Self.removals {
                try db.execute(cached: sql, [moment.millisecondsSinceEpoch, limit])
                removed += db.changesCount
            }
            return removed
        }
    }

    package func removeReconciliations(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await database.write("remove reconciliations", isShort: false) { db in
            try db.execute(cached: Self.removeResults, [moment.millisecondsSinceEpoch, limit])
            return db.changesCount
        }
    }

    package func removeLinks(unusedSince moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await database.write("remove links", isShort: false) { db in
            let old = try String.fetchAll(
                db,
                sql: Self.selectUnusedLinks,
                arguments: [moment.millisecondsSinceEpoch, ClickHour(code: "", at: moment).hour, limit]
            )
            for code in old {
                try db.execute(cached: "DELETE FROM click WHERE code = ?", [code])
                try db.execute(cached: "DELETE FROM link WHERE code = ?", [code])
            }
            return old.count
        }
    }

    package func retireCrowds(unusedSince moment: Moment) async throws(StoreError) -> [String] {
        try await database.write("retire crowds", isShort: false) { db in
            try db.execute(cached: Self.retireCrowds, [moment.millisecondsSinceEpoch])
            return try String.fetchAll(
                db,
                sql: "SELECT digest FROM crowd WHERE is_retired = 1 ORDER BY digest"
            )
        }
    }

    package func forgetCrowd(_ digest: String) async throws(StoreError) {
        try await database.write("forget crowd") { db in
            try db.execute(cached: "DELETE FROM crowd WHERE digest = ? AND is_retired = 1", [digest])
            guard db.changesCount == 1 else { return }
            try db.execute(cached: "DELETE FROM crowd_shard WHERE crowd = ?", [digest])
        }
    }

    private static let removals = [
        removePages, removeStrays, removeRejects, removeComparedRows, removeMediaCopies,
    ]

    /// The oldest are looked at, however many there are.
    static let removePages = """
        DELETE FROM receipt_page WHERE id IN (
            SELECT id FROM (SELECT id, at FROM receipt_page WHERE is_done = 1 ORDER BY id LIMIT ?2)
            WHERE at < ?1)
        """

    static let removeStrays = """
        DELETE FROM stray_receipt WHERE id IN (
            SELECT id FROM (SELECT id, received_at FROM stray_receipt ORDER BY id LIMIT ?2)
            WHERE received_at < ?1)
        """

    static let removeRejects = """
        DELETE FROM reject WHERE (run, row) IN (
            SELECT reject.run, reject.row FROM campaign_run CROSS JOIN reject ON reject.run = campaign_run.id
            WHERE campaign_run.state IN ('finished', 'cancelled')
                AND coalesce(campaign_run.read_at, campaign_run.started_at) < ?1
            LIMIT ?2)
        """

    static let removeComparedRows = """
        DELETE FROM reconciliation_row WHERE (day, account, number) IN (
            SELECT day, account, number FROM reconciliation CROSS JOIN reconciliation_row USING (day, account)
            WHERE made_at < ?1 LIMIT ?2)
        """

    /// Whoever has a turn to upload one anew keeps it.
    static let removeMediaCopies = """
        DELETE FROM media_copy WHERE (media, account) IN (
            SELECT media, account FROM media_copy WHERE expires_at < ?1 AND busy_until < ?1 LIMIT ?2)
        """

    static let removeResults = """
        DELETE FROM reconciliation WHERE (day, account) IN (
            SELECT day, account FROM reconciliation WHERE made_at < ?1 AND NOT EXISTS (
                SELECT 1 FROM reconciliation_row AS r
                WHERE r.day = reconciliation.day AND r.account = reconciliation.account)
            LIMIT ?2)
        """

    static let selectUnusedLinks = """
        SELECT code FROM link WHERE made_at < ?1
            AND NOT EXISTS (SELECT 1 FROM click WHERE click.code = link.code AND hour >= ?2)
            AND NOT EXISTS (
                SELECT 1 FROM campaign_run AS holder
                WHERE holder.id = link.run AND holder.state IN ('running', 'paused'))
        ORDER BY made_at LIMIT ?3
        """

    private static let retireCrowds = """
        UPDATE crowd SET is_retired = 1 WHERE used_at < ?1 AND is_retired = 0 AND digest NOT IN (
            SELECT crowd FROM campaign WHERE
                state <> 'cancelled' AND (schedule ->> '$.kind' = 'cron'
                    OR NOT EXISTS (SELECT 1 FROM campaign_run WHERE campaign = campaign.id))
                OR EXISTS (SELECT 1 FROM campaign_run WHERE campaign = campaign.id AND (
                    campaign_run.state IN ('running', 'paused') OR coalesce(read_at, started_at) >= ?1)))
        """
}

/// A batch that may be old enough.
private struct RemovalCandidate {
    let id: BatchID
    /// The occurrence that its members are indexed under; nil for the API.
    let run: Int64?
    let acceptedAt: Moment
    let isNeeded: Bool
}

/// Recipients whose index rows go with their messages.
private struct RemovedRecipients {
    private struct Entry {
        let key: Int64
        let origin: Int64
        let id: Int64
    }

    /// How many keys are tried beyond an address's own: so many addresses with one hash there never are.
    private static let probes = 4

    private var entries: [Entry] = []

    mutating func add(key: Int64, origin: Int64, id: Int64) {
        entries.append(Entry(key: key, origin: origin, id: id))
    }

    /// Removes the rows, neighbours one after another; returns how many of them were young.
    func write(to db: Database) throws -> Int {
        let young = try RawStatement(db, Self.delete("young_recipient_index"))
        let grown = try RawStatement(db, Self.delete("recipient_index"))
        var youngCount = 0
        for entry in entries.sorted(by: { $0.key < $1.key }) {
            var key = entry.key
            for _ in 0...(key < 0 ? Self.probes : 0) {
                if try Self.run(young, key, entry) {
                    youngCount += 1
                    break
                }
                if try Self.run(grown, key, entry) { break }
                key = RecipientProbe.next(after: key)
            }
        }
        return youngCount
    }

    private static func run(_ statement: RawStatement, _ key: Int64, _ entry: Entry) throws -> Bool {
        statement.bind(key, at: 1)
        statement.bind(entry.origin, at: 2)
        statement.bind(entry.id, at: 3)
        return try statement.run() == 1
    }

    private static func delete(_ table: String) -> String {
        "DELETE FROM \(table) WHERE key = ? AND origin = ? AND id = ?"
    }
}

extension Database {
    fileprivate func candidates(after batch: BatchID?, limit: Int) throws -> [RemovalCandidate] {
        let select = try RawStatement(self, Self.selectCandidates)
        select.bind(batch?.rawValue ?? 0, at: 1)
        select.bind(limit, at: 2)
        var candidates: [RemovalCandidate] = []
        try select.forEachRow { row in
            candidates.append(
                RemovalCandidate(
                    id: BatchID(rawValue: row.int64(0)),
                    run: row.isNull(1) ? nil : row.int64(1),
                    acceptedAt: Moment(millisecondsSinceEpoch: row.int64(2)),
                    isNeeded: row.int(3) != 0
                )
            )
        }
        return candidates
    }

    /// Removes a batch and all that tells of it; returns how many messages it had.
    fileprivate func remove(_ batch: RemovalCandidate, _ recipients: inout RemovedRecipients) throws -> Int {
        let messages = batch.id.messages
        let select = try RawStatement(self, "SELECT id, recipient FROM record WHERE id BETWEEN ? AND ?")
        select.bind(messages.lowerBound, at: 1)
        select.bind(messages.upperBound, at: 2)
        try select.forEachRow { row in
            let id = row.int64(0)
            let key = row.withBytes(1) { RecipientKey(bytes: $0) }
            recipients.add(key: key.rawValue, origin: batch.run ?? -id, id: id)
        }
        var removed = 0
        for table in ["biz", "receipt", "confirmation", "record"] {
            let delete = try RawStatement(self, "DELETE FROM \(table) WHERE id BETWEEN ? AND ?")
            delete.bind(messages.lowerBound, at: 1)
            delete.bind(messages.upperBound, at: 2)
            removed = try delete.run()
        }
        for (table, column) in [
            ("intent", "batch"), ("trace", "batch"), ("shelf", "batch"), ("payload", "batch"),
            ("batch", "id"),
        ] {
            let delete = try RawStatement(self, "DELETE FROM \(table) WHERE \(column) = ?")
            delete.bind(batch.id.rawValue, at: 1)
            try delete.run()
        }
        return removed
    }

    static let selectCandidates = """
        SELECT batch.id, batch.run, batch.accepted_at,
            batch.queued + batch.held + batch.accepted + batch.unknown > 0
                OR coalesce(campaign_run.state IN ('running', 'paused'), 0)
        FROM batch LEFT JOIN campaign_run ON campaign_run.id = batch.run
        WHERE batch.id > ? ORDER BY batch.id LIMIT ?
        """
}
