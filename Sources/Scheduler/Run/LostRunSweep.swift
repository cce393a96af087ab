import Groundwork
import Logging

/// Ends the runs whose executor will not do it any more: its process restarted, fell silent, or let the
/// deadline pass.
package struct LostRunSweep: Sendable {
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let executors: ExecutorClient
    private let closer: RunCloser
    private let bells: SchedulerBells
    private let settings: SweepSettings
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    private static let batch = 500

    init(_ parts: SchedulerParts, settings: SweepSettings) {
        runs = parts.runs
        registry = parts.registry
        executors = parts.executors
        closer = RunCloser(parts)
        bells = parts.bells
        self.settings = settings
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Sweeps until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        while !Task.isCancelled {
            do {
                try await sweep(under: lease)
                try await prune()
            } catch let error as StoreError where error.isTransient {
                logger.warning("runs not swept", metadata: [LogKey.error: "\(error)"])
            }
            await bells.sweep.wait(atMost: settings.period, on: clock)
        }
    }

    /// Looks at every running run once.
    func sweep(under lease: Lease) async throws {
        let groups = ExecutorGroups(try await registry.instances())
        var after: RunID?
        repeat {
            let filter = RunFilter(states: [.running])
            let page = try await runs.runs(filter, after: after, limit: Self.batch)
            for run in page.elements {
                guard let end = await verdict(on: run, groups) else { continue }
                let ended = try await closer.close(run, end, token: lease.token)
                if end.reason == .timedOut, !ended.isEmpty { await free(run, groups) }
            }
            after = page.next
        } while after != nil && !Task.isCancelled
    }

    /// How `run` ends, or nil while it may go on.
    private func verdict(on run: JobRun, _ groups: ExecutorGroups) async -> RunEnd? {
        let now = wall.now
        guard let reference = run.executor else { return nil }
        let executor = groups.instance(at: reference.address, in: run.plan.terms.group)
        if let deadline = run.deadline(grace: settings.grace), now >= deadline {
            return RunEnd(.timedOut, message: "no result by the scheduler's deadline", at: now)
        }
        guard let executor, !executor.isSilent(at: now) else {
            let isRecent = run.startedAt.map { now - $0 < ExecutorInstance.silenceLimit } ?? false
            return isRecent ? nil : RunEnd(.executorLost, message: "executor is silent", at: now)
        }
        guard let accepted = reference.instance, let present = executor.instance, accepted != present else {
            return nil
        }
        if await isHeldAfterAll(run, executor) { return nil }
        return RunEnd(.executorLost, message: "executor restarted", at: now)
    }

    /// Whether a new process may have accepted the run before it registered: then the job is busy there.
    private func isHeldAfterAll(_ run: JobRun, _ executor: ExecutorInstance) async -> Bool {
        guard let started = run.startedAt, executor.since - started < settings.doubt else { return false }
        return await executors.isIdle(run.plan.job, on: executor) == false
    }

    /// Asks the executor to stop working on a run that is over here; whatever it answers, the run stays
    /// ended.
    private func free(_ run: JobRun, _ groups: ExecutorGroups) async {
        guard let address = run.executor?.address,
            let executor = groups.instance(at: address, in: run.plan.terms.group)
        else { return }
        _ = await executors.kill(run.plan.job, on: executor)
    }

    private func prune() async throws {
        let now = wall.now
        _ = try await runs.prune(endedBefore: now - settings.runRetention, limit: Self.batch)
        _ = try await registry.forget(silentSince: now - settings.executorRetention)
    }
}

/// How lost runs are looked for, and how long what is over is kept.
package struct SweepSettings: Hashable, Sendable {
    /// The wait between two looks.
    package var period = Duration.seconds(5)
    /// What is added to a run's time limit before the scheduler ends it: time for the executor to say so
    /// itself.
    package var grace = Duration.seconds(30)
    /// How recent a run must be, when its executor's process changed, to be asked about before it is given
    /// up.
    package var doubt = Duration.seconds(10)
    /// How long ended runs are kept.
    package var runRetention = Duration.seconds(30 * 86_400)
    /// How long executors that are gone stay listed.
    package var executorRetention = Duration.seconds(86_400)

    package init() {}
}
