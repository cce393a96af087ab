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

/// A message whose call ended without an answer.
package struct UnknownMessage: Hashable, Sendable {
    package let message: MessageID
    package let recipient: String
    package let account: AccountID
    package let intent: IntentID
    package let calledAt: Moment

    package init(
        message: MessageID,
        recipient: String,
        account: AccountID,
        intent: IntentID,
        calledAt: Moment
    ) {
        self.message = message
        self.recipient = recipient
        self.account = account
        self.intent = intent
        self.calledAt = calledAt
    }
}

/// Receipts, and messages that wait for one.
package protocol ReceiptStore: Sendable {
    /// Stores a page as it came, before anything is read from it; it may never come again.
    func keepPage(_ raw: [UInt8], of account: AccountID, at: Moment) async throws(StoreError) -> Int64

    /// Pages that were kept and not applied: a crash came between.
    func pendingPages(limit: Int) async throws(StoreError) -> [StoredPage]

    /// Gives messages the final word of their receipts, keeps those that belong to nobody, and marks the page
    /// done, in one step.
    ///
    /// The first receipt of a message wins. A receipt finds its message by the key of our call and the
    /// recipient, or, when it has no key, by the supplier's reference and the recipient. One with another
    /// installation's key, or of a call that another account made, is nobody's.
    func applyReceipts(
        _ receipts: [SupplierReceipt],
        of account: AccountID,
        page: Int64?,
        at: Moment
    ) async throws(StoreError) -> ReceiptCount

    /// Messages in state `unknown` whose call was made before `before`, those after `message`, oldest first.
    func unknownMessages(
        calledBefore before: Moment,
        after message: MessageID?,
        limit: Int
    ) async throws(StoreError) -> [UnknownMessage]

    /// Notes that the supplier has the message after all: from `unknown` to `accepted`; one in any other
    /// state stays as it is.
    ///
    /// Throws `.notFound` when there is no such message.
    func confirmAccepted(_ message: MessageID, reference: String) async throws(StoreError)

    /// Gives up waiting: `unknown` becomes `unresolved` and `accepted` becomes `unconfirmed` for messages
    /// accepted before `before`, up to `limit`; returns how many.
    func expire(acceptedBefore before: Moment, limit: Int) async throws(StoreError) -> Int
}

/// The messages kept for the morning.
package protocol NightShelf: Sendable {
    /// Gives held messages whose time has come back to the state `queued`, oldest first, batch by batch, each
    /// exactly once, and tells the batches to queue; at most `limit` batches a call.
    func releaseDue(at now: Moment, limit: Int) async throws(StoreError) -> [QueueMessage]
}
