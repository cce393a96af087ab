package import Groundwork

/// A call that may be made again: nothing is known of it yet, and all of it is at hand.
package struct RepeatableCall: Sendable {
    package let intent: Intent
    package let batch: BatchID
    package let calledAt: Moment
    /// What the batch sends.
    package let task: SendTask

    package init(intent: Intent, batch: BatchID, calledAt: Moment, task: SendTask) {
        self.intent = intent
        self.batch = batch
        self.calledAt = calledAt
        self.task = task
    }
}

/// Messages that a supplier took in one call and knows under one reference.
package struct TakenCall: Hashable, Sendable {
    package let account: AccountID
    package let calledAt: Moment
    package let reference: String
    /// Whether the reference came when the call was made again, or the supplier was asked for it.
    package let isConfirmed: Bool
    /// All whom the supplier has, or had, under the reference, in the batch's order.
    package let members: [OpenCall.Member]

    package init(
        account: AccountID,
        calledAt: Moment,
        reference: String,
        isConfirmed: Bool,
        members: [OpenCall.Member]
    ) {
        self.account = account
        self.calledAt = calledAt
        self.reference = reference
        self.isConfirmed = isConfirmed
        self.members = members
    }
}

/// Calls that were made, as they are needed after their answers or for want of one.
package protocol CallBook: Sendable {
    /// A closed call that may be made again as it was; nil when it may not.
    ///
    /// It may while each of its members is `unknown` and was in no later call, and its campaign's occurrence is not
    /// cancelled. Throws `.notFound` when there is no such call.
    func repeatable(_ call: IntentID) async throws(StoreError) -> RepeatableCall?

    /// Writes what a later answer says of a call that had none; returns of how many members.
    ///
    /// Members whose last call it was and that are still `unknown` come to stand as it says; all others stay as they are,
    /// and so do those of whom it says `again` or `unknown`. Throws `.notFound` when there is no such closed call.
    func resolve(_ outcome: IntentOutcome) async throws(StoreError) -> Int

    /// The calls by which suppliers have messages (`accepted`, `sent`, `delivered` or `unconfirmed`), each with all
    /// whom the supplier has under the reference; messages of which nobody told a reference are in none.
    func takenCalls(of messages: [MessageID]) async throws(StoreError) -> [TakenCall]

    /// Notes that suppliers took messages back, and tells where each stands then; those that do not exist are missing.
    ///
    /// Only what a supplier has becomes `withdrawn`; whatever ended otherwise stays as it is, and what is withdrawn stays
    /// so, whatever receipt comes.
    func withdraw(_ messages: [MessageID]) async throws(StoreError) -> [MessageID: DeliveryState]
}

extension DeliveryState {
    /// Whether a supplier has the message, or had it when it was last heard of.
    package var isTaken: Bool {
        switch self {
        case .accepted, .sent, .delivered, .unconfirmed: true
        default: false
        }
    }
}
