import GRDB
import Groundwork
import PushEngine

/// One call as one of its members saw it.
struct CallRow {
    let id: IntentID
    let account: AccountID
    let calledAt: Moment
    let closedAt: Moment?
    /// Nil while the call is open, and when it was given up without an answer.
    let answer: CallResult?

    /// The calls that a message was in, in the order in which they were made.
    static func all(of message: MessageID, _ db: Database) throws -> [CallRow] {
        let select = try RawStatement(db, Self.select)
        select.bind(message.batch.rawValue, at: 1)
        var calls: [CallRow] = []
        try select.forEachRow { row in
            let members = try Members(stored: row.blob(2))
            guard let place = members.place(of: message.index) else { return }
            calls.append(
                CallRow(
                    id: IntentID(rawValue: row.int64(0)),
                    account: AccountID(rawValue: row.int64(1)),
                    calledAt: Moment(millisecondsSinceEpoch: row.int64(3)),
                    closedAt: row.isNull(4) ? nil : Moment(millisecondsSinceEpoch: row.int64(4)),
                    answer: row.isNull(5) ? nil : CallAnswers(stored: row.blob(5))[place]
                )
            )
        }
        return calls
    }

    static let select = """
        SELECT id, account, members, called_at, closed_at, answers FROM intent WHERE batch = ? ORDER BY id
        """
}
