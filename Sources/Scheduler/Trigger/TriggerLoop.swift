import Groundwork
import Logging

/// Plans what is due, a little before it is due, while this process leads.
///
/// It reads the soonest jobs, plans those that are due within the planner's head start, and sleeps until five sixths of that are left to
/// the next one: those that are due in between are planned together. What it read it reads again when a
/// change of jobs rings its bell, when a plan does not count, and after `longestSleep`, within which it so sees what other
/// processes change.
package struct TriggerLoop: Sendable {
    private let jobs: any JobStore
    private let registry: any RegistryStore
    private let planner: TriggerPlanner
    private let bells: SchedulerBells
    private let gauges: SchedulerGauges
    private let rush: Rush
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let logger: Logger

    /// A job, how many runs its plan has, when it is due next, and whether that counts.
    private typealias Planned = (job: Job, runs: Int, next: Moment?, counts: Bool)

    /// What one round leaves to the next.
    private struct Memory {
        var agenda: Agenda?
        /// How many runs were planned.
        var runs = 0
    }

    /// From how many runs a round on it is busy.
    private static let busy = 32

    /// The most jobs that are planned in one transaction.
    static let batch = 500
    /// The most transactions that are under way at once: while the store takes one, another is made.
    static let lanes = 4
    /// The most jobs that are read at once, and that are where all those were due that were read before.
    static let window = (usual: 1_000, rush: 4_000)
    /// How long it sleeps at most, so that the changes of other processes and of the wall clock are seen.
    static let longestSleep = Duration.seconds(1)

    init(_ parts: SchedulerParts, planner: TriggerPlanner) {
        jobs = parts.jobs
        registry = parts.registry
        self.planner = planner
        bells = parts.bells
        gauges = parts.gauges
        rush = parts.rush
        wall = parts.wall
        clock = parts.clock
        stopwatch = Stopwatch(parts.clock)
        logger = parts.logger
    }

    /// Plans until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        var memory = Memory()
        while !Task.isCancelled {
            do {
                if bells.trigger.takeRing() { memory.agenda = nil }
                let pause = try await round(under: lease, &memory)
                if pause > .zero, await bells.trigger.wait(atMost: pause, on: clock) { memory.agenda = nil }
            } catch let error as StoreError where error.isTransient {
                logger.warning("triggers not planned", metadata: [LogKey.error: "\(error)"])
                memory.agenda = nil
                await bells.trigger.wait(atMost: Self.longestSleep, on: clock)
            }
        }
    }

    /// Plans what is due now and says how long nothing else will be.
    func round(under lease: Lease) async throws -> Duration {
        var memory = Memory()
        return try await round(under: lease, &memory)
    }

    private func round(under lease: Lease, _ memory: inout Memory) async throws -> Duration {
        var agenda = try await self.agenda(memory.agenda)
        let now = wall.now
        let due = agenda.takeDue(at: now + planner.headStart, limit: Self.batch * Self.lanes)
        let idle = idle(agenda, at: now)
        memory.agenda = agenda
        guard !due.isEmpty else { return idle }
        let plans = try await plan(due, at: now, isBusy: memory.runs >= Self.busy, under: lease)
        memory.runs = plans.map(\.runs).reduce(0, +)
        for case (let job, _, let next, true) in plans { agenda.put(job, next: next) }
        // One that does not count was decided on what is not so any more.
        memory.agenda = plans.allSatisfy(\.counts) ? agenda : nil
        // Jobs that cannot be planned must not make this a busy loop.
        guard !plans.isEmpty else { return idle }
        return due.count == Self.batch * Self.lanes || memory.agenda == nil
            ? .zero : self.idle(agenda, at: now)
    }

    /// Plans jobs that are due, in as many transactions as there are batches of them.
    ///
    /// - Returns: when each of them is due next, and whether the store took the plan; jobs that cannot be planned are left out.
    private func plan(
        _ due: [Job],
        at now: Moment,
        isBusy: Bool,
        under lease: Lease
    ) async throws -> [Planned] {
        let groups = try await groups(of: due)
        return try await withThrowingTaskGroup(of: [Planned].self) { lanes in
            for start in stride(from: 0, to: due.count, by: Self.batch) {
                let batch = due[start..<min(start + Self.batch, due.count)]
                lanes.addTask { try await store(batch, at: now, isBusy: isBusy, groups, under: lease) }
            }
            return try await lanes.reduce(into: []) { $0 += $1 }
        }
    }

    /// Plans jobs in one transaction.
    private func store(
        _ due: ArraySlice<Job>,
        at now: Moment,
        isBusy: Bool,
        _ groups: ExecutorGroups,
        under lease: Lease
    ) async throws -> [Planned] {
        let plans = due.compactMap { job in plan(job, at: now, isBusy: isBusy, groups).map { (job, $0) } }
        let added = try await jobs.plan(plans.map(\.1), token: lease.token)
        gauges.planned(added, at: wall.now)
        rush.note(added, at: now)
        if !added.isEmpty { bells.dispatch.ring() }
        let counted = Set(added.map(\.plan.job))
        return plans.map { job, plan in (job, plan.runs.count, plan.next, counted.contains(job.id)) }
    }

    /// How long nothing has to be planned.
    private func idle(_ agenda: Agenda, at now: Moment) -> Duration {
        min(agenda.idle(at: now + planner.headStart * 5 / 6) ?? Self.longestSleep, Self.longestSleep)
    }

    /// What is known, or what is read where that is too little or too old.
    private func agenda(_ known: Agenda?) async throws(StoreError) -> Agenda {
        let readAt = stopwatch.elapsed
        let soon = wall.now + planner.headStart
        let isShort = known?.isShort(at: soon) == true
        if let known, !isShort, readAt - known.readAt < Self.longestSleep { return known }
        let limit = isShort ? Self.window.rush : Self.window.usual
        // It is read again before anything else is due, and where it goes on along a stride as well.
        let until = soon + planner.stride + Self.longestSleep
        let read = try await jobs.upcoming(until: until, limit: limit)
        return Agenda(read, limit: limit, until: until, readAt: readAt)
    }

    /// The executors, asked for only where their number decides how many runs there are.
    private func groups(of due: [Job]) async throws(StoreError) -> ExecutorGroups {
        guard due.contains(where: { $0.spec.route == .sharding }) else { return ExecutorGroups([]) }
        return ExecutorGroups(try await registry.instances())
    }

    private func plan(
        _ job: Job,
        at now: Moment,
        isBusy: Bool,
        _ groups: ExecutorGroups
    ) -> TriggerPlan? {
        do {
            let living = groups.living(in: job.spec.group, at: now).count
            return try planner.plan(job, at: now, living: living, isBusy: isBusy)
        } catch {
            logger.error(
                "schedule not readable",
                metadata: [LogKey.job: "\(job.id)", LogKey.error: "\(error)"]
            )
            return nil
        }
    }
}
