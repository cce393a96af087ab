package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func unfinished(
        acceptedBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [QueueMessage] {
        try await pool.read("read unfinished batches") { link in
            let select = PostgresStatement(
                Self.selectUnfinished,
                .int(batch?.rawValue ?? 0),
                .int(before.millisecondsSinceEpoch),
                .int(limit)
            )
            return try link.runAll([.inIndexOrder, select]).last?.map { try BatchRow($0).message } ?? []
        }
    }

    package func expire(unchangedSince before: Moment, limit: Int) async throws(StoreError) -> Int {
        let now = clock.now
        return try await pool.write("expire messages") { link in
            // Who was accepted or called later cannot have been waiting for so long.
            let batches = try link.run(Self.selectAwaiting, .int(before.millisecondsSinceEpoch), .int(limit))
                .map { BatchID(rawValue: $0.int64(0)) }
            var sheets = try BatchSheet.lock(batches, link)
            var tallies = Tallies()
            var statements: [PostgresStatement] = []
            var count = 0
            for id in sheets.keys.sorted() where count < limit {
                guard var sheet = sheets[id] else { continue }
                let (told, expired) = sheet.expire(before, at: now, atMost: limit - count, &tallies)
                statements += told
                count += expired
                sheets[id] = sheet
            }
            statements += sheets.keys.sorted().compactMap { sheets[$0]?.statement }
            if let statement = tallies.statement { statements.append(statement) }
            _ = try link.runAll(statements)
            return count
        }
    }

    static let selectUnfinished = """
        SELECT \(BatchRow.columns) FROM batch
        WHERE queued > 0 AND id > $1 AND accepted_at < $2 ORDER BY id LIMIT $3
        """

    static let selectAwaiting = """
        SELECT id FROM batch
        WHERE accepted + unknown > 0 AND accepted_at < $1
            AND (SELECT min(called_at) FROM call WHERE call.batch = batch.id) < $1
        ORDER BY accepted_at LIMIT $2
        """
}

extension BatchSheet {
    /// Gives up waiting for members; what tells of it, and how many they are.
    fileprivate mutating func expire(
        _ before: Moment,
        at now: Moment,
        atMost limit: Int,
        _ tallies: inout Tallies
    ) -> (told: [PostgresStatement], count: Int) {
        var expired: [DeliveryState: [Int]] = [:]
        var count = 0
        for (place, standing) in standings.members.enumerated() where count < limit {
            guard let standing, standing.state == .unknown || standing.state == .accepted,
                standing.changedAt < before
            else { continue }
            let state: DeliveryState = standing.state == .unknown ? .unresolved : .unconfirmed
            move(place, to: state, account: standing.account, at: now, &tallies)
            expired[state, default: []].append(place)
            count += 1
        }
        let told = expired.map { state, places in
            PostgresPushStore.tell(row.id, at: now, .expired, state, Members(places))
        }
        return (told, count)
    }
}
