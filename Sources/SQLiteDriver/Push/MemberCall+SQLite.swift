import GRDB
import Groundwork
import PushEngine

extension MemberCall {
    /// The calls that a message was in, in the order in which they were made.
    static func all(of message: MessageID, _ db: Database) throws -> [MemberCall] {
        let select = try RawStatement(db, Self.selectOfBatch)
        select.bind(message.batch.rawValue, at: 1)
        var calls: [MemberCall] = []
        try select.forEachRow { row in
            let members = try Members(stored: row.blob(2))
            guard let place = members.place(of: message.index) else { return }
            calls.append(
                MemberCall(
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

    static let selectOfBatch = """
        SELECT id, account, members, called_at, closed_at, answers FROM intent WHERE batch = ? ORDER BY id
        """
}
