package import Groundwork
package import Logging
import Synchronization

/// Keeps calls to the rates of their accounts, which all processes share; nobody waits in it.
///
/// What is over a rate is told when to come back. The batches of a lane come back one after another, at the pace
/// of the account: were all told of the next permit, all but one would come in vain, and again. Lanes do not stand
/// behind each other, so that a verification code does not queue behind a crowd.
package final class CallGate: Sendable {
    /// Limits are known by their names: some change from second to second.
    private struct Line: Hashable {
        let limits: [String]
        let lane: Lane
    }

    private struct State {
        /// When each line is through, and the next in it may have its turn.
        var ends: [Line: Moment] = [:]
        /// When the limits of an account last held something back.
        var heldAt: [[String]: Moment] = [:]
    }

    /// Who would wait longer looks again before: the rate may have been raised.
    private static let longestWait = Duration.seconds(300)
    /// A limit that held nothing back for so long is told of when it does again.
    private static let quiet = Duration.seconds(60)

    private let limiter: any RateLimiter
    /// Counts what recipients get.
    let recipients: RecipientGate
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes a gate.
    ///
    /// - Parameters:
    ///   - limiter: counts for all who share the accounts.
    ///   - clock: what the turns go by.
    ///   - logger: is told of limits that begin to hold calls back.
    package init(limiter: any RateLimiter, clock: any WallClock, logger: Logger) {
        self.limiter = limiter
        recipients = RecipientGate(limiter: limiter)
        self.clock = clock
        self.logger = logger
    }

    /// Takes permits for as many of a batch's calls as may be made now, in one step.
    ///
    /// - Parameters:
    ///   - calls: the calls.
    ///   - roster: the accounts there are; a call of one that is gone passes, and is not made.
    ///   - paces: what accounts are limited by beside what their suppliers allow.
    ///   - held: what the batch holds back; limits that are in it are not asked any more.
    /// - Returns: the places in `calls` of those that may be made, of each account the first ones.
    /// - Throws: `StoreError` when the limiter does not answer; then nothing may be called.
    func admit(
        _ calls: [PlannedCall],
        _ roster: SupplierRoster,
        paces: [AccountID: RateLimit] = [:],
        _ held: inout HeldCalls
    ) async throws(StoreError) -> [Int] {
        let limits = calls.map { call in
            let documented = roster.entry(call.account)?.supplier.callLimits ?? []
            return paces[call.account].map { documented + [$0] } ?? documented
        }
        var wanted: [[RateLimit]: Int] = [:]
        for limits in limits where !limits.isEmpty && !held.areOver(limits) {
            wanted[limits, default: 0] += 1
        }
        var left: [[RateLimit]: RateGrant] = [:]
        if !wanted.isEmpty {
            let wishes = Array(wanted)
            let grants = try await limiter.take(wishes.map { RateWish($0.value, of: $0.key) })
            for (wish, grant) in zip(wishes, grants) { left[wish.key] = grant }
        }
        var admitted: [Int] = []
        for (place, limits) in limits.enumerated() {
            if !limits.isEmpty {
                let grant = left[limits] ?? RateGrant(granted: 0, wait: .zero)
                guard grant.granted > 0 else {
                    held.hold(limits, wait: grant.wait)
                    continue
                }
                left[limits] = RateGrant(granted: grant.granted - 1, wait: grant.wait)
            }
            admitted.append(place)
        }
        return admitted
    }

    /// In how long a batch on `lane` has its turn to make some of the calls that it holds back.
    func turn(of held: HeldCalls, on lane: Lane) -> Duration {
        let now = clock.now
        let (waits, begun) = state.withLock { state in
            state.ends = state.ends.filter { $0.value > now }
            state.heldAt = state.heldAt.filter { $0.value + Self.quiet > now }
            let begun = held.limits.keys.filter {
                state.heldAt.updateValue(now, forKey: $0.map(\.name)) == nil
            }
            let waits = held.limits.map { limits, calls in
                let line = Line(limits: limits.map(\.name), lane: lane)
                let begin = max(now + calls.wait, state.ends[line] ?? now)
                guard begin - now < Self.longestWait else {
                    return Self.longestWait * Double.random(in: 0.5..<1)
                }
                // It gets no more at once than come together.
                let share = min(calls.count, limits.map(\.burst).min() ?? 1)
                state.ends[line] = begin + limits.time(for: share)
                return begin + limits.time(for: share - 1) - now
            }
            return (waits, begun)
        }
        for limits in begun {
            logger.notice(
                "calls wait for the rate of their account",
                metadata: [LogKey.limit: "\(limits.map(\.name).joined(separator: ", "))"]
            )
        }
        return [waits.min(), held.recipientWait].compactMap(\.self).min() ?? .zero
    }
}

/// Calls of a batch that are over the rates of their accounts.
struct HeldCalls: Sendable {
    /// How many calls the limits of an account hold back, and in how long there is a permit in all of them.
    private(set) var limits: [[RateLimit]: (count: Int, wait: Duration)] = [:]

    /// In how long the first recipient may have its message of those who have had enough for now; nil for none.
    private(set) var recipientWait: Duration?

    var isEmpty: Bool { limits.isEmpty && recipientWait == nil }

    func areOver(_ limits: [RateLimit]) -> Bool { self.limits[limits] != nil }

    /// Holds recipients back who have had enough for now; does nothing for nil.
    mutating func holdRecipients(_ wait: Duration?) {
        recipientWait = [recipientWait, wait].compactMap(\.self).min()
    }

    mutating func hold(_ limits: [RateLimit], wait: Duration) {
        self.limits[limits, default: (0, wait)].count += 1
    }
}

extension [RateLimit] {
    /// How long it takes until so many permits have come in each of them, in whole milliseconds: who comes earlier
    /// comes in vain.
    fileprivate func time(for count: Int) -> Duration {
        let waits = map { limit in
            (limit.period.wholeMilliseconds * Int64(count) + Int64(limit.permits) - 1) / Int64(limit.permits)
        }
        return .milliseconds(waits.max() ?? 0)
    }
}
