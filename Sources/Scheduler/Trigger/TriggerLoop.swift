import Groundwork
import Logging

/// Plans what is due, the moment it is due, while this process leads.
///
/// It reads the soonest jobs, plans those that are due, and sleeps until the next one is. What it knows lives
/// for one round: a change of jobs rings its bell, and a change made by another process is seen within
/// `longestSleep`.
package struct TriggerLoop: Sendable {
    private let jobs: any JobStore
    private let registry: any RegistryStore
    private let planner: TriggerPlanner
    private let bells: SchedulerBells
    private let gauges: SchedulerGauges
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// The most jobs that are planned in one transaction.
    static let batch = 500
    /// How long it sleeps at most, so that the changes of other processes and of the wall clock are seen.
    static let longestSleep = Duration.seconds(1)

    init(_ parts: SchedulerParts, planner: TriggerPlanner) {
        jobs = parts.jobs
        registry = parts.registry
        self.planner = planner
        bells = parts.bells
        gauges = parts.gauges
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Plans until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        while !Task.isCancelled {
            do {
                let pause = try await round(under: lease)
                if pause > .zero { await bells.trigger.wait(atMost: pause, on: clock) }
            } catch let error as StoreError where error.isTransient {
                logger.warning("triggers not planned", metadata: [LogKey.error: "\(error)"])
                await bells.trigger.wait(atMost: Self.longestSleep, on: clock)
            }
        }
    }

    /// Plans what is due now and says how long nothing else will be.
    func round(under lease: Lease) async throws -> Duration {
        let upcoming = try await jobs.upcoming(limit: Self.batch)
        let now = wall.now
        let due = upcoming.prefix { ($0.nextTriggerAt ?? now) <= now }
        let idle = upcoming.dropFirst(due.count).first?.nextTriggerAt.map { $0 - now } ?? Self.longestSleep
        guard !due.isEmpty else { return min(idle, Self.longestSleep) }
        let groups = ExecutorGroups(try await registry.instances())
        let plans = due.compactMap { plan($0, at: now, groups) }
        let added = try await jobs.plan(plans, token: lease.token)
        gauges.planned(added, at: wall.now)
        if !added.isEmpty { bells.dispatch.ring() }
        // More may be due already, but jobs that cannot be planned must not make this a busy loop.
        return plans.isEmpty ? min(idle, Self.longestSleep) : .zero
    }

    private func plan(_ job: Job, at now: Moment, _ groups: ExecutorGroups) -> TriggerPlan? {
        do {
            let living = groups.living(in: job.spec.group, at: now).count
            return try planner.plan(job, at: now, living: living)
        } catch {
            logger.error(
                "schedule not readable",
                metadata: [LogKey.job: "\(job.id)", LogKey.error: "\(error)"]
            )
            return nil
        }
    }
}
