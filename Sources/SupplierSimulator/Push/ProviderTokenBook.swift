import Groundwork

/// What the simulated APNs knows of the tokens that callers sign: each may be used for an hour, and a key may have a new
/// one only 20 minutes after the one before.
struct ProviderTokenBook: Sendable {
    enum Standing: Equatable {
        case good
        case tooOld
        case tooSoon
    }

    /// The tokens of each key that were taken, and when they were signed.
    private var taken: [String: [String: Moment]] = [:]

    private static let lifetime = Duration.seconds(3_600)
    private static let pause = Duration.seconds(1_200)

    /// Whether a token was taken before, so that nobody need look at its signature again.
    func knows(_ token: String, of key: String) -> Bool { taken[key]?[token] != nil }

    /// Looks at a token whose signature is right.
    mutating func standing(_ token: String, of key: String, issuedAt: Moment, at now: Moment) -> Standing {
        guard now - issuedAt <= Self.lifetime else { return .tooOld }
        var tokens = (taken[key] ?? [:]).filter { now - $0.value <= Self.lifetime }
        defer { taken[key] = tokens }
        if tokens[token] != nil { return .good }
        guard tokens.values.allSatisfy({ issuedAt - $0 >= Self.pause }) else { return .tooSoon }
        tokens[token] = issuedAt
        return .good
    }
}
