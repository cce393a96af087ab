/// Which of a group's living executors gets a run: the ten strategies of xxl-job, by its words.
package enum RouteStrategy: String, Hashable, Sendable, Codable, CaseIterable {
    /// The first by address.
    case first = "FIRST"
    /// The last by address.
    case last = "LAST"
    /// One after the other.
    case round = "ROUND"
    /// Any, all equally likely.
    case random = "RANDOM"
    /// The same for all runs of a job, as long as it lives; when an executor comes or goes, few jobs move.
    case consistentHash = "CONSISTENT_HASH"
    /// Who got the fewest of the job's latest runs.
    case leastFrequentlyUsed = "LEAST_FREQUENTLY_USED"
    /// Who has got no run of the job for the longest time.
    case leastRecentlyUsed = "LEAST_RECENTLY_USED"
    /// The first by address that answers a beat.
    case failover = "FAILOVER"
    /// The first by address that says it has no run of the job.
    case busyover = "BUSYOVER"
    /// All: each runs one shard of the trigger.
    case sharding = "SHARDING_BROADCAST"

    /// Whether executors are asked before one gets the run.
    var asksFirst: Bool {
        switch self {
        case .failover, .busyover: true
        case .first, .last, .round, .random, .consistentHash, .leastFrequentlyUsed, .leastRecentlyUsed,
            .sharding:
            false
        }
    }

    /// How many of a job's newest runs the choice goes by; zero for none.
    ///
    /// Of turns the latest would do, but the newest runs may be those that still wait.
    package var memory: Int {
        switch self {
        case .round: 16
        case .leastFrequentlyUsed, .leastRecentlyUsed: 128
        case .first, .last, .random, .consistentHash, .failover, .busyover, .sharding: 0
        }
    }
}
