import Groundwork

/// The access tokens that a simulated supplier handed out.
struct TokenBook: Sendable {
    /// What a token is worth.
    enum Standing: Equatable {
        case good
        case expired
        /// It never was one, or another took its place.
        case unknown
    }

    private struct Entry {
        let holder: String
        var until: Moment
        /// Whether another ended it before its time.
        var isReplaced = false
    }

    private var entries: [String: Entry] = [:]
    private var newest: [String: String] = [:]
    private var count: UInt64 = 0

    /// The newest token of a holder, while it is good.
    func token(of holder: String, at now: Moment) -> (value: String, until: Moment)? {
        guard let value = newest[holder], let entry = entries[value], entry.until > now else { return nil }
        return (value, entry.until)
    }

    /// Hands out a new token.
    ///
    /// - Parameters:
    ///   - holder: whose it is, such as an application's id.
    ///   - lifetime: how long it is good.
    ///   - grace: how long the one before stays good; nil leaves it its time.
    ///   - now: the time.
    /// - Returns: the token.
    mutating func issue(
        to holder: String,
        lasting lifetime: Duration,
        endingOthersAfter grace: Duration? = nil,
        at now: Moment
    ) -> String {
        count += 1
        if let grace {
            let end = now + grace
            for (value, entry) in entries where entry.holder == holder && entry.until > end {
                entries[value] = Entry(holder: holder, until: end, isReplaced: true)
            }
        }
        let chance = String(
            SimulatorRandom.mixed(count ^ UInt64(bitPattern: now.millisecondsSinceEpoch)),
            radix: 36
        )
        let value = "token-\(count)-\(chance)"
        entries[value] = Entry(holder: holder, until: now + lifetime)
        newest[holder] = value
        return value
    }

    /// Lets a token last longer.
    mutating func extend(_ token: String, lasting lifetime: Duration, at now: Moment) {
        if let entry = entries[token] { entries[token]?.until = max(entry.until, now + lifetime) }
    }

    /// What a token is worth to a holder.
    func standing(of token: String, holder: String, at now: Moment) -> Standing {
        guard let entry = entries[token], entry.holder == holder else { return .unknown }
        return entry.until > now ? .good : entry.isReplaced ? .unknown : .expired
    }

    /// Whose token it is; nil for none that was handed out.
    func holder(of token: String) -> String? { entries[token]?.holder }

    /// Makes all tokens of a holder worthless.
    mutating func revoke(_ holder: String) {
        entries = entries.filter { $0.value.holder != holder }
        newest[holder] = nil
    }
}
