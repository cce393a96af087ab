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
            return MessageStory(
                acceptedAt: acceptedAt,
                calls: try MemberCall.all(of: message, db),
                traces: try DatedTrace.all(of: message, db),
                receipt: try MessageReceipt(of: message, db)
            )
            .events
        }
    }

    static let selectAcceptance = """
        SELECT accepted_at FROM batch WHERE id = ? AND EXISTS (SELECT 1 FROM record WHERE id = ?)
        """
}

extension DatedTrace {
    /// The rows of `trace` that are about a message.
    fileprivate static func all(of message: MessageID, _ db: Database) throws -> [DatedTrace] {
        let select = try RawStatement(db, Self.select)
        select.bind(message.batch.rawValue, at: 1)
        var rows: [DatedTrace] = []
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
            rows.append(DatedTrace(newestCall: row.int64(0), event: event))
        }
        return rows
    }

    fileprivate static let select = """
        SELECT intent, at, stage, state, account, detail, members FROM trace WHERE batch = ? ORDER BY id
        """
}

extension MessageReceipt {
    /// The message's row of `receipt`; nil when none came.
    fileprivate init?(of message: MessageID, _ db: Database) throws {
        let select = try RawStatement(db, Self.select)
        select.bind(message.rawValue, at: 1)
        let found = try select.first { row in
            (row.int(0), row.text(1), Moment(millisecondsSinceEpoch: row.int64(2)))
        }
        guard let (delivered, code, receivedAt) = found else { return nil }
        self.init(state: delivered == 1 ? .delivered : .undelivered, code: code, receivedAt: receivedAt)
    }

    private static let select = "SELECT delivered, code, received_at FROM receipt WHERE id = ?"
}
