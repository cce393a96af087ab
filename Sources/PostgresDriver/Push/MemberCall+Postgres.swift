import Groundwork
import PushEngine

extension MemberCall {
    /// The calls that a message was in, in the order in which they were made.
    static func all(of message: MessageID, _ link: PostgresLink) throws -> [MemberCall] {
        try CallSheet.all(of: message.batch, link).compactMap { $0.call(of: message.index) }
    }
}

/// One call of a batch, with all its members.
struct CallSheet {
    let id: IntentID
    let account: AccountID
    let members: Members
    let calledAt: Moment
    let closedAt: Moment?
    let answers: CallAnswers?

    /// A batch's calls, in the order in which they were made.
    static func all(of batch: BatchID, _ link: PostgresLink) throws -> [CallSheet] {
        try link.run(select, .int(batch.rawValue))
            .map { row in
                CallSheet(
                    id: IntentID(rawValue: row.int64(0)),
                    account: AccountID(rawValue: row.int64(1)),
                    members: try Members(stored: row.bytes(2)),
                    calledAt: row.moment(3),
                    closedAt: row.optionalMoment(4),
                    answers: row.optionalBytes(5).map { CallAnswers(stored: $0) }
                )
            }
    }

    /// The call as one of its members saw it; nil when the place is none of them.
    func call(of place: Int) -> MemberCall? {
        guard let position = members.place(of: place) else { return nil }
        return MemberCall(
            id: id,
            account: account,
            calledAt: calledAt,
            closedAt: closedAt,
            answer: answers?[position]
        )
    }

    static let select = """
        SELECT id, account, members, called_at, closed_at, answers FROM call WHERE batch = $1 ORDER BY id
        """
}
