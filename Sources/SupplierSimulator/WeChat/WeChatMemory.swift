import Groundwork

/// What a simulated WeChat application remembers beside the ledger.
struct WeChatMemory: Sendable {
    /// One user and one template.
    struct Consent: Hashable, Sendable {
        let openID: String
        let template: String
    }

    /// One message, as its sender names it.
    struct ClientMessage: Hashable, Sendable {
        let openID: String
        let id: String
    }

    /// Within 10 minutes a message is sent once, whatever it says.
    var sent = RecentMemory<ClientMessage, UInt32>(for: .seconds(600))
    /// When a token was last forced, and how often it was on that day.
    private var forced: (at: Moment, day: String, count: Int)?
    private var used: [Consent: Int] = [:]
    private var given: [Consent: Int] = [:]

    /// Notes that somebody forces a new token.
    ///
    /// - Parameter now: the time.
    /// - Returns: whether it is made: not within 30 seconds after the last; nil when it is the twenty-first of a day.
    mutating func force(at now: Moment) -> Bool? {
        let day = CivilTime(now, offset: CivilTime.china).compactDate
        let count = forced.map { $0.day == day ? $0.count : 0 } ?? 0
        guard count < 20 else { return nil }
        if let forced, now - forced.at < .seconds(30) { return false }
        forced = (now, day, count + 1)
        return true
    }

    /// Gives a user's consents to a template, in place of those that all have.
    mutating func give(_ count: Int, _ consent: Consent) {
        given[consent] = count
        used[consent] = 0
    }

    /// Uses up a consent; false when there is none left.
    ///
    /// - Parameters:
    ///   - consent: the user and the template.
    ///   - usual: how many all users gave.
    /// - Returns: whether there was one.
    mutating func use(_ consent: Consent, usual: Int) -> Bool {
        guard used[consent, default: 0] < given[consent] ?? usual else { return false }
        used[consent, default: 0] += 1
        return true
    }
}
