package import Groundwork

/// What a supplier takes back of what it has taken.
package struct RecallOffer: Hashable, Sendable {
    /// For how long after the call.
    package let window: Duration
    /// Whether it takes back what went out in the whole call, whoever is named.
    package let isOfWholeCalls: Bool
    /// Whether the answer to a call that was made again tells what to take back of the first.
    package let coversRepeats: Bool

    package init(window: Duration, isOfWholeCalls: Bool, coversRepeats: Bool) {
        self.window = window
        self.isOfWholeCalls = isOfWholeCalls
        self.coversRepeats = coversRepeats
    }
}

/// A question what became of those whom the supplier knows under one reference.
package struct ResultsQuestion: Hashable, Sendable {
    /// The supplier's reference of the whole call.
    package let reference: String
    /// Who had the message under it, as they were sent.
    package let recipients: [String]
    /// Whether it is the reference of a call that was made again: whom it did not reach may have had the first.
    package let isOfRepeat: Bool
    /// When it is asked, for suppliers that do not say when a message arrived.
    package let at: Moment

    package init(reference: String, recipients: [String], isOfRepeat: Bool = false, at: Moment) {
        self.reference = reference
        self.recipients = recipients
        self.isOfRepeat = isOfRepeat
        self.at = at
    }
}
