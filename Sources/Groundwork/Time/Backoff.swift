/// How long to wait before a further attempt: grows by a factor up to a ceiling, then is spread at random.
public struct Backoff: Hashable, Sendable {
    /// The wait before the second attempt.
    public var first: Duration
    /// The longest wait.
    public var ceiling: Duration
    /// What each wait is multiplied by to get the next; at least 1.
    public var factor: Double
    /// The share of a wait that is random, from 0 (none) to 1 (all of it).
    public var jitter: Double

    /// Makes a back-off from its four numbers.
    public init(first: Duration, ceiling: Duration, factor: Double = 2, jitter: Double = 0.2) {
        self.first = first
        self.ceiling = ceiling
        self.factor = max(1, factor)
        self.jitter = min(max(0, jitter), 1)
    }

    /// The wait after `attempt` failed attempts, counted from 1.
    ///
    /// - Parameters:
    ///   - attempt: how many attempts have failed; below 1 counts as 1.
    ///   - random: a number from 0 up to 1 that chooses the point within the random share.
    /// - Returns: a wait of at least `(1 - jitter)` times the nominal one, never above `ceiling`.
    public func wait(afterAttempt attempt: Int, random: Double = .random(in: 0..<1)) -> Duration {
        var nominal = first.inSeconds
        let limit = ceiling.inSeconds
        var step = 1
        while step < attempt, nominal < limit {
            nominal *= factor
            step += 1
        }
        nominal = min(nominal, limit)
        return .milliseconds(Int64(nominal * (1 - jitter * random) * 1_000))
    }
}
