import Groundwork

/// How many calls that send a supplier takes in some time, as it documents.
package struct CallRate: Hashable, Sendable {
    package let calls: Int
    package let period: Duration

    package init(_ calls: Int, per period: Duration = .seconds(1)) {
        self.calls = calls
        self.period = period
    }

    /// The limit that keeps to it: in no period more is sent, wherever the supplier's periods begin, because what has
    /// come together and what comes in a period are no more than the rate.
    fileprivate func limit(_ name: String) -> RateLimit {
        let burst = max(1, calls / 10)
        return RateLimit(name: name, permits: calls + 1 - burst, per: period, burst: burst)
    }
}

extension SupplierAccount {
    /// What its calls that send are limited by.
    ///
    /// A supplier counts what is signed with one key: accounts with the same key share its limits. A rate of an
    /// account's own, which it has for itself, stands in place of what the supplier takes by the second: more or less
    /// may have been agreed on. What the supplier counts over longer times holds beside it.
    ///
    /// - Parameters:
    ///   - rates: what the supplier allows.
    ///   - owner: what it counts by, such as a key that may be seen.
    /// - Returns: the limits, each of which must have a permit.
    package func callLimits(_ rates: [CallRate], countedBy owner: String) -> [RateLimit] {
        let own = callsPerSecond.map { CallRate($0).limit("account/\(id.rawValue)/send") }
        let shared = rates.enumerated()
            .filter { own == nil || $0.element.period > .seconds(1) }
            .map { place, rate in
                rate.limit("\(kind.rawValue)/\(owner)/send" + (place == 0 ? "" : "/\(place)"))
            }
        return (own.map { [$0] } ?? []) + shared
    }

    /// What each of its recipients is limited by: so many messages in each period.
    ///
    /// - Parameters:
    ///   - rates: what the supplier delivers to one recipient.
    ///   - owner: what it counts by, beside the recipient.
    /// - Returns: the limits, each of which must have a permit of the recipient's own.
    package func recipientLimits(_ rates: [CallRate], countedBy owner: String) -> [RateLimit] {
        rates.enumerated().map { place, rate in rate.limit("\(kind.rawValue)/\(owner)/to/\(place)") }
    }
}
