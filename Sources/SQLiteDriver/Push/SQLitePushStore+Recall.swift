import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func recall(_ messages: [MessageID]) async throws(StoreError) -> [RecallVerdict] {
        let now = clock.now
        return try await database.write("recall") { db in
            var places: [BatchID: [Int]] = [:]
            for message in messages where message.rawValue > 0 {
                places[message.batch, default: []].append(message.index)
            }
            var books = Books()
            var recalled = Set<MessageID>()
            for (id, places) in places {
                guard let batch = try db.batch(id) else { continue }
                let taken = try db.recall(places, of: batch, at: now, &books)
                recalled.formUnion(taken.map { MessageID(batch: id, index: $0) })
            }
            try books.write(to: db)
            return try messages.map { message in
                guard let state = try db.state(of: message) else {
                    return RecallVerdict(message: message, result: .notFound, state: nil)
                }
                // A message that is named twice is recalled by the first.
                let result: RecallVerdict.Result =
                    recalled.remove(message) == nil ? .tooLate : .recalled
                return RecallVerdict(message: message, result: result, state: state)
            }
        }
    }

    package func recallAll(of run: CampaignRunID, limit: Int) async throws(StoreError) -> Int {
        let now = clock.now
        return try await database.write("recall campaign run", isShort: false) { db in
            let select = try RawStatement(db, Self.selectWaitingBatches)
            select.bind(run.rawValue, at: 1)
            var batches: [BatchRow] = []
            try select.forEachRow { batches.append(try BatchRow($0)) }
            var books = Books()
            var count = 0
            for batch in batches where count < limit {
                let waiting = try db.places(of: batch.id, in: .queued) + db.places(of: batch.id, in: .held)
                let taken = try db.recall(waiting, of: batch, at: now, atMost: limit - count, &books)
                count += taken.count
            }
            try books.write(to: db)
            return count
        }
    }

    static let selectWaitingBatches = """
        SELECT \(BatchRow.columns) FROM batch WHERE run = ? AND queued + held > 0 ORDER BY id
        """
}

extension Database {
    /// Takes back those members of a batch that wait and are in no open call; gives back which.
    fileprivate func recall(
        _ places: [Int],
        of batch: BatchRow,
        at now: Moment,
        atMost limit: Int = BatchID.capacity,
        _ books: inout Books
    ) throws -> [Int] {
        var called = Set<Int>()
        for intent in try openIntents(of: batch.id) { called.formUnion(intent.members.indices) }
        var fromQueue: [Int] = []
        var fromShelf: [Int] = []
        for place in Set(places).sorted() where fromQueue.count + fromShelf.count < limit {
            switch try state(of: MessageID(batch: batch.id, index: place)) {
            case .queued where !called.contains(place): fromQueue.append(place)
            case .held: fromShelf.append(place)
            default: continue
            }
        }
        let taken = Members((fromQueue + fromShelf).sorted())
        guard !taken.isEmpty else { return [] }
        try unshelve(Members(fromShelf), of: batch.id)
        try setState(.recalled, of: taken, in: batch.id, at: now)
        let recalled = Standing(state: .recalled, account: Standing.noAccount)
        let held = Standing(state: .held, account: Standing.noAccount)
        books.move(fromQueue.count, from: .queued, to: recalled, of: batch)
        books.move(fromShelf.count, from: held, to: recalled, of: batch)
        try tell(batch.id, at: now, .recalled, .recalled, taken)
        return taken.indices
    }

    /// The message's state; nil when there is no such message.
    func state(of message: MessageID) throws -> DeliveryState? {
        let select = try RawStatement(self, Self.selectState)
        select.bind(message.rawValue, at: 1)
        return try select.first { try $0.state(0) }
    }

    /// Gives members a state, whatever they have, and leaves their account as it is.
    func setState(_ state: DeliveryState, of members: Members, in batch: BatchID, at now: Moment) throws {
        let update = try RawStatement(self, Self.updateState)
        update.bind(state.rawValue, at: 1)
        update.bind(now.millisecondsSinceEpoch, at: 2)
        for stretch in members.stretches {
            update.bind(MessageID(batch: batch, index: stretch.lowerBound).rawValue, at: 3)
            update.bind(MessageID(batch: batch, index: stretch.upperBound).rawValue, at: 4)
            try update.run()
        }
    }

    private static let selectState = "SELECT state FROM record WHERE id = ?"

    private static let updateState = "UPDATE record SET state = ?, changed_at = ? WHERE id BETWEEN ? AND ?"
}
