package import Groundwork

/// How often the same person may be reached.
package struct QuotaRules: Hashable, Sendable {
    /// How long the same text to the same recipient counts as a repeat; zero switches the rule off.
    package var contentWindow: Duration
    /// How many messages a recipient may get on one channel and day; 0 switches the rule off.
    package var perDay: Int
    /// How many messages of a type a recipient may get on one channel in several days; nil switches the rule off.
    package var span: QuotaSpan?

    /// Makes rules; the defaults are those that callers know: 300 s, and 5 a day.
    package init(contentWindow: Duration = .seconds(300), perDay: Int = 5, span: QuotaSpan? = nil) {
        self.contentWindow = contentWindow
        self.perDay = perDay
        self.span = span
    }
}

/// One message that asks to be counted.
package struct QuotaClaim: Hashable, Sendable {
    package let recipient: RecipientKey
    /// The text and template as one number.
    package let content: UInt64
    /// Who asks: the same message asking again gets the same answer and is not counted twice.
    package let owner: MessageID

    package init(recipient: RecipientKey, content: UInt64, owner: MessageID) {
        self.recipient = recipient
        self.content = content
        self.owner = owner
    }
}

/// The answer to a claim.
package enum QuotaVerdict: Hashable, Sendable {
    /// Counted: the message may be sent, and the count stays unless it is refunded.
    case granted
    /// The same text went out a moment ago.
    case duplicate(of: MessageID)
    /// The day's number is used up, by these in the order of their reservations.
    case capped(by: [MessageID])
    /// The number of several days is used up, by these; it is free again from a day on, as `yyyyMMdd`, unless one of
    /// them is given back before.
    case overSpan(by: [MessageID], again: Int)

    /// The messages whose places are in the way.
    package var owners: [MessageID] {
        switch self {
        case .granted: []
        case .duplicate(let owner): [owner]
        case .capped(let owners), .overSpan(let owners, _): owners
        }
    }
}

/// Counts messages per recipient, so that nobody is reached twice or too often.
package protocol QuotaStore: Sendable {
    /// Reserves a place for each claim that the rules allow, all in one step.
    ///
    /// Claims are judged in order, so that of two equal ones in a call the second is a duplicate. A
    /// reservation counts from now on, whether or not the message is sent, until it is refunded. An owner
    /// that has a reservation gets it again. Verdicts come in the order of the claims. Counters of one
    /// channel do not touch another's. `day` is the recipient's day as `yyyyMMdd`, by which the daily count
    /// is kept; the window goes by the store's clock, which is the same for all who share it. Messages of a type that a
    /// span counts are counted for it as long as it is among the rules, from then on.
    func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict]

    /// Gives reservations back whose message was certainly not sent; unknown ones are ignored.
    ///
    /// A reservation is told by its recipient and owner; what `span` counted is given back with it.
    func refund(_ claims: [QuotaClaim], channel: Channel, span: QuotaSpan?) async throws(StoreError)

    /// Forgets what no rule can need any more, in bounded steps; returns whether there may be more.
    func prune(before day: Int) async throws(StoreError) -> Bool
}

extension QuotaStore {
    /// Gives reservations back where no span counts.
    package func refund(_ claims: [QuotaClaim], channel: Channel) async throws(StoreError) {
        try await refund(claims, channel: channel, span: nil)
    }
}
