package import Groundwork

/// Which of a group's living executors gets a run.
package enum RouteStrategy: String, Hashable, Sendable, Codable, CaseIterable {
    /// The first by address.
    case first = "FIRST"
    /// One after the other.
    case round = "ROUND"
    /// Any, all equally likely.
    case random = "RANDOM"
    /// The first by address that answers a beat.
    case failover = "FAILOVER"
    /// All: each runs one shard of the trigger.
    case sharding = "SHARDING_BROADCAST"
}

/// Chooses executors; remembers whose turn it is.
///
/// The turns live in the leader's memory: another leader starts anew, which costs evenness for one round and
/// nothing else.
package struct Router: Sendable {
    private var turns: [JobID: Int] = [:]

    package init() {}

    /// The executors that may get a run, best first; empty when `living` is.
    ///
    /// All but the first are for when the one before was certainly not reached.
    ///
    /// - Parameters:
    ///   - living: the group's living executors, ordered by address.
    ///   - job: whose run it is.
    ///   - strategy: the job's route.
    ///   - shard: the run's shard.
    ///   - random: chooses a number from 0 up to, not including, what it is given.
    /// - Returns: the candidates in the order in which they are to be tried.
    package mutating func candidates(
        among living: [ExecutorInstance],
        for job: JobID,
        by strategy: RouteStrategy,
        shard: Shard,
        random: (Int) -> Int = { Int.random(in: 0..<$0) }
    ) -> [ExecutorInstance] {
        guard !living.isEmpty else { return [] }
        switch strategy {
        case .first, .failover: return living
        case .round:
            let turn = turns[job] ?? random(living.count)
            turns[job] = turn &+ 1
            return living.rotated(to: turn % living.count)
        case .random: return living.rotated(to: random(living.count))
        case .sharding: return living.rotated(to: shard.index % living.count)
        }
    }
}

extension Array {
    fileprivate func rotated(to start: Int) -> [Element] {
        Array(self[start...] + self[..<start])
    }
}
