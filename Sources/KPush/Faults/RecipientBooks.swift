import PushEngine

/// What was promised to each recipient, what our books say became of it, and what suppliers took.
///
/// It compares recipient by recipient: sums would hide a message that our books only imagine behind another that they
/// do not know of. Everybody is sent to once at most here, by a campaign or by the API.
struct RecipientBooks: Sendable {
    /// Those with whom something is wrong.
    struct Findings: Sendable, Equatable {
        /// Accepted by us, neither with a supplier nor written down as not sent or not known.
        var lost: [String] = []
        /// Sent by our books' word, and no supplier took it.
        var imagined: [String] = []
        /// Taken by a supplier, and our books say that it was not sent, or nothing.
        var unbooked: [String] = []
        /// Taken more than once.
        var doubled: [String] = []
    }

    /// What both sides have about one recipient, in messages.
    private struct Page: Sendable {
        var isPromised = false
        /// Sent, by our books' word.
        var claimed = 0
        /// Perhaps sent.
        var doubtful = 0
        /// Not sent, and never to be.
        var denied = 0
        /// Still to be sent.
        var waiting = 0
        /// Taken by suppliers.
        var taken = 0

        /// How many messages we took on.
        var accepted: Int { max(isPromised ? 1 : 0, claimed + doubtful + denied + waiting) }
    }

    private var pages: [String: Page] = [:]
    /// Our records by state.
    private(set) var states: [DeliveryState: Int] = [:]

    static let uncertain: [DeliveryState] = [.unknown, .unresolved]

    /// Notes that we took on a message: a good row of a campaign that runs, or a call that was answered with 200.
    mutating func promise(_ recipient: String) {
        pages[recipient, default: Page()].isPromised = true
    }

    /// Notes what our books say of a message.
    mutating func book(_ recipient: String, _ state: DeliveryState) {
        states[state, default: 0] += 1
        var page = pages[recipient] ?? Page()
        switch state {
        case .accepted, .sent, .delivered, .undelivered, .unconfirmed, .withdrawn: page.claimed += 1
        case .unknown, .unresolved: page.doubtful += 1
        case .discarded, .shieldDropped, .suppressed, .censored, .duplicate, .capped, .filtered, .failed,
            .recalled:
            page.denied += 1
        case .queued, .held: page.waiting += 1
        }
        pages[recipient] = page
    }

    /// Notes that suppliers took so many messages.
    mutating func take(_ recipient: String, times: Int = 1) {
        pages[recipient, default: Page()].taken += times
    }

    /// How many messages we took on, by our promises or our books.
    var accepted: Int { pages.values.reduce(0) { $0 + $1.accepted } }

    /// How many of our records are in one of these states.
    func count(_ states: [DeliveryState]) -> Int {
        states.reduce(0) { $0 + self.states[$1, default: 0] }
    }

    /// Compares both sides.
    var findings: Findings {
        var findings = Findings()
        for (recipient, page) in pages {
            if page.accepted > page.denied + page.doubtful + page.taken { findings.lost.append(recipient) }
            if page.claimed > page.taken { findings.imagined.append(recipient) }
            // What was taken twice is doubled, and not unknown to us.
            let known = page.claimed + page.doubtful
            if min(page.taken, max(1, page.accepted)) > known { findings.unbooked.append(recipient) }
            if page.taken > 1 { findings.doubled.append(recipient) }
        }
        return findings
    }
}
