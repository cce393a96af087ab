import Groundwork
import Logging

/// Sees to what ended runs lead to, while this process leads, and to trouble that no end tells of: both change jobs' alarms, one after the
/// other.
package struct SequelLoop: Sendable {
    private let jobs: any JobStore
    private let alarms: any AlarmStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let planner: TriggerPlanner
    private let watch: AlarmWatch
    private let bells: SchedulerBells
    private let gauges: SchedulerGauges
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// The most ends that are followed up in one transaction.
    static let batch = 200
    /// How long it sleeps at most, so that what ended in other processes is seen.
    static let longestSleep = Duration.milliseconds(500)

    init(_ parts: SchedulerParts, planner: TriggerPlanner, watch settings: WatchSettings = WatchSettings()) {
        jobs = parts.jobs
        alarms = parts.alarms
        runs = parts.runs
        registry = parts.registry
        self.planner = planner
        watch = AlarmWatch(parts, settings: settings)
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
        var memory = AlarmWatch.Memory()
        while !Task.isCancelled {
            do {
                try await watch.lookIfDue(under: lease, &memory)
                if try await round(under: lease) { continue }
            } catch let error as StoreError where error.isTransient {
                logger.warning("ends not followed up", metadata: [LogKey.error: "\(error)"])
            }
            await bells.sequel.wait(atMost: Self.longestSleep, on: clock)
        }
    }

    /// Finds what was not fired because nobody led: to be called before the first trigger of a term is planned.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func lookBack(under lease: Lease) async throws(StoreError) {
        do { try await watch.lookBack(under: lease) } catch {
            guard error.isTransient else { throw error }
            logger.warning("not looked back", metadata: [LogKey.error: "\(error)"])
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
            // One of the children has a run of this very millisecond: what comes before it goes by itself, the rest next time.
            try await followSingly(steps, under: lease)
        }
        return ended.count == Self.batch
    }

    /// What the ends lead to, in the order in which they are to be followed up: who comes later builds on who came before.
    private func steps(after ended: [JobRun]) async throws -> [SequelStep] {
        var known: [JobID: Job] = [:]
        for id in Set(ended.map(\.plan.job)) { known[id] = try await jobs.job(id) }
        var alarms = AlarmSheet(try await alarms.alarms(of: known.keys.sorted()), at: wall.now)
        var findings: [Finding] = []
        var done: Set<RunID> = []
        for run in ended.sorted(by: Self.endedBefore) {
            var finding = Finding(run: run)
            if let job = known[run.plan.job] {
                let trigger = WholeTrigger(try await self.trigger(of: run), without: done)
                finding.children = ChildRules.due(of: job, after: run, among: trigger)
                let lateness = try await lateness(of: job, after: run, wasLate: alarms.isInTrouble(job.id))
                finding.alarm = alarms.step(for: job, after: run, among: trigger, late: lateness)
            }
            findings.append(finding)
            done.insert(run.id)
        }
        let children = try await children(Set(findings.flatMap { $0.children.map(\.child) }))
        var plans = ChildSheet(
            planner: planner,
            groups: ExecutorGroups(try await registry.instances()),
            now: wall.now
        )
        return findings.map { finding in
            let runs = finding.children.flatMap { due in
                children[due.child].map { plans.runs(of: $0, params: due.params, after: finding.run) } ?? []
            }
            return SequelStep(finding.run.id, leadsTo: runs, alarm: finding.alarm)
        }
    }

    /// What is to be said of a job of which too many runs were late, where the end of `run` may have changed that.
    private func lateness(
        of job: Job,
        after run: JobRun,
        wasLate: Bool
    ) async throws(StoreError) -> String? {
        guard let target = job.spec.lateness, job.spec.alarm != nil, run.plan.trigger == .schedule else {
            return nil
        }
        let own = StageReport([run], limit: target.target, due: job.due)
        guard wasLate || own.inTime < own.started else { return nil }
        let latest = try await runs.runs(RunFilter(job: job.id), after: nil, limit: LatenessTarget.window)
        let report = StageReport(latest.elements, limit: target.target, due: job.due)
        guard target.isMissed(by: report) else { return nil }
        let late = report.started - report.inTime
        return
            "\(late) of its last \(report.started) runs began more than \(target.target.wholeMilliseconds) ms late"
    }

    private func trigger(of run: JobRun) async throws -> TriggerRuns {
        run.plan.shard.total == 1
            ? TriggerRuns(runs: [run], listed: [run.id]) : try await runs.trigger(of: run.plan)
    }

    private static func endedBefore(_ one: JobRun, _ other: JobRun) -> Bool {
        guard let first = one.end?.at, let second = other.end?.at else { return false }
        return (first, one.id) < (second, other.id)
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
        if steps.contains(where: { $0.alarm?.notices.isEmpty == false }) { bells.alarm.ring() }
        guard !added.isEmpty else { return }
        gauges.planned(added, at: wall.now)
        bells.dispatch.ring()
    }

    private func followSingly(_ steps: [SequelStep], under lease: Lease) async throws {
        for step in steps {
            do { try await follow([step], under: lease) } catch let error as StoreError
                where error.code == .conflict
            { return }
        }
    }
}

/// What the end of one run leads to.
private struct Finding {
    let run: JobRun
    var children: [ChildRules.Due] = []
    var alarm: AlarmStep?
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
