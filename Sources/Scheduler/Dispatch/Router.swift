import Groundwork

/// Chooses executors, for one term.
///
/// What a choice goes by is either the same for every leader, such as the ring, or read from the store when a job's first
/// run of the term comes, and counted on from there: nobody but the leader hands runs over by such a route while there is a choice
/// (see `DirectLane`). A new leader goes on where the last one stopped.
package struct Router: Sendable {
    private var rings: [String: HashRing] = [:]
    /// Who got the latest runs of a job, oldest first.
    private var receivers: [JobID: [ExecutorAddress]] = [:]

    /// How far back runs count.
    static let horizon = Duration.seconds(86_400)
    /// How many jobs are remembered; when there are more, all are read anew.
    private static let capacity = 50_000

    package init() {}

    /// Learns from the store what is not known yet of the jobs of `runs`, where there is a choice.
    mutating func recall(
        _ runs: [JobRun],
        from store: any RunStore,
        among heard: Heard
    ) async throws(StoreError) {
        if receivers.count > Self.capacity { receivers = [:] }
        let now = heard.until
        let groups = Set(runs.map(\.plan.terms.group))
        let choices = groups.filter { heard.groups.living(in: $0, at: now).count > 1 }
        var unknown: [Int: Set<JobID>] = [:]
        for run in runs where receivers[run.plan.job] == nil && choices.contains(run.plan.terms.group) {
            let memory = run.plan.terms.route.memory
            if memory > 0 { unknown[memory, default: []].insert(run.plan.job) }
        }
        for (limit, jobs) in unknown {
            let found = try await store.receivers(of: jobs, since: now - Self.horizon, among: limit)
            for job in jobs { receivers[job] = found[job] ?? [] }
        }
    }

    /// The executors that may get a run, best first; empty when `living` is, or when the run asks for none.
    ///
    /// A run that may have but one executor gets that one or nobody. All but the first are for when the one before was certainly not reached, or was asked and said no.
    ///
    /// - Parameters:
    ///   - living: the living executors of one group, ordered by address.
    ///   - run: what is to be handed over; only a planned one gets candidates.
    ///   - random: chooses a number from 0 up to, not including, what it is given.
    /// - Returns: the candidates in the order in which they are to be tried, each living executor once.
    package mutating func candidates(
        among living: [ExecutorInstance],
        for run: JobRun,
        random: (Int) -> Int = { Int.random(in: 0..<$0) }
    ) -> [ExecutorInstance] {
        guard case .planned = run.state else { return [] }
        return candidates(among: living, for: run.plan, random: random)
    }

    /// The executor that gets a run where that depends on nothing but who lives.
    ///
    /// - Parameters:
    ///   - living: the living executors of one group, ordered by address.
    ///   - plan: what is to be handed over.
    /// - Returns: the executor; nil when there is none, or somebody is to be asked or counted first: other runs of the job, an executor,
    ///   or the room that executors have.
    mutating func recipient(among living: [ExecutorInstance], of plan: RunPlan) -> ExecutorInstance? {
        guard !plan.terms.route.asksFirst, living.count == 1 || plan.terms.route.memory == 0,
            living.allSatisfy({ $0.capacity == nil && !$0.address.isPulled })
        else { return nil }
        return candidates(among: living, for: plan, random: { Int.random(in: 0..<$0) }).first
    }

    private mutating func candidates(
        among living: [ExecutorInstance],
        for plan: RunPlan,
        random: (Int) -> Int
    ) -> [ExecutorInstance] {
        guard !living.isEmpty else { return [] }
        if let target = plan.terms.target { return living.filter { $0.address == target } }
        let (job, shard, route) = (plan.job, plan.shard, plan.terms.route)
        // What the only one gets is read from the store once there is a choice.
        guard living.count > 1 || receivers[job] != nil else { return living }
        switch route {
        case .first, .failover, .busyover: return living
        case .last: return living.reversed()
        case .random: return living.rotated(to: random(living.count))
        // A shard whose executor is gone falls to the first.
        case .sharding: return living.rotated(to: shard.index < living.count ? shard.index : 0)
        case .consistentHash:
            return ring(of: living).order(for: plan.terms.hashKey ?? "\(job)").map { living[$0] }
        case .round, .leastFrequentlyUsed, .leastRecentlyUsed:
            let latest = receivers[job] ?? []
            // Jobs that begin together do not all begin with the same executor.
            let order = latest.isEmpty ? living.rotated(to: random(living.count)) : living
            let chosen = Self.candidates(order, after: latest, by: route)
            remember(chosen[0].address, of: job, atMost: route.memory)
            return chosen
        }
    }

    private static func candidates(
        _ living: [ExecutorInstance],
        after latest: [ExecutorAddress],
        by route: RouteStrategy
    ) -> [ExecutorInstance] {
        if route == .round {
            guard let last = latest.last else { return living }
            return living.rotated(to: living.firstIndex { $0.address > last } ?? 0)
        }
        var uses: [ExecutorAddress: (count: Int, latest: Int)] = [:]
        for (number, address) in latest.enumerated() {
            uses[address] = ((uses[address]?.count ?? 0) + 1, number)
        }
        let ranked = living.enumerated()
            .map { position, executor in
                let use = uses[executor.address] ?? (0, -1)
                let count = route == .leastFrequentlyUsed ? use.count : 0
                return (rank: (count, use.latest, position), executor: executor)
            }
        return ranked.sorted { $0.rank < $1.rank }.map(\.executor)
    }

    private mutating func remember(_ address: ExecutorAddress, of job: JobID, atMost limit: Int) {
        var latest = receivers[job] ?? []
        latest.append(address)
        receivers[job] = latest.suffix(limit)
    }

    /// The ring of these executors; made anew when others live than the last time.
    private mutating func ring(of living: [ExecutorInstance]) -> HashRing {
        let (group, spellings) = (living[0].group, living.map(\.spelling))
        if let ring = rings[group], ring.spellings == spellings { return ring }
        let ring = HashRing(spellings)
        rings[group] = ring
        return ring
    }
}

extension Array {
    fileprivate func rotated(to start: Int) -> [Element] {
        Array(self[start...] + self[..<start])
    }
}
