import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func abandon(_ intents: [Intent], of batch: BatchID) async throws(StoreError) {
        let now = clock.now
        try await database.write("abandon") { db in
            let batch = try db.existingBatch(batch, during: "abandon")
            var desk = OutcomeDesk(batch, now: now, isCancelled: false, db)
            for intent in intents { try desk.abandon(intent) }
            try desk.books.write(to: db)
        }
    }
}

/// Writes how calls of one batch ended.
struct OutcomeDesk {
    private let batch: BatchRow
    private let now: Moment
    private let db: Database
    /// Whether nothing of the batch is to wait again, because its campaign was cancelled.
    private let isCancelled: Bool
    private(set) var books = Books()

    init(_ batch: BatchRow, now: Moment, isCancelled: Bool, _ db: Database) {
        self.batch = batch
        self.now = now
        self.isCancelled = isCancelled
        self.db = db
    }

    mutating func write(_ outcome: IntentOutcome, _ answers: [UInt8]) throws {
        guard outcome.results.count == outcome.intent.members.count else {
            throw StoreError(.conflict, during: "advance", detail: "results do not match members")
        }
        guard try close(outcome.intent, answers) else { return }
        let places = outcome.intent.members.indices
        var recalled: [Int] = []
        var start = 0
        while start < places.count {
            let fate = Fate(outcome.results[start])
            var end = start
            while end + 1 < places.count, places[end + 1] == places[end] + 1,
                Fate(outcome.results[end + 1]) == fate
            { end += 1 }
            let stretch = places[start]...places[end]
            if let state = fate.state {
                try settle(stretch, state, charge: fate.charge, outcome.intent.account)
            } else if isCancelled {
                try settle(stretch, .recalled, charge: 0, nil)
                recalled += try db.places(of: batch.id, in: .recalled).filter(stretch.contains)
            }
            start = end + 1
        }
        guard !recalled.isEmpty else { return }
        try db.tell(batch.id, at: now, .recalled, .recalled, detail: "campaign_cancelled", Members(recalled))
    }

    mutating func abandon(_ intent: Intent) throws {
        guard try close(intent, nil) else { return }
        for stretch in intent.members.stretches {
            try settle(stretch, .unknown, charge: 0, intent.account)
        }
    }

    /// Closes a call; false when it is closed already.
    private func close(_ intent: Intent, _ answers: [UInt8]?) throws -> Bool {
        let update = try RawStatement(db, Self.closeIntent)
        update.bind(now.millisecondsSinceEpoch, at: 1)
        update.bind(blob: answers, at: 2)
        update.bind(intent.id.rawValue, at: 3)
        update.bind(batch.id.rawValue, at: 4)
        update.bind(blob: intent.members.encoded, at: 5)
        if try update.run() == 1 { return true }
        let exists = try Bool.fetchOne(db, cached: Self.hasIntent, [intent.id.rawValue, batch.id.rawValue])
        guard exists == true else {
            throw StoreError(.notFound, during: "advance", detail: "intent \(intent.id.rawValue)")
        }
        return false
    }

    /// Gives a stretch of called members their state, except those that a receipt has given one already.
    private mutating func settle(
        _ stretch: ClosedRange<Int>,
        _ state: DeliveryState,
        charge: Int,
        _ account: AccountID?
    ) throws {
        let standing = Standing(state: state, account: account?.rawValue ?? Standing.noAccount)
        let update = try RawStatement(db, Self.settleQueued)
        update.bind(state.rawValue, at: 1)
        update.bind(standing.account, at: 2)
        update.bind(charge, at: 3)
        update.bind(now.millisecondsSinceEpoch, at: 4)
        update.bind(MessageID(batch: batch.id, index: stretch.lowerBound).rawValue, at: 5)
        update.bind(MessageID(batch: batch.id, index: stretch.upperBound).rawValue, at: 6)
        let count = try update.run()
        books.remove(count, charge: 0, .queued, of: batch)
        books.add(count, charge: charge * count, standing, of: batch)
        if count < stretch.count, charge > 0 { try addCharge(charge, to: stretch, except: state) }
    }

    /// Notes what those cost whose receipt came before the call's answer.
    private mutating func addCharge(
        _ charge: Int,
        to stretch: ClosedRange<Int>,
        except state: DeliveryState
    ) throws {
        let select = try RawStatement(db, Self.selectReceived)
        select.bind(MessageID(batch: batch.id, index: stretch.lowerBound).rawValue, at: 1)
        select.bind(MessageID(batch: batch.id, index: stretch.upperBound).rawValue, at: 2)
        select.bind(state.rawValue, at: 3)
        var received: [(id: Int64, standing: Standing)] = []
        try select.forEachRow { row in
            received.append((row.int64(0), Standing(state: try row.state(1), account: row.int64(2))))
        }
        let update = try RawStatement(db, Self.setCharge)
        update.bind(charge, at: 1)
        for (id, standing) in received {
            update.bind(id, at: 2)
            try update.run()
            books.add(0, charge: charge, standing, of: batch)
        }
    }

    private static let closeIntent = """
        UPDATE intent SET closed_at = ?, answers = ?
        WHERE id = ? AND batch = ? AND members = ? AND closed_at IS NULL
        """

    private static let hasIntent = "SELECT 1 FROM intent WHERE id = ? AND batch = ? AND closed_at IS NOT NULL"

    private static let settleQueued = """
        UPDATE record SET state = ?, account = ?, charge = ?, changed_at = ?
        WHERE id BETWEEN ? AND ? AND state = 10
        """

    private static let selectReceived = """
        SELECT id, state, account FROM record WHERE id BETWEEN ? AND ? AND state <> ? AND charge = 0
        """

    private static let setCharge = "UPDATE record SET charge = ? WHERE id = ?"
}

extension Database {
    /// Whether nothing of a campaign's occurrence is to wait again, because it was cancelled.
    func isCancelled(_ run: CampaignRunID?) throws -> Bool {
        guard let run else { return false }
        let state = try String.fetchOne(self, cached: Self.selectRunState, [run.rawValue])
        return state == CampaignRunState.cancelled.rawValue
    }

    private static let selectRunState = "SELECT state FROM campaign_run WHERE id = ?"
}

/// What a call's result makes of a record: neighbours with the same are written together.
private struct Fate: Equatable {
    /// Nil when the member waits again.
    let state: DeliveryState?
    let charge: Int

    init(_ result: CallResult) {
        switch result {
        case .accepted(_, let charge): (state, self.charge) = (.accepted, charge)
        case .sent(_, let charge): (state, self.charge) = (.sent, charge)
        case .failed: (state, charge) = (.failed, 0)
        case .again: (state, charge) = (nil, 0)
        case .unknown: (state, charge) = (.unknown, 0)
        }
    }
}

extension RawStatement {
    /// The state in a column.
    func state(_ column: Int32) throws -> DeliveryState {
        guard let state = DeliveryState(rawValue: int(column)) else {
            throw StoreError(.corrupted, during: "read state", detail: "\(int(column))")
        }
        return state
    }
}

extension DatabaseValueConvertible where Self: StatementColumnConvertible {
    /// The first value of a statement that stays prepared.
    static func fetchOne(_ db: Database, cached sql: String, _ arguments: StatementArguments) throws -> Self?
    {
        try fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }
}
