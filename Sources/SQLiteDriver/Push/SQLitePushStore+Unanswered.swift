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

    package func unknownMessages(
        calledBefore before: Moment,
        after message: MessageID?,
        limit: Int
    ) async throws(StoreError) -> [UnknownMessage] {
        try await database.read("read unknown messages") { db in
            let batches = try RawStatement(db, Self.selectUnknownBatches)
            batches.bind(message?.batch.rawValue ?? 0, at: 1)
            defer { batches.reset() }
            var messages: [UnknownMessage] = []
            while messages.count < limit, try batches.step() {
                let batch = BatchID(rawValue: batches.int64(0))
                let found = try db.unknownMessages(of: batch, calledBefore: before)
                let next = found.filter { $0.message.rawValue > message?.rawValue ?? 0 }
                messages += next.prefix(limit - messages.count)
            }
            return messages
        }
    }

    package func confirmAccepted(_ message: MessageID, reference: String) async throws(StoreError) {
        let now = clock.now
        try await database.write("confirm message") { db in
            guard let batch = try db.batch(message.batch), let before = try db.standing(of: message) else {
                throw StoreError(.notFound, during: "confirm message")
            }
            guard before.state == .unknown else { return }
            let members = Members([message.index])
            try db.setState(.accepted, of: members, in: batch.id, at: now)
            try db.execute(cached: Self.insertConfirmation, [message.rawValue, reference])
            let account = AccountID(rawValue: before.account)
            try db.tell(batch.id, at: now, .answered, .accepted, account: account, members)
            var books = Books()
            books.move(1, from: before, to: Standing(state: .accepted, account: before.account), of: batch)
            try books.write(to: db)
        }
    }

    package func expire(acceptedBefore before: Moment, limit: Int) async throws(StoreError) -> Int {
        let now = clock.now
        return try await database.write("expire messages", isShort: false) { db in
            let select = try RawStatement(db, Self.selectAwaitingBatches)
            select.bind(before.millisecondsSinceEpoch, at: 1)
            select.bind(limit, at: 2)
            var batches: [BatchRow] = []
            try select.forEachRow { batches.append(try BatchRow($0)) }
            var books = Books()
            var count = 0
            for batch in batches where count < limit {
                count += try db.expire(batch, at: now, atMost: limit - count, &books)
            }
            try books.write(to: db)
            return count
        }
    }

    static let selectUnfinished = """
        SELECT \(BatchRow.columns) FROM batch INDEXED BY batch_queued
        WHERE queued > 0 AND id > ? AND accepted_at < ? ORDER BY id LIMIT ?
        """

    static let selectUnknownBatches = """
        SELECT id FROM batch INDEXED BY batch_unknown WHERE unknown > 0 AND id >= ? ORDER BY id
        """

    static let selectAwaitingBatches = """
        SELECT \(BatchRow.columns) FROM batch INDEXED BY batch_awaiting
        WHERE accepted + unknown > 0 AND accepted_at < ? ORDER BY accepted_at LIMIT ?
        """

    private static let insertConfirmation =
        "INSERT OR REPLACE INTO confirmation (id, reference) VALUES (?, ?)"
}

extension Database {
    /// The messages of a batch whose last call had no answer and was made before an instant.
    fileprivate func unknownMessages(
        of batch: BatchID,
        calledBefore before: Moment
    ) throws -> [UnknownMessage] {
        let select = try RawStatement(self, Self.selectUnknownRecords)
        select.bind(batch.messages.lowerBound, at: 1)
        select.bind(batch.messages.upperBound, at: 2)
        var records: [(id: MessageID, recipient: String)] = []
        try select.forEachRow { records.append((MessageID(rawValue: $0.int64(0)), $0.text(1))) }
        let calls = try lastCalls(of: batch)
        return records.compactMap { id, recipient in
            guard let call = calls[id.index], call.calledAt < before else { return nil }
            return UnknownMessage(
                message: id,
                recipient: recipient,
                account: call.intent.account,
                intent: call.intent.id,
                calledAt: call.calledAt
            )
        }
    }

    /// The last call of each member of a batch that was in one.
    private func lastCalls(of batch: BatchID) throws -> [Int: (intent: Intent, calledAt: Moment)] {
        let select = try RawStatement(self, CallRow.select)
        select.bind(batch.rawValue, at: 1)
        var calls: [Int: (intent: Intent, calledAt: Moment)] = [:]
        try select.forEachRow { row in
            let intent = Intent(
                id: IntentID(rawValue: row.int64(0)),
                account: AccountID(rawValue: row.int64(1)),
                members: try Members(stored: row.blob(2))
            )
            let calledAt = Moment(millisecondsSinceEpoch: row.int64(3))
            for place in intent.members.indices { calls[place] = (intent, calledAt) }
        }
        return calls
    }

    /// Where a message stands; nil when there is none.
    fileprivate func standing(of message: MessageID) throws -> Standing? {
        let select = try RawStatement(self, Self.selectStanding)
        select.bind(message.rawValue, at: 1)
        return try select.first { Standing(state: try $0.state(0), account: $0.int64(1)) }
    }

    /// Gives up waiting for members of a batch; returns how many.
    fileprivate func expire(
        _ batch: BatchRow,
        at now: Moment,
        atMost limit: Int,
        _ books: inout Books
    ) throws -> Int {
        let select = try RawStatement(self, Self.selectAwaiting)
        select.bind(batch.id.messages.lowerBound, at: 1)
        select.bind(batch.id.messages.upperBound, at: 2)
        select.bind(limit, at: 3)
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

    private static let selectUnknownRecords = """
        SELECT id, recipient FROM record WHERE id BETWEEN ? AND ? AND state = 72 ORDER BY id
        """

    private static let selectStanding = "SELECT state, account FROM record WHERE id = ?"

    private static let selectAwaiting = """
        SELECT id & 4095, state, account, charge FROM record
        WHERE id BETWEEN ? AND ? AND state IN (60, 72) ORDER BY id LIMIT ?
        """
}
