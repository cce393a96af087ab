import Groundwork

/// What the simulated WeCom remembers beside the ledger.
struct WeComMemory: Sendable {
    /// One content to one member.
    struct Delivery: Hashable, Sendable {
        let member: UInt64
        let contentHash: UInt64
    }

    /// Deliveries by calls, for whoever asks that none be repeated; an interval has four hours at most.
    var deliveries = RecentMemory<Delivery, UInt32>(for: .seconds(4 * 3_600))
    /// The first messages of calls that were taken back.
    var recalled: Set<UInt32> = []
    private var rates = CallRates()

    /// Counts a message to a member; what is too much is dropped, and nobody is told.
    mutating func admits(_ member: String, at now: Moment) -> Bool {
        let limits = [CallRateLimit(30, seconds: 60), CallRateLimit(1_000, seconds: 3_600)]
        return rates.admits(member, limits, at: now.millisecondsSinceEpoch)
    }
}
