package import Groundwork

/// What our books and a supplier say of one account and day, side by side.
package struct Reconciliation: Hashable, Sendable {
    /// What comes of the comparison.
    package enum Verdict: String, Hashable, Sendable, CaseIterable {
        /// No figure is further apart than it may be.
        case agrees
        /// One is.
        case differs
        /// The supplier says nothing that could be compared.
        case unchecked
    }

    package let account: AccountID
    package let day: CalendarDay
    package let ours: OwnDay
    package let theirs: TheirDay
    package let verdict: Verdict
    /// The figures that are not the same, the furthest apart first.
    package let differences: [DayDifference]
    /// How many rows are behind the differences; the first of them are kept.
    package let rows: Int
    package let madeAt: Moment

    package init(
        account: AccountID,
        day: CalendarDay,
        ours: OwnDay,
        theirs: TheirDay,
        verdict: Verdict,
        differences: [DayDifference],
        rows: Int,
        madeAt: Moment
    ) {
        self.account = account
        self.day = day
        self.ours = ours
        self.theirs = theirs
        self.verdict = verdict
        self.differences = differences
        self.rows = rows
        self.madeAt = madeAt
    }
}

/// What our books say of the calls that an account made on a day.
package struct OwnDay: Hashable, Sendable, Codable {
    package var calls = 0
    /// Messages that the supplier took.
    package var accepted = 0
    /// Message units that it charged as it took them; 0 where it does not say.
    package var segments = 0
    // What became of those that it took.
    package var delivered = 0
    package var undelivered = 0
    /// They still wait for a receipt.
    package var awaiting = 0
    /// Their supplier tells nothing after it took them.
    package var sent = 0
    /// No receipt came in time.
    package var unconfirmed = 0
    /// Calls without an answer of which nothing came to light: the supplier may have them or not.
    package var unknown = 0
    /// It refused them and sent receipts for them.
    package var contradicted = 0

    package init() {}

    /// Those of which the supplier's last word should be here by now.
    package var receiptsDue: Int { max(0, accepted - sent - awaiting) }

    mutating func add(_ finding: CallFinding, _ state: DeliveryState) {
        switch finding {
        case .taken(_, let charge):
            accepted += 1
            segments += charge
            switch state {
            case .delivered: delivered += 1
            case .undelivered: undelivered += 1
            case .accepted: awaiting += 1
            case .unconfirmed: unconfirmed += 1
            default: sent += 1
            }
        case .open: unknown += 1
        case .contradicted: contradicted += 1
        case .none: break
        }
    }
}

/// What the supplier says of the same day.
package struct TheirDay: Hashable, Sendable, Codable {
    /// Where it says so.
    package enum Source: String, Hashable, Sendable, Codable, CaseIterable {
        /// Its statistics.
        case statistics
        /// The receipts that it sent.
        case receipts
        /// Nowhere.
        case nothing
    }

    package var source: Source
    package var accepted: Int?
    package var segments: Int?
    package var delivered: Int?
    package var undelivered: Int?
    /// Receipts that belong to none of our messages.
    package var strays = 0

    package init(source: Source, strays: Int = 0) {
        self.source = source
        self.strays = strays
    }
}

/// A figure that both sides tell, and do not tell the same.
package struct DayDifference: Hashable, Sendable, Codable {
    /// What is compared.
    package enum Figure: String, Hashable, Sendable, Codable, CaseIterable {
        case accepted
        case segments
        case delivered
        case undelivered
        case receipts
        case strays
        case contradicted
    }

    package let figure: Figure
    package let ours: Int
    package let theirs: Int

    package init(_ figure: Figure, ours: Int, theirs: Int) {
        self.figure = figure
        self.ours = ours
        self.theirs = theirs
    }

    /// How far they are apart, as a share of the greater.
    package var share: Double {
        let greater = max(ours, theirs)
        return greater == 0 ? 0 : Double(abs(ours - theirs)) / Double(greater)
    }
}

/// One message, or one receipt of nobody's, behind a difference.
package struct ReconciliationRow: Hashable, Sendable {
    /// What is the matter with it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// We count it, and the supplier never confirmed it.
        case unconfirmed
        /// The supplier refused it and sent a receipt for it.
        case contradicted
        /// The supplier tells of it, and we know nothing of it.
        case stray
    }

    package let kind: Kind
    /// Nil for what we know nothing of.
    package let message: MessageID?
    package let recipient: String
    package let reference: String
    /// Where the message stands; for a stray receipt what it says.
    package let state: DeliveryState
    package let charge: Int
    /// When the call was made, or what the receipt tells.
    package let at: Moment
    /// The supplier's code.
    package let code: String

    package init(
        kind: Kind,
        message: MessageID?,
        recipient: String,
        reference: String,
        state: DeliveryState,
        charge: Int,
        at: Moment,
        code: String
    ) {
        self.kind = kind
        self.message = message
        self.recipient = recipient
        self.reference = reference
        self.state = state
        self.charge = charge
        self.at = at
        self.code = code
    }

    init?(_ member: SettledCall.Member, _ finding: CallFinding, at moment: Moment) {
        let kind: Kind
        var reference = ""
        var code = ""
        switch finding {
        case .taken(let told, _):
            // One that still waits may be confirmed yet.
            guard member.state == .unconfirmed else { return nil }
            (kind, reference) = (.unconfirmed, told)
        case .open: kind = .unconfirmed
        case .contradicted(let told): (kind, code) = (.contradicted, told)
        case .none: return nil
        }
        self.init(
            kind: kind,
            message: member.message,
            recipient: member.recipient,
            reference: reference,
            state: member.state,
            charge: member.charge,
            at: moment,
            code: code
        )
    }

    init(_ stray: StrayReceipt) {
        self.init(
            kind: .stray,
            message: nil,
            recipient: stray.receipt.recipient,
            reference: stray.receipt.reference,
            state: stray.receipt.delivered ? .delivered : .undelivered,
            charge: 0,
            at: stray.receipt.at,
            code: stray.receipt.code
        )
    }
}
