package import Groundwork

/// What became of receipts.
package struct ReceiptCount: Hashable, Sendable {
    /// They moved a message to its final state.
    package var applied = 0
    /// The message had one before.
    package var repeated = 0
    /// They belong to no message we know; they are kept.
    package var stray = 0

    package init(applied: Int = 0, repeated: Int = 0, stray: Int = 0) {
        self.applied = applied
        self.repeated = repeated
        self.stray = stray
    }

    package static func + (left: ReceiptCount, right: ReceiptCount) -> ReceiptCount {
        ReceiptCount(
            applied: left.applied + right.applied,
            repeated: left.repeated + right.repeated,
            stray: left.stray + right.stray
        )
    }
}

/// A page of receipts as the supplier sent it, stored before it was read.
package struct StoredPage: Hashable, Sendable {
    package let id: Int64
    package let account: AccountID
    package let raw: [UInt8]

    package init(id: Int64, account: AccountID, raw: [UInt8]) {
        self.id = id
        self.account = account
        self.raw = raw
    }
}

/// The pages that receipts were read from.
package struct ReceiptOrigin: Sendable {
    /// Pages that were kept before they were read, because they never come again.
    package var kept: [Int64]
    /// Pages that come again until they are taken, and are kept in the step that applies them.
    package var unkept: [[UInt8]]

    package init(kept: [Int64] = [], unkept: [[UInt8]] = []) {
        self.kept = kept
        self.unkept = unkept
    }
}

/// A call, and those of its members that wait for word of it.
package struct OpenCall: Hashable, Sendable {
    /// A member whose last call this was.
    package struct Member: Hashable, Sendable {
        package let message: MessageID
        package let recipient: String
        /// The supplier's reference; nil when it gave none.
        package let reference: String?
        /// Whether the reference came when the call was made again, or the supplier was asked for it.
        package let isConfirmed: Bool

        package init(
            message: MessageID,
            recipient: String,
            reference: String? = nil,
            isConfirmed: Bool = false
        ) {
            self.message = message
            self.recipient = recipient
            self.reference = reference
            self.isConfirmed = isConfirmed
        }
    }

    package let intent: IntentID
    package let batch: BatchID
    package let calledAt: Moment
    /// What the template of its messages promises.
    package let guarantee: DeliveryGuarantee
    /// In the batch's order; never empty.
    package let members: [Member]

    package init(
        intent: IntentID,
        batch: BatchID,
        calledAt: Moment,
        guarantee: DeliveryGuarantee,
        members: [Member]
    ) {
        self.intent = intent
        self.batch = batch
        self.calledAt = calledAt
        self.guarantee = guarantee
        self.members = members
    }
}

/// Messages that wait again after a call without an answer.
package struct Requeued: Hashable, Sendable {
    package let message: QueueMessage
    /// How many of its members wait again.
    package let count: Int

    package init(message: QueueMessage, count: Int) {
        self.message = message
        self.count = count
    }
}

/// Receipts, and messages that wait for one.
package protocol ReceiptStore: Sendable {
    /// Stores a page as it came, before anything is read from it; it may never come again.
    func keepPage(_ raw: [UInt8], of account: AccountID, at: Moment) async throws(StoreError) -> Int64

    /// Pages that were kept and not applied: a crash came between.
    func pendingPages(limit: Int) async throws(StoreError) -> [StoredPage]

    /// Gives messages the final word of their receipts, keeps those that belong to nobody, and has the pages that
    /// they came from kept and done, in one step.
    ///
    /// The first receipt of a message wins. A receipt finds its message by the key of our call and the
    /// recipient, or, when it has no key, by the supplier's reference and the recipient. One with another
    /// installation's key, or of a call that another account made, is nobody's. What was withdrawn stays so.
    func applyReceipts(
        _ receipts: [SupplierReceipt],
        of account: AccountID,
        from origin: ReceiptOrigin,
        at: Moment
    ) async throws(StoreError) -> ReceiptCount

    /// Calls of `account` that were made before `before` and have members in `state`, which is `unknown` or
    /// `accepted`, oldest first: all those of the batches after `batch`, batch by batch until there are `limit`.
    func openCalls(
        of account: AccountID,
        in state: DeliveryState,
        calledBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [OpenCall]

    /// Notes that the supplier has the message after all: from `unknown` to `accepted`; false for one in any
    /// other state, which stays as it is.
    ///
    /// Throws `.notFound` when there is no such message.
    func confirmAccepted(_ message: MessageID, reference: String) async throws(StoreError) -> Bool

    /// Puts the members of a call that are in state `unknown` back to `queued`, to be sent again; nil when
    /// there are none.
    ///
    /// Nobody is put back when anything shows that the call arrived, which is when it was answered for a member
    /// of it, or one has a receipt or was confirmed; nor where the campaign's occurrence was cancelled.
    /// With `onlyOnce` those are left as they are that were put back before. Throws `.notFound` when there is no such
    /// call.
    func sendAgain(_ call: IntentID, onlyOnce: Bool) async throws(StoreError) -> Requeued?

    /// Gives up waiting: `unknown` becomes `unresolved` and `accepted` becomes `unconfirmed` for messages that
    /// have been so since before `before`, up to `limit`; returns how many.
    func expire(unchangedSince before: Moment, limit: Int) async throws(StoreError) -> Int
}

/// The messages kept for the morning.
package protocol NightShelf: Sendable {
    /// Gives held messages whose time has come back to the state `queued`, oldest first, batch by batch, each
    /// exactly once, and tells the batches to queue; at most `limit` batches a call.
    func releaseDue(at now: Moment, limit: Int) async throws(StoreError) -> [QueueMessage]
}
