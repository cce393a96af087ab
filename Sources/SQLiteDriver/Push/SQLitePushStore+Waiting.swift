import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func unfinished(
        acceptedBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [QueueMessage] {
        try await database.read("read unfinished batches") { db in
            let select = try RawStatement(db, Self.selectUnfinished)
            select.bind(batch?.rawValue ?? 0, at: 1)
            select.bind(before.millisecondsSinceEpoch, at: 2)
            select.bind(limit, at: 3)
            var messages: [QueueMessage] = []
            try select.forEachRow { messages.append(try BatchRow($0).message) }
            return messages
        }
    }

    package func expire(unchangedSince before: Moment, limit: Int) async throws(StoreError) -> Int {
        let now = clock.now
        return try await database.write("expire messages", isShort: false) { db in
            let select = try RawStatement(db, Self.selectAwaitingBatches)
            // Who was accepted or called later cannot have been waiting for so long.
            select.bind(before.millisecondsSinceEpoch, at: 1)
            select.bind(limit, at: 2)
            var batches: [BatchRow] = []
            try select.forEachRow { batches.append(try BatchRow($0)) }
            var books = Books()
            var count = 0
            for batch in batches where count < limit {
                count += try db.expire(batch, unchangedSince: before, at: now, atMost: limit - count, &books)
            }
            try books.write(to: db)
            return count
        }
    }

    static let selectUnfinished = """
        SELECT \(BatchRow.columns) FROM batch INDEXED BY batch_queued
        WHERE queued > 0 AND id > ? AND accepted_at < ? ORDER BY id LIMIT ?
        """

    static let selectAwaitingBatches = """
        SELECT \(BatchRow.columns) FROM batch INDEXED BY batch_awaiting
        WHERE accepted + unknown > 0 AND accepted_at < ?1
            AND (SELECT called_at FROM intent WHERE intent.batch = batch.id ORDER BY id LIMIT 1) < ?1
        ORDER BY accepted_at LIMIT ?2
        """
}

extension Database {
    /// Gives up waiting for members of a batch; returns how many.
    fileprivate func expire(
        _ batch: BatchRow,
        unchangedSince before: Moment,
        at now: Moment,
        atMost limit: Int,
        _ books: inout Books
    ) throws -> Int {
        let select = try RawStatement(self, Self.selectAwaiting)
        select.bind(batch.id.messages.lowerBound, at: 1)
        select.bind(batch.id.messages.upperBound, at: 2)
        select.bind(before.millisecondsSinceEpoch, at: 3)
        select.bind(limit, at: 4)
        var expired: [DeliveryState: [Int]] = [:]
        var count = 0
        try select.forEachRow { row in
            let before = Standing(state: try row.state(1), account: row.int64(2))
            let state: DeliveryState = before.state == .unknown ? .unresolved : .unconfirmed
            let after = Standing(state: state, account: before.account)
            books.move(1, charge: row.int(3), from: before, to: after, of: batch)
            expired[state, default: []].append(row.int(0))
            count += 1
        }
        for (state, places) in expired {
            try setState(state, of: Members(places), in: batch.id, at: now)
            try tell(batch.id, at: now, .expired, state, Members(places))
        }
        return count
    }

    private static let selectAwaiting = """
        SELECT id & 4095, state, account, charge FROM record
        WHERE id BETWEEN ? AND ? AND state IN (60, 72) AND changed_at < ? ORDER BY id LIMIT ?
        """
}
