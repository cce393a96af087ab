import Groundwork
import Logging

/// Sees to what ended runs lead to, while this process leads.
package struct SequelLoop: Sendable {
    private let jobs: any JobStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let planner: TriggerPlanner
    private let bells: SchedulerBells
    private let gauges: SchedulerGauges
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// The most ends that are followed up in one transaction.
    static let batch = 200
    /// How long it sleeps at most, so that what ended in other processes is seen.
    static let longestSleep = Duration.milliseconds(500)

    init(_ parts: SchedulerParts, planner: TriggerPlanner) {
        jobs = parts.jobs
        runs = parts.runs
        registry = parts.registry
        self.planner = planner
        bells = parts.bells
        gauges = parts.gauges
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Follows up ends until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        while !Task.isCancelled {
            do {
                if try await round(under: lease) { continue }
            } catch let error as StoreError where error.isTransient {
                logger.warning("ends not followed up", metadata: [LogKey.error: "\(error)"])
            }
            await bells.sequel.wait(atMost: Self.longestSleep, on: clock)
        }
    }

    /// Follows up what ended; says whether there may be more of it.
    func round(under lease: Lease) async throws -> Bool {
        let ended = try await runs.sequels(limit: Self.batch)
        guard !ended.isEmpty else { return false }
        let steps = try await steps(after: ended)
        do {
            try await follow(steps, under: lease)
        } catch let error as StoreError where error.code == .conflict {
            // One of the children has a run of this very millisecond: each goes by itself, and looks again next time.
            for step in steps { try await followAlone(step, under: lease) }
        }
        return ended.count == Self.batch
    }

    private func steps(after ended: [JobRun]) async throws -> [SequelStep] {
        var due: [RunID: [ChildRules.Due]] = [:]
        for (id, ends) in Dictionary(grouping: ended, by: \.plan.job) {
            guard let job = try await jobs.job(id) else { continue }
            for run in ends {
                let trigger = run.plan.shard.total == 1 ? [run] : try await runs.trigger(of: run.plan)
                due[run.id] = ChildRules.due(of: job, after: run, among: trigger)
            }
        }
        let children = try await children(Set(due.values.flatMap { $0.map(\.child) }))
        var sheet = ChildSheet(
            planner: planner,
            groups: ExecutorGroups(try await registry.instances()),
            now: wall.now
        )
        return ended.map { run in
            let runs = (due[run.id] ?? [])
                .flatMap { due in
                    children[due.child].map { sheet.runs(of: $0, params: due.params, after: run) } ?? []
                }
            return SequelStep(run.id, leadsTo: runs)
        }
    }

    private func children(_ names: Set<JobName>) async throws -> [JobName: Job] {
        var found: [JobName: Job] = [:]
        for name in names {
            let filter = JobFilter(group: name.group, name: name.name)
            found[name] = try await jobs.jobs(filter, after: nil, limit: 1).elements.first
            if found[name] == nil {
                logger.error("child job does not exist", metadata: [LogKey.job: "\(name)"])
            }
        }
        return found
    }

    private func follow(_ steps: [SequelStep], under lease: Lease) async throws {
        let added = try await runs.follow(steps, token: lease.token)
        guard !added.isEmpty else { return }
        gauges.planned(added, at: wall.now)
        bells.dispatch.ring()
    }

    private func followAlone(_ step: SequelStep, under lease: Lease) async throws {
        do { try await follow([step], under: lease) } catch let error as StoreError
            where error.code == .conflict
        {}
    }
}

/// Plans the runs of children in one round, each for an instant of its own: two ends may trigger one child.
private struct ChildSheet {
    let planner: TriggerPlanner
    let groups: ExecutorGroups
    let now: Moment
    private var latest: [JobID: Moment] = [:]

    init(planner: TriggerPlanner, groups: ExecutorGroups, now: Moment) {
        self.planner = planner
        self.groups = groups
        self.now = now
    }

    mutating func runs(of child: Job, params: String?, after run: JobRun) -> [NewRun] {
        let planned = latest[child.id].map { $0 + .milliseconds(1) } ?? now
        latest[child.id] = planned
        return planner.runs(
            of: child,
            triggeredAt: planned,
            by: .parent,
            params: params,
            parent: run.id,
            living: groups.living(in: child.spec.group, at: now).count
        )
    }
}
