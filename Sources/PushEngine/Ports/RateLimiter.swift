package import Groundwork

/// How often something may happen, such as calls of one account to one interface, or messages to one recipient.
package struct RateLimit: Hashable, Sendable {
    /// Tells this limit from others; whoever shares the limiter shares what is left of it.
    package let name: String
    /// How many permits come back in each `period`, evenly; at least 1.
    package let permits: Int
    /// At least a millisecond.
    package let period: Duration
    /// How many permits there are at most; at least 1.
    package let burst: Int

    /// Makes a limit.
    ///
    /// - Parameters:
    ///   - name: tells it from others.
    ///   - permits: how many come back in each period.
    ///   - period: how long that takes.
    ///   - burst: how many there are at most; nil for as many as come back in a period.
    package init(name: String, permits: Int, per period: Duration = .seconds(1), burst: Int? = nil) {
        self.name = name
        self.permits = max(1, permits)
        self.period = max(.milliseconds(1), period)
        self.burst = max(1, burst ?? permits)
    }
}

/// Permits that somebody would like, each of which counts in every one of some limits.
package struct RateWish: Hashable, Sendable {
    package let count: Int
    package let limits: [RateLimit]

    package init(_ count: Int, of limits: [RateLimit]) {
        self.count = count
        self.limits = limits
    }
}

/// What a wish got.
package struct RateGrant: Hashable, Sendable {
    /// How many permits were taken, at most as many as were wished for.
    package let granted: Int
    /// In how long there is one more in every limit, if nobody else takes it; zero when there is one now.
    package let wait: Duration

    package init(granted: Int, wait: Duration) {
        self.granted = granted
        self.wait = wait
    }
}

/// Says how much may be done now, so that suppliers are not asked faster than they allow; it never waits.
package protocol RateLimiter: Sendable {
    /// Takes for each wish as many permits as its limits have now, all in one step.
    ///
    /// Wishes are served in order, and grants come in that order. No limit is charged more than what was granted.
    /// A limit that nobody used for a while has its burst; one that is changed holds from the next wish on.
    func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant]
}
