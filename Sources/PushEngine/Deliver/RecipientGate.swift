import Groundwork

/// Keeps what a recipient gets to what its supplier delivers, where that drops the rest without a word.
///
/// Whoever has had enough for now waits, like calls that are over the rate of their account; who would wait for longer
/// than a few minutes gets the message not at all (`capped`). Only suppliers that declare such limits are asked about:
/// those that refuse what is too much say so themselves.
struct RecipientGate: Sendable {
    /// What may be called now, and what becomes of the others.
    struct Passage: Sendable {
        /// The calls with those who may have a message now, each with its place among those asked about.
        var calls: [(place: Int, call: PlannedCall)] = []
        /// In how long the first of those who wait may have theirs; nil when nobody waits.
        var wait: Duration?
        /// Those who would wait for too long.
        var capped: [Int] = []
    }

    /// Who would wait longer is not sent to.
    private static let longestWait = Duration.seconds(300)
    /// The most recipients that are asked about in one step.
    private static let wishesAtOnce = 500

    let limiter: any RateLimiter

    /// Takes a permit for each recipient whose supplier has limits of that kind.
    ///
    /// A permit is used up also where the call fails then: it is held back once too often rather than dropped.
    ///
    /// - Throws: `StoreError` when the limiter does not answer; then nobody may be called.
    func admit(
        _ calls: [PlannedCall],
        _ roster: SupplierRoster,
        _ task: SendTask
    ) async throws(StoreError) -> Passage {
        var passage = Passage()
        for (place, call) in calls.enumerated() {
            let limits = roster.entry(call.account)?.supplier.recipientLimits ?? []
            guard !limits.isEmpty else {
                passage.calls.append((place, call))
                continue
            }
            var admitted: [Int] = []
            for members in call.members.indices.chunks(of: Self.wishesAtOnce) {
                let wishes = members.map { RateWish(1, of: limits.map(task.key($0).limit)) }
                for (member, grant) in zip(members, try await limiter.take(wishes)) {
                    if grant.granted > 0 {
                        admitted.append(member)
                    } else if grant.wait > Self.longestWait {
                        passage.capped.append(member)
                    } else {
                        passage.wait = min(passage.wait ?? grant.wait, grant.wait)
                    }
                }
            }
            guard !admitted.isEmpty else { continue }
            passage.calls.append((place, PlannedCall(account: call.account, members: Members(admitted))))
        }
        return passage
    }
}

extension RecipientKey {
    /// A limit of everybody, as it holds for this one.
    fileprivate func limit(_ limit: RateLimit) -> RateLimit {
        RateLimit(
            name: "\(limit.name)/\(rawValue)",
            permits: limit.permits,
            per: limit.period,
            burst: limit.burst
        )
    }
}
