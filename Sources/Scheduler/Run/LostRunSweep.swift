import Groundwork
import Logging

/// Ends the runs whose executor will not do it any more: its process restarted, fell silent, or let the
/// deadline pass.
package struct LostRunSweep: Sendable {
    private let jobs: any JobStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let calls: any IdempotencyStore
    private let executors: ExecutorClient
    private let closer: RunCloser
    private let bells: SchedulerBells
    private let settings: SweepSettings
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger

    private static let batch = 500
    /// How many executors are asked about their runs at the same time.
    private static let askedAtOnce = 16

    init(_ parts: SchedulerParts, settings: SweepSettings) {
        jobs = parts.jobs
        runs = parts.runs
        registry = parts.registry
        calls = parts.calls
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
        var idle = IdleRuns(since: wall.now)
        while !Task.isCancelled {
            do {
                try await sweep(under: lease, &idle)
                try await giveBack(under: lease)
                try await resume(under: lease)
                try await forget()
            } catch let error as StoreError where error.isTransient {
                logger.warning("runs not swept", metadata: [LogKey.error: "\(error)"])
                // What executors called back meanwhile was not taken either: they will call again.
                idle = IdleRuns(since: wall.now)
            }
            await bells.sweep.wait(atMost: settings.period, on: clock)
        }
    }

    /// Looks at every running run once.
    func sweep(under lease: Lease, _ idle: inout IdleRuns) async throws {
        let heard = try await Heard(registry, at: wall.now)
        var after: RunID?
        var seen: Set<RunID> = []
        idle.beginRound()
        repeat {
            let filter = RunFilter(states: [.running])
            let page = try await runs.runs(filter, after: after, limit: Self.batch)
            await askAhead(page.elements, heard, &idle)
            for run in page.elements {
                seen.insert(run.id)
                guard let end = await verdict(on: run, heard, &idle) else { continue }
                // First there, then here: what ends here makes room for the job's next run, which would be
                // stopped as well.
                if end.reason == .timedOut {
                    // A call bears no token: the write before it shows that it is still this leader's to make.
                    let announced = Stopwatch(clock)
                    guard try await runs.advance([run], token: lease.token).count == 1,
                        announced.elapsed < settings.callWindow
                    else { continue }
                    await free(run, heard.groups, &idle)
                }
                try await closer.close(run, end, token: lease.token)
            }
            after = page.next
        } while after != nil && !Task.isCancelled
        idle.keep(seen)
    }

    /// Lets others have what was written down for an executor that fetches its runs, as it signed off: it never calls again.
    func giveBack(under lease: Lease) async throws {
        let now = wall.now
        let gone = try await registry.instances()
            .filter { executor in
                executor.hasLeft && executor.address.isPulled
                    && now - executor.lastSeenAt < settings.farewellMemory
            }
        for executor in gone {
            // What was its own before, it told of when it signed off.
            let late = executor.lastSeenAt - settings.callWindow
            let back = try await runs.untold(at: executor.address, limit: Self.batch)
                .filter { run in
                    run.plan.terms.group == executor.group && run.executor?.instance == executor.instance
                        && run.killRequestedAt == nil
                        && run.dispatchedAt.map { $0 >= late && $0 <= now } == true
                }
                .compactMap { $0.postponed(until: now, at: now) }
            guard !back.isEmpty else { continue }
            if try await !runs.advance(back, token: lease.token).isEmpty { bells.runsMayGo() }
        }
    }

    /// Has jobs with a fixed delay be due again that nothing else would make due.
    func resume(under lease: Lease) async throws {
        for job in try await jobs.stalled(limit: Self.batch) {
            guard let delay = job.spec.schedule.fixedDelay else { continue }
            logger.notice("fixed delay resumed", metadata: [LogKey.job: "\(job.id)"])
            try await jobs.resume(job, at: wall.now + delay, token: lease.token)
            bells.trigger.ring()
        }
    }

    /// How `run` ends, or nil while it may go on.
    private func verdict(
        on run: JobRun,
        _ heard: Heard,
        _ idle: inout IdleRuns
    ) async -> RunEnd? {
        let now = wall.now
        guard let reference = run.executor else { return nil }
        let executor = heard.groups.instance(at: reference.address, in: run.plan.terms.group)
        if let deadline = run.deadline(grace: settings.grace), now >= deadline {
            return RunEnd(.timedOut, message: "no result by the scheduler's deadline", at: now)
        }
        guard let executor, !heard.isSilent(executor) else {
            let isRecent = run.startedAt.map { now - $0 < ExecutorInstance.silenceLimit } ?? false
            return isRecent ? nil : RunEnd(.executorLost, message: "executor is silent", at: now)
        }
        guard let accepted = reference.instance, let present = executor.instance, accepted != present else {
            return await verdict(onResultOf: run, executor, &idle)
        }
        if await isHeldAfterAll(run, executor, &idle) { return nil }
        return RunEnd(.executorLost, message: "executor restarted", at: now)
    }

    /// How a run ends whose executor does not have it any more, and has not told how it ended.
    ///
    /// Some clients lose a result that they could not deliver at once; without this their runs would stay
    /// open, and hold back the later runs of a serial job, for ever. Most do not say either that their process is
    /// another one than before.
    private func verdict(
        onResultOf run: JobRun,
        _ executor: ExecutorInstance,
        _ idle: inout IdleRuns
    ) async -> RunEnd? {
        let isNameless = executor.instance == nil
        guard let started = run.startedAt,
            isNameless
                ? isOld(run, settings.restartPatience)
                : isOld(run, settings.resultPatience)
                    && idle.isDue(run.id, at: wall.now, every: settings.idlePeriod)
        else { return nil }
        let answer = await askIfIdle(run.plan.job, executor, &idle)
        let now = wall.now
        let watch = idle.note(run.id, answer, at: now)
        if isNameless, executor.hasLeft, let gone = watch.goneSince, now - gone >= settings.restartLimit {
            return RunEnd(.executorLost, message: "the executor signed off and is gone", at: now)
        }
        guard let since = watch.idleSince else { return nil }
        // The executor had the run before our eyes and has it no more, and its calls come through.
        let isSeen = watch.wasBusy || started >= idle.since
        let isRestarted =
            isNameless && isSeen && executor.lastSeenAt > since && now - since >= settings.restartLimit
        let isLong = now - started >= settings.resultPatience && now - since >= settings.idleLimit
        guard isRestarted || isLong else { return nil }
        return RunEnd(.executorLost, message: "result lost: the executor is done and never told", at: now)
    }

    /// Whether the run has been with its executor for that long.
    private func isOld(_ run: JobRun, _ patience: Duration) -> Bool {
        run.startedAt.map { wall.now - $0 >= patience } ?? false
    }

    /// Asks executors that do not name their process about their runs, many executors at the same time: each that hangs
    /// takes seconds.
    private func askAhead(_ runs: [JobRun], _ heard: Heard, _ idle: inout IdleRuns) async {
        var questions: [ExecutorAddress: (executor: ExecutorInstance, jobs: Set<JobID>)] = [:]
        for run in runs where isOld(run, settings.restartPatience) {
            guard let address = run.executor?.address,
                let executor = heard.groups.instance(at: address, in: run.plan.terms.group),
                executor.instance == nil, !heard.isSilent(executor),
                idle.answer(about: run.plan.job, at: address) == nil
            else { continue }
            questions[address, default: (executor, [])].jobs.insert(run.plan.job)
        }
        var waiting = Array(questions.values)[...]
        while !waiting.isEmpty {
            let answers = await withTaskGroup(of: [Told].self, returning: [Told].self) { group in
                for (executor, jobs) in waiting.prefix(Self.askedAtOnce) {
                    group.addTask { await ask(executor, about: jobs) }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            for (job, executor, answer) in answers { idle.remember(answer, about: job, at: executor) }
            waiting = waiting.dropFirst(Self.askedAtOnce)
        }
    }

    /// What an executor said of a job.
    private typealias Told = (job: JobID, executor: ExecutorAddress, answer: ProbeAnswer)

    /// Whether the executor has nothing of each job; one that does not answer is not asked further.
    private func ask(
        _ executor: ExecutorInstance,
        about jobs: Set<JobID>
    ) async -> [Told] {
        var answers: [Told] = []
        for job in jobs {
            let answer = await executors.idleBeat(job, on: executor)
            answers.append((job, executor.address, answer))
            switch answer {
            case .yes, .no: continue
            case .notReached, .unclear: return answers
            }
        }
        return answers
    }

    /// Whether a new process may have accepted the run before it registered: then the job is busy there.
    private func isHeldAfterAll(
        _ run: JobRun,
        _ executor: ExecutorInstance,
        _ idle: inout IdleRuns
    ) async -> Bool {
        guard let started = run.startedAt, executor.since - started < settings.doubt else { return false }
        if case .no = await askIfIdle(run.plan.job, executor, &idle) { return true }
        return false
    }

    /// Asks the executor to stop working on a run that is over here; whatever it answers, the run stays
    /// ended.
    private func free(_ run: JobRun, _ groups: ExecutorGroups, _ idle: inout IdleRuns) async {
        // One that fetches its runs hears of the end when it says what it has.
        guard let address = run.executor?.address, !address.isPulled, !idle.isDeaf(address),
            let executor = groups.instance(at: address, in: run.plan.terms.group)
        else { return }
        if case .unknown = await executors.kill(run.plan.job, on: executor) { idle.noteDeaf(address) }
    }

    /// Whether the executor has nothing of the job; one that does not answer is not asked again in this round.
    private func askIfIdle(
        _ job: JobID,
        _ executor: ExecutorInstance,
        _ idle: inout IdleRuns
    ) async -> ProbeAnswer {
        if let answer = idle.answer(about: job, at: executor.address) { return answer }
        let answer = await executors.idleBeat(job, on: executor)
        idle.remember(answer, about: job, at: executor.address)
        return answer
    }

    /// Removes executors that are long gone, and keys of calls that nobody repeats any more.
    func forget() async throws {
        let now = wall.now
        _ = try await registry.forget(silentSince: now - settings.executorRetention)
        _ = try await calls.prune(begunBefore: now - KeyedCall.retention, limit: Self.batch)
    }
}

/// How lost runs are looked for, and how long executors that are gone stay listed.
package struct SweepSettings: Hashable, Sendable {
    /// The wait between two looks.
    package var period = Duration.seconds(5)
    /// How long after it was announced in the store a call may still be made; as in `DispatchRules.callWindow`.
    package var callWindow = Duration.seconds(5)
    /// What is added to a run's time limit before the scheduler ends it: time for the executor to say so
    /// itself.
    package var grace = Duration.seconds(30)
    /// How recent a run must be, when its executor's process changed, to be asked about before it is given
    /// up.
    package var doubt = Duration.seconds(10)
    /// How old a run must be before an executor that does not name its process is asked, in every look, whether it still
    /// has it.
    package var restartPatience = Duration.seconds(5)
    /// For how long such an executor must say no, having had the run, or be gone, having signed off, before the run
    /// counts as lost.
    ///
    /// Clients that try again to deliver a result do so for 10 s, or keep it for as long as they live; theirs is the next
    /// rule when the scheduler itself was not there to take it.
    package var restartLimit = Duration.seconds(15)
    /// How old a run must be before an executor of which nothing else is known is asked whether it still has it.
    package var resultPatience = Duration.seconds(600)
    /// How often it is asked.
    package var idlePeriod = Duration.seconds(30)
    /// For how long the executor must say no before the result counts as lost: time to deliver what it kept.
    package var idleLimit = Duration.seconds(300)
    /// For how long after an executor that fetches its runs signed off it is looked whether some were left to it all the same.
    package var farewellMemory = Duration.seconds(120)
    /// How long executors that are gone stay listed.
    package var executorRetention = Duration.seconds(86_400)

    package init() {}
}
