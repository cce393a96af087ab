package import Groundwork
package import PushEngine

extension PostgresPushStore {
    package func story(of message: MessageID) async throws(StoreError) -> [TraceEvent]? {
        try await pool.read("tell a message's story") { link in
            guard let sheet = try BatchSheet.read([message.batch], link)[message.batch],
                sheet.standings[message.index] != nil
            else { return nil }
            return MessageStory(
                acceptedAt: sheet.row.acceptedAt,
                calls: try MemberCall.all(of: message, link),
                traces: try DatedTrace.all(of: message, link),
                receipt: try ReceiptPile.all(of: message.batch, link).lazy
                    .compactMap { $0.receipt(of: message.index) }.first
            )
            .events
        }
    }
}

extension DatedTrace {
    /// What is told of a message outside of its calls.
    fileprivate static func all(of message: MessageID, _ link: PostgresLink) throws -> [DatedTrace] {
        try link.run(select, .int(message.batch.rawValue))
            .map { row -> DatedTrace? in
                guard try Members(stored: row.bytes(6)).contains(message.index) else { return nil }
                guard let stage = TraceEvent.Stage(rawValue: row.text(2)),
                    let state = DeliveryState(rawValue: row.int(3))
                else { throw StoreError(.corrupted, during: "read trace", detail: row.text(2)) }
                let event = TraceEvent(
                    at: row.moment(1),
                    stage: stage,
                    state: state,
                    account: row.optionalInt64(4).map(AccountID.init(rawValue:)),
                    detail: row.text(5)
                )
                return DatedTrace(newestCall: row.int64(0), event: event)
            }
            .compactMap { $0 }
    }

    private static let select = """
        SELECT call, at, stage, state, account, detail, members FROM trace WHERE batch = $1 ORDER BY id
        """
}

/// Receipts of one batch that came together.
struct ReceiptPile {
    private let receivedAt: Moment
    private let members: Members
    private let entries: ReceiptEntries

    /// A batch's receipts, in the order in which they came.
    static func all(of batch: BatchID, _ link: PostgresLink) throws -> [ReceiptPile] {
        try link.run(select, .int(batch.rawValue))
            .map { row in
                ReceiptPile(
                    receivedAt: row.moment(0),
                    members: try Members(stored: row.bytes(1)),
                    entries: try ReceiptEntries(stored: row.bytes(2))
                )
            }
    }

    /// The receipt of one member; nil when it is not among them.
    func receipt(of place: Int) -> MessageReceipt? {
        guard let position = members.place(of: place), position < entries.entries.count else { return nil }
        let entry = entries.entries[position]
        return MessageReceipt(
            state: entry.delivered ? .delivered : .undelivered,
            code: entry.code,
            receivedAt: receivedAt
        )
    }

    private static let select =
        "SELECT received_at, members, entries FROM receipt WHERE batch = $1 ORDER BY id"
}
