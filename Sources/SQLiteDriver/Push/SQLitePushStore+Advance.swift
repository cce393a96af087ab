import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func open(_ batch: BatchID) async throws(StoreError) -> LedgerBatch? {
        let found = try await database.read("open batch") { db -> ([UInt8], [WaitingMember], [Intent])? in
            let intents = try db.openIntents(of: batch)
            let waiting = try db.waitingMembers(of: batch)
            guard !waiting.isEmpty || !intents.isEmpty else { return nil }
            let payload = try RawStatement(db, Self.selectPayload)
            payload.bind(batch.rawValue, at: 1)
            guard let bytes = try payload.first({ $0.blob(0) }) else {
                throw StoreError(.corrupted, during: "open batch", detail: "batch without payload")
            }
            return (bytes, waiting, intents)
        }
        guard let (bytes, queued, intents) = found else { return nil }
        var called = Set<Int>()
        for intent in intents { called.formUnion(intent.members.indices) }
        let waiting = called.isEmpty ? queued : queued.filter { !called.contains($0.place) }
        let task = try SendTask(stored: bytes)
        return LedgerBatch(
            id: batch,
            task: task,
            waiting: Members(waiting.map(\.place)),
            waitingSince: waiting.map(\.since).max() ?? task.acceptedAt,
            open: intents
        )
    }

    package func advance(
        _ batch: BatchID,
        outcomes: [IntentOutcome],
        decisions: [Decision],
        calls: [PlannedCall]
    ) async throws(StoreError) -> DecisionOutcome {
        let now = clock.now
        let answers = outcomes.map { CallAnswers.encode($0.results) }
        let counts =
            outcomes.map(\.results.count) + decisions.map(\.members.count) + calls.map(\.members.count)
        let isShort = counts.reduce(0, +) <= SQLiteDatabase.shortCount
        return try await database.write("advance", isShort: isShort) { db in
            let batch = try db.existingBatch(batch, during: "advance")
            let isCancelled = try db.isCancelled(batch.run)
            var past = OutcomeDesk(batch, now: now, isCancelled: isCancelled, db)
            for (outcome, bytes) in zip(outcomes, answers) { try past.write(outcome, bytes) }
            guard !(decisions.isEmpty && calls.isEmpty) else {
                try past.books.write(to: db)
                return DecisionOutcome()
            }
            var next = try DecisionDesk(batch, now: now, past.books, db)
            for decision in decisions { try next.write(decision) }
            // Whoever cancelled the campaign takes back what waits: until then nobody calls for it.
            let intents = isCancelled ? [] : try calls.compactMap { try next.write($0) }
            try next.books.write(to: db)
            return DecisionOutcome(intents: intents, others: try next.others())
        }
    }

    static let selectPayload = "SELECT task FROM payload WHERE batch = ?"
}

/// A member that is `queued`, and since when.
private struct WaitingMember {
    let place: Int
    let since: Moment
}

/// Writes what was decided about members of one batch, as far as they still wait.
private struct DecisionDesk {
    private enum Hold: UInt8 {
        /// It waits and is in no open call.
        case free
        /// It was decided about, or is called, by what is being written.
        case ours
        /// It does not wait, or is in an open call.
        case others
    }

    private let batch: BatchRow
    private let now: Moment
    private let db: Database
    /// By place: who has the member.
    private var holds = [Hold](repeating: .others, count: BatchID.capacity)
    /// Members that were named and that others have.
    private var missed: Set<Int> = []
    private(set) var books: Books

    /// Goes on with `books`: what the same transaction has changed before.
    init(_ batch: BatchRow, now: Moment, _ books: Books, _ db: Database) throws {
        self.batch = batch
        self.now = now
        self.books = books
        self.db = db
        for place in try db.places(of: batch.id, in: .queued) { holds[place] = .free }
        for intent in try db.openIntents(of: batch.id) {
            for place in intent.members.indices { holds[place] = .others }
        }
    }

    mutating func write(_ decision: Decision) throws {
        let members = free(decision.members)
        guard !members.isEmpty else { return }
        if decision.state != .queued {
            let update = try RawStatement(db, Self.moveQueued)
            update.bind(decision.state.rawValue, at: 1)
            update.bind(now.millisecondsSinceEpoch, at: 2)
            for stretch in members.stretches {
                update.bind(MessageID(batch: batch.id, index: stretch.lowerBound).rawValue, at: 3)
                update.bind(MessageID(batch: batch.id, index: stretch.upperBound).rawValue, at: 4)
                try update.run()
            }
            let standing = Standing(state: decision.state, account: Standing.noAccount)
            books.move(members.count, from: .queued, to: standing, of: batch)
            for place in members.indices { holds[place] = .ours }
        }
        if decision.state == .held { try shelve(members, until: decision.until) }
        try db.tell(batch.id, at: now, .decided, decision.state, detail: decision.detail, members)
    }

    /// Writes a call down; nil when none of its members waits any more.
    mutating func write(_ call: PlannedCall) throws -> Intent? {
        let members = free(call.members)
        guard !members.isEmpty else { return nil }
        let insert = try RawStatement(db, Self.insertIntent)
        insert.bind(batch.id.rawValue, at: 1)
        insert.bind(call.account.rawValue, at: 2)
        insert.bind(blob: members.encoded, at: 3)
        insert.bind(now.millisecondsSinceEpoch, at: 4)
        try insert.run()
        for place in members.indices { holds[place] = .ours }
        return Intent(
            id: IntentID(rawValue: db.lastInsertedRowID),
            account: call.account,
            members: members
        )
    }

    /// Those that were missed, without the recalled ones.
    func others() throws -> Members {
        guard !missed.isEmpty else { return Members([]) }
        return Members(missed.subtracting(try db.places(of: batch.id, in: .recalled)).sorted())
    }

    private mutating func free(_ members: Members) -> Members {
        var free: [Int] = []
        free.reserveCapacity(members.count)
        for place in members.indices where 0..<BatchID.capacity ~= place {
            switch holds[place] {
            case .free: free.append(place)
            case .ours: continue
            case .others: missed.insert(place)
            }
        }
        return Members(free)
    }

    private func shelve(_ members: Members, until: Moment?) throws {
        guard let until else {
            throw StoreError(.conflict, during: "advance", detail: "held without a morning")
        }
        let insert = try RawStatement(db, Self.insertShelf)
        insert.bind(batch.id.rawValue, at: 1)
        insert.bind(until.millisecondsSinceEpoch, at: 2)
        insert.bind(members.count, at: 3)
        insert.bind(blob: members.encoded, at: 4)
        try insert.run()
    }

    private static let moveQueued = """
        UPDATE record SET state = ?, changed_at = ? WHERE id BETWEEN ? AND ? AND state = 10
        """

    private static let insertIntent = """
        INSERT INTO intent (batch, account, members, called_at) VALUES (?, ?, ?, ?)
        """

    private static let insertShelf = "INSERT INTO shelf (batch, until, count, members) VALUES (?, ?, ?, ?)"
}

extension Database {
    /// The calls of a batch that were written down and have no outcome.
    func openIntents(of batch: BatchID) throws -> [Intent] {
        let select = try RawStatement(self, Self.selectOpenIntents)
        select.bind(batch.rawValue, at: 1)
        var intents: [Intent] = []
        try select.forEachRow { row in
            intents.append(
                Intent(
                    id: IntentID(rawValue: row.int64(0)),
                    account: AccountID(rawValue: row.int64(1)),
                    members: try Members(stored: row.blob(2))
                )
            )
        }
        return intents
    }

    fileprivate func waitingMembers(of batch: BatchID) throws -> [WaitingMember] {
        let select = try RawStatement(self, Self.selectWaiting)
        select.bind(batch.messages.lowerBound, at: 1)
        select.bind(batch.messages.upperBound, at: 2)
        var members: [WaitingMember] = []
        try select.forEachRow { row in
            let since = Moment(millisecondsSinceEpoch: row.int64(1))
            members.append(WaitingMember(place: row.int(0), since: since))
        }
        return members
    }

    /// Tells the story of some members of a batch.
    func tell(
        _ batch: BatchID,
        at: Moment,
        _ stage: PushEngine.TraceEvent.Stage,
        _ state: DeliveryState,
        account: AccountID? = nil,
        detail: String = "",
        _ members: Members
    ) throws {
        let insert = try RawStatement(self, Self.insertTrace)
        insert.bind(batch.rawValue, at: 1)
        insert.bind(at.millisecondsSinceEpoch, at: 2)
        insert.bind(text: stage.rawValue, at: 3)
        insert.bind(state.rawValue, at: 4)
        insert.bind(account?.rawValue, at: 5)
        insert.bind(text: detail, at: 6)
        insert.bind(blob: members.encoded, at: 7)
        try insert.run()
    }

    private static let selectOpenIntents = """
        SELECT id, account, members FROM intent WHERE batch = ? AND closed_at IS NULL ORDER BY id
        """

    private static let selectWaiting = """
        SELECT id & 4095, changed_at FROM record WHERE id BETWEEN ? AND ? AND state = 10 ORDER BY id
        """

    private static let insertTrace = """
        INSERT INTO trace (batch, intent, at, stage, state, account, detail, members)
        VALUES (?1, (SELECT coalesce(max(id), 0) FROM intent), ?2, ?3, ?4, ?5, ?6, ?7)
        """
}

extension SendTask {
    /// A task as a column holds it.
    init(stored bytes: [UInt8]) throws(StoreError) {
        do { try self.init(encoded: bytes) } catch {
            throw StoreError(.corrupted, during: "read payload", detail: "\(error)")
        }
    }
}
