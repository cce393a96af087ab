package import Groundwork
package import PushEngine

/// Messages go a day at a time, with the partitions of that day.
extension PostgresPushStore: RetentionStore {
    package func removeMessages(
        acceptedBefore moment: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> MessageRemoval {
        let old = try await days.all(before: BatchDay(moment))
            .filter { day in batch.map { day.rawValue > BatchDay(of: $0).rawValue } ?? true }
        guard let day = old.first else { return MessageRemoval() }
        var removal = try await days.drop(day, before: BatchDay(moment))
        if old.count > 1 { removal.next = BatchID(rawValue: day.numbers.upperBound - 1) }
        return removal
    }

    package func removeRemains(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await pool.write("remove remains") { link in
            try Self.removals
                .reduce(0) { removed, sql in
                    removed + (try link.run(sql, .int(moment.millisecondsSinceEpoch), .int(limit)).changed)
                }
        }
    }

    package func removeReconciliations(before moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await pool.write("remove reconciliations") { link in
            try link.run(Self.removeResults, .int(moment.millisecondsSinceEpoch), .int(limit)).changed
        }
    }

    package func removeLinks(unusedSince moment: Moment, limit: Int) async throws(StoreError) -> Int {
        try await pool.write("remove links") { link in
            let hour = PostgresValue.int(ClickHour(code: "", at: moment).hour)
            let found =
                try link.run(Self.lockUnusedLinks, .int(moment.millisecondsSinceEpoch), hour, .int(limit))
                .map { $0.text(0) }
            // A statement of its own: it sees who counted one of them before it was locked.
            let old = try link.run(Self.removeUnusedLinks, .texts(found), hour).map { $0.text(0) }
            try link.run("DELETE FROM click WHERE code = ANY ($1)", .texts(old))
            return old.count
        }
    }

    package func retireCrowds(unusedSince moment: Moment) async throws(StoreError) -> [String] {
        try await pool.write("retire crowds") { link in
            try link.run(Self.retireCrowds, .int(moment.millisecondsSinceEpoch))
            return try link.run("SELECT digest FROM crowd WHERE is_retired ORDER BY digest")
                .map { $0.text(0) }
        }
    }

    package func forgetCrowd(_ digest: String) async throws(StoreError) {
        try await pool.write("forget crowd") { link in
            let delete = "DELETE FROM crowd WHERE digest = $1 AND is_retired"
            guard try link.run(delete, .text(digest)).changed == 1 else { return }
            try link.run("DELETE FROM crowd_shard WHERE crowd = $1", .text(digest))
        }
    }

    private static let removals = [
        removePages, removeStrays, removeRejects, removeComparedRows, removeMediaCopies,
    ]

    /// The oldest are looked at, however many there are.
    static let removePages = """
        DELETE FROM receipt_page USING (
            SELECT id AS old, at AS came FROM receipt_page WHERE is_done ORDER BY id LIMIT $2) AS oldest
        WHERE id = old AND came < $1
        """

    static let removeStrays = """
        DELETE FROM stray_receipt USING (
            SELECT id AS old, received_at AS came FROM stray_receipt ORDER BY id LIMIT $2) AS oldest
        WHERE id = old AND came < $1
        """

    static let removeRejects = """
        DELETE FROM reject USING (
            SELECT ended.id, rows.row FROM campaign_run AS ended
            CROSS JOIN LATERAL (SELECT row FROM reject WHERE run = ended.id ORDER BY row LIMIT $2) AS rows
            WHERE ended.state IN ('finished', 'cancelled') AND coalesce(ended.read_at, ended.started_at) < $1
            LIMIT $2) AS old
        WHERE reject.run = old.id AND reject.row = old.row
        """

    static let removeComparedRows = """
        DELETE FROM reconciliation_row AS row USING (
            SELECT result.day, result.account, rows.number FROM reconciliation AS result
            CROSS JOIN LATERAL (SELECT number FROM reconciliation_row AS r
                WHERE r.day = result.day AND r.account = result.account ORDER BY number LIMIT $2) AS rows
            WHERE result.made_at < $1 LIMIT $2) AS old
        WHERE row.day = old.day AND row.account = old.account AND row.number = old.number
        """

    /// Whoever has a turn to upload one anew keeps it.
    static let removeMediaCopies = """
        DELETE FROM media_copy AS copy USING (
            SELECT media, account FROM media_copy WHERE expires_at < $1 AND busy_until < $1 LIMIT $2) AS old
        WHERE copy.media = old.media AND copy.account = old.account
            AND copy.expires_at < $1 AND copy.busy_until < $1
        """

    static let removeResults = """
        DELETE FROM reconciliation AS result USING (
            SELECT day, account FROM reconciliation AS r WHERE made_at < $1 AND NOT EXISTS (
                SELECT 1 FROM reconciliation_row AS row WHERE row.day = r.day AND row.account = r.account)
            LIMIT $2) AS old
        WHERE result.day = old.day AND result.account = old.account AND result.made_at < $1
        """

    /// Whoever counts one at the moment has it locked: it is used.
    static let lockUnusedLinks = """
        SELECT code FROM link WHERE made_at < $1
            AND NOT EXISTS (SELECT 1 FROM click WHERE click.code = link.code AND hour >= $2)
            AND NOT EXISTS (
                SELECT 1 FROM campaign_run AS holder
                WHERE holder.id = link.run AND holder.state IN ('running', 'paused'))
        ORDER BY made_at LIMIT $3 FOR UPDATE OF link SKIP LOCKED
        """

    private static let removeUnusedLinks = """
        DELETE FROM link WHERE code = ANY ($1)
            AND NOT EXISTS (SELECT 1 FROM click WHERE click.code = link.code AND hour >= $2)
        RETURNING code
        """

    /// Who begins to use one of them at the same moment has its row locked: then its use is seen here.
    private static let retireCrowds = """
        UPDATE crowd SET is_retired = true WHERE used_at < $1 AND NOT is_retired AND digest NOT IN (
            SELECT campaign.crowd FROM campaign WHERE
                state <> 'cancelled' AND (schedule::json ->> 'kind' = 'cron'
                    OR NOT EXISTS (SELECT 1 FROM campaign_run WHERE campaign = campaign.id))
                OR EXISTS (SELECT 1 FROM campaign_run AS r WHERE r.campaign = campaign.id AND (
                    r.state IN ('running', 'paused') OR coalesce(r.read_at, r.started_at) >= $1)))
        """
}
