import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore {
    package func story(of message: MessageID) async throws(StoreError) -> [TraceEvent]? {
        try await database.read("tell a message's story") { db in
            let batch = try RawStatement(db, Self.selectAcceptance)
            batch.bind(message.batch.rawValue, at: 1)
            batch.bind(message.rawValue, at: 2)
            let acceptedAt = try batch.first { Moment(millisecondsSinceEpoch: $0.int64(0)) }
            guard let acceptedAt else { return nil }
            return Story(
                acceptedAt: acceptedAt,
                calls: try CallRow.all(of: message, db),
                traces: try TraceRow.all(of: message, db),
                receipt: try ReceiptRow(of: message, db)
            )
            .events
        }
    }

    static let selectAcceptance = """
        SELECT accepted_at FROM batch WHERE id = ? AND EXISTS (SELECT 1 FROM record WHERE id = ?)
        """
}

/// All that happened to one message, put in order.
///
/// The order is that of the books, not of the clock, which may have been set back in between: a call is
/// answered before the next one is made, and everything else knows the newest call that was before it.
private struct Story {
    private(set) var events: [TraceEvent] = []
    private var receipt: ReceiptRow?

    init(acceptedAt: Moment, calls: [CallRow], traces: [TraceRow], receipt: ReceiptRow?) {
        self.receipt = receipt
        add(at: acceptedAt, .accepted, .queued)
        var traces = traces[...]
        for call in calls {
            while let trace = traces.first, trace.newestIntent < call.id.rawValue {
                events.append(trace.event)
                traces.removeFirst()
            }
            add(at: call.calledAt, .calling, .queued, account: call.account)
            add(endOf: call)
        }
        events += traces.map(\.event)
        addReceipt()
    }

    private mutating func add(endOf call: CallRow) {
        guard let closedAt = call.closedAt else { return }
        if let receipt, receipt.receivedAt < closedAt, receipt.receivedAt >= call.calledAt {
            // It came before the call's answer and stands.
            let state = receipt.state
            addReceipt()
            add(call, at: closedAt, state)
        } else {
            add(call, at: closedAt, nil)
        }
    }

    private mutating func add(_ call: CallRow, at closedAt: Moment, _ standing: DeliveryState?) {
        switch call.answer {
        case .accepted(let reference, _):
            add(at: closedAt, .answered, standing ?? .accepted, account: call.account, reference)
        case .failed(let code): add(at: closedAt, .answered, standing ?? .failed, account: call.account, code)
        case .again(let code): add(at: closedAt, .answered, standing ?? .queued, account: call.account, code)
        case .unknown(let detail):
            add(at: closedAt, .answered, standing ?? .unknown, account: call.account, detail)
        case nil: add(at: closedAt, .abandoned, standing ?? .unknown, account: call.account)
        }
    }

    private mutating func addReceipt() {
        guard let receipt else { return }
        self.receipt = nil
        add(at: receipt.receivedAt, .receipt, receipt.state, receipt.code)
    }

    private mutating func add(
        at moment: Moment,
        _ stage: TraceEvent.Stage,
        _ state: DeliveryState,
        account: AccountID? = nil,
        _ detail: String = ""
    ) {
        events.append(TraceEvent(at: moment, stage: stage, state: state, account: account, detail: detail))
    }
}

/// A row of `trace` that is about a message.
private struct TraceRow {
    let newestIntent: Int64
    let event: TraceEvent

    static func all(of message: MessageID, _ db: Database) throws -> [TraceRow] {
        let select = try RawStatement(db, Self.select)
        select.bind(message.batch.rawValue, at: 1)
        var rows: [TraceRow] = []
        try select.forEachRow { row in
            guard try Members(stored: row.blob(6)).contains(message.index) else { return }
            guard let stage = TraceEvent.Stage(rawValue: row.text(2)) else {
                throw StoreError(.corrupted, during: "read trace", detail: row.text(2))
            }
            let event = TraceEvent(
                at: Moment(millisecondsSinceEpoch: row.int64(1)),
                stage: stage,
                state: try row.state(3),
                account: row.isNull(4) ? nil : AccountID(rawValue: row.int64(4)),
                detail: row.text(5)
            )
            rows.append(TraceRow(newestIntent: row.int64(0), event: event))
        }
        return rows
    }

    static let select = """
        SELECT intent, at, stage, state, account, detail, members FROM trace WHERE batch = ? ORDER BY id
        """
}

/// A row of `receipt`.
private struct ReceiptRow {
    let state: DeliveryState
    let code: String
    let receivedAt: Moment

    /// The message's receipt; nil when none came.
    init?(of message: MessageID, _ db: Database) throws {
        let select = try RawStatement(db, Self.select)
        select.bind(message.rawValue, at: 1)
        let found = try select.first { row in
            (row.int(0), row.text(1), Moment(millisecondsSinceEpoch: row.int64(2)))
        }
        guard let (delivered, code, receivedAt) = found else { return nil }
        state = delivered == 1 ? .delivered : .undelivered
        self.code = code
        self.receivedAt = receivedAt
    }

    private static let select = "SELECT delivered, code, received_at FROM receipt WHERE id = ?"
}
