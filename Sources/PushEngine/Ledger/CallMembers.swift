package import Groundwork

/// A call with those of its members who were in no later one, as the books have it.
package struct CallMembers: Sendable {
    package let intent: Intent
    package let calledAt: Moment
    /// The places of those members.
    package let places: [Int]
    private let answers: CallAnswers?

    package init(_ intent: Intent, calledAt: Moment, places: [Int], answers: CallAnswers?) {
        self.intent = intent
        self.calledAt = calledAt
        self.places = places
        self.answers = answers
    }

    /// The reference that the supplier gave a member in the call's own answer; nil when it gave none.
    package func reference(of place: Int) -> String? {
        guard let answers, let position = intent.members.place(of: place) else { return nil }
        switch answers[position] {
        case .accepted(let reference, _), .sent(let reference, _): return reference
        case .failed, .again, .unknown, nil: return nil
        }
    }

    /// What its members are to a supplier that has them.
    ///
    /// - Parameters:
    ///   - batch: the call's batch.
    ///   - recipients: by place those whom the supplier has.
    ///   - confirmed: by place the references that were told later.
    /// - Returns: those of each reference, in the batch's order.
    package func taken(
        of batch: BatchID,
        _ recipients: [Int: String],
        confirmed: [Int: String]
    ) -> [TakenCall] {
        var members: [String: [OpenCall.Member]] = [:]
        var order: [(reference: String, isConfirmed: Bool)] = []
        for place in places {
            guard let recipient = recipients[place], let reference = confirmed[place] ?? reference(of: place),
                !reference.isEmpty
            else { continue }
            if members[reference] == nil { order.append((reference, confirmed[place] != nil)) }
            members[reference, default: []]
                .append(
                    OpenCall.Member(message: MessageID(batch: batch, index: place), recipient: recipient)
                )
        }
        return order.map { reference, isConfirmed in
            TakenCall(
                account: intent.account,
                calledAt: calledAt,
                reference: reference,
                isConfirmed: isConfirmed,
                members: members[reference] ?? []
            )
        }
    }
}
