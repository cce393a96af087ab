package import Groundwork
import Synchronization

/// Limits for a process that shares them with no other; a restart fills them up.
package final class LocalRateLimiter: RateLimiter {
    private struct State {
        var buckets: [String: RateBucket] = [:]
        /// How many buckets there may be before the full ones are forgotten.
        var room = 1_024

        mutating func grant(_ wish: RateWish, at now: Moment) -> RateGrant {
            var granted = max(0, wish.count)
            for limit in wish.limits {
                var bucket = buckets[limit.name] ?? RateBucket(of: limit, at: now)
                bucket.fill(to: limit, at: now)
                buckets[limit.name] = bucket
                granted = min(granted, bucket.available)
            }
            var wait = Duration.zero
            for limit in wish.limits {
                buckets[limit.name]?.take(granted)
                wait = max(wait, buckets[limit.name]?.wait(for: limit) ?? .zero)
            }
            return RateGrant(granted: granted, wait: wait)
        }

        /// Forgets limits that are as if nobody had ever used them.
        mutating func tidy(at now: Moment) {
            guard buckets.count > room else { return }
            buckets = buckets.filter { !$0.value.isFull(at: now) }
            room = max(1_024, buckets.count * 2)
        }
    }

    private let clock: any WallClock
    private let state = Mutex(State())

    package init(clock: any WallClock) {
        self.clock = clock
    }

    package func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant] {
        let now = clock.now
        return state.withLock { state in
            let grants = wishes.map { state.grant($0, at: now) }
            state.tidy(at: now)
            return grants
        }
    }
}

/// What is left of a limit: permits drip into it up to the burst.
struct RateBucket {
    /// Spares sums of fractions from missing a whole permit.
    private static let grain = 1e-9

    private var permits: Double
    private var at: Moment
    private var limit: RateLimit

    init(of limit: RateLimit, at now: Moment) {
        permits = Double(limit.burst)
        at = now
        self.limit = limit
    }

    /// How many may be taken.
    var available: Int { Int(permits + Self.grain) }

    /// Lets in what has come since; a clock that went back brings nothing.
    mutating func fill(to limit: RateLimit, at now: Moment) {
        permits = min(
            Double(limit.burst),
            permits + Double(max(0, (now - at).wholeMilliseconds)) * limit.rate
        )
        at = now
        self.limit = limit
    }

    mutating func take(_ count: Int) {
        permits -= Double(count)
    }

    /// In how long there is a permit.
    func wait(for limit: RateLimit) -> Duration {
        guard available < 1 else { return .zero }
        return .milliseconds(Int64(((1 - permits) / limit.rate - Self.grain).rounded(.up)))
    }

    func isFull(at now: Moment) -> Bool {
        permits + Double((now - at).wholeMilliseconds) * limit.rate >= Double(limit.burst)
    }
}

extension RateLimit {
    /// Permits a millisecond.
    fileprivate var rate: Double { Double(permits) / Double(period.wholeMilliseconds) }
}
