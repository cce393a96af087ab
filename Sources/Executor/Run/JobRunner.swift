import Groundwork
import Logging
import ServiceLifecycle
import Synchronization

/// Takes runs in, starts and stops them, and keeps what the scheduler is owed.
///
/// Every event (a run arrives, ends, is killed, is delivered) is decided, written down and acted upon in one
/// step without suspension, on a thread of its own: no other event can come between. Before the scheduler is
/// told anything, that it was accepted or how it ended, what was written down is durable.
actor JobRunner: Service {
    /// What becomes of a run that arrives.
    enum Answer: Hashable {
        /// It starts or waits, and will be called back.
        case accepted
        /// It was accepted before; nothing changes.
        case alreadyHeld
        /// It is not taken, and will not be called back.
        case refused(String)
    }

    /// How the runner behaves; see `ExecutorSettings`.
    struct Settings: Sendable {
        var queueLength = 30
        var drainLimit = Duration.seconds(15)
        var stopGrace = Duration.seconds(5)
    }

    private let settings: Settings
    private let handlers: HandlerCatalogue
    private let hooks = HandlerHooks()
    private let logs: RunLogFolder
    private let clock: any Clock<Duration>
    private let calendar: any WallClock
    private let logger: Logger
    private let thread = BlockingExecutor(label: "kpush.executor.runner")

    /// What programs of this executor are found by when it is gone.
    private let name: String
    private var journal: RunJournal
    private var queues: [JobID: RunQueue] = [:]
    private var held: [RunID: HeldRun] = [:]
    private var isDraining = false
    private var idleWatchers: [AsyncStream<Void>.Continuation] = []

    private let starts = RunStarts()
    /// Those that start with the step that is under way.
    private var starting: [RunExecution] = []
    private let outcomes = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    /// Handlers that ended while this was busy: all of them are taken up in one step, and written down at once.
    private let ended = Mutex<[(run: RunID, outcome: RunOutcome)]>([])

    /// Opens the journal in `journalFolder` and ends what an earlier process left open.
    init(
        settings: Settings,
        handlers: HandlerCatalogue,
        logs: RunLogFolder,
        journalFolder: String,
        clock: any Clock<Duration>,
        calendar: any WallClock,
        logger: Logger
    ) throws(ExecutorError) {
        self.settings = settings
        self.handlers = handlers
        self.logs = logs
        self.clock = clock
        self.calendar = calendar
        self.logger = logger
        var journal = try RunJournal(folder: journalFolder)
        if journal.unreadable > 0 {
            logger.warning(
                "lines of the run journal are unreadable",
                metadata: ["count": "\(journal.unreadable)"]
            )
        }
        name = try ExecutorName.load(from: journalFolder)
        try journal.endLeftovers(of: name, logs, calendar, logger)
        self.journal = journal
        outcomes.continuation.yield()
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Signals that there may be outcomes to deliver; for one reader.
    nonisolated var outcomesReady: AsyncStream<Void> { outcomes.stream }

    /// Carries out what was accepted until it is drained on graceful shutdown, or cancelled; then has handlers clean up.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.drainOnShutdown() }
            await starts.carryOut { execution, outcome in
                if self.isFirst(execution.context.run, outcome) { await self.endGathered() }
            }
            group.cancelAll()
        }
        await dispose()
    }

    private func dispose() async {
        let (hooks, clock, limit) = (hooks, clock, settings.stopGrace)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await hooks.dispose() }
            // Cancelled when all have cleaned up first.
            group.addTask { try? await clock.sleep(for: limit, tolerance: nil) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: What the scheduler asks

    /// Takes a run in: when it answers `accepted`, the run will be called back exactly once, come what may.
    func accept(_ request: RunRequest) async -> Answer {
        let answer = take([request])[0]
        if case .refused = answer { return answer }
        // Queues up once more, so that one synchronisation serves all the runs that arrived meanwhile.
        await Task.yield()
        synchronise()
        return answer
    }

    /// Takes in runs that came together, each as if it came alone.
    func accept(_ requests: [RunRequest]) -> [Answer] {
        let answers = take(requests)
        synchronise()
        return answers
    }

    private func take(_ requests: [RunRequest]) -> [Answer] {
        let before = queues
        var answers: [Answer] = []
        var admitted: [AdmittedRun] = []
        for request in requests {
            let (answer, run) = admit(request)
            answers.append(answer)
            if let run { admitted.append(run) }
        }
        do {
            try journal.accept(admitted.map(\.record))
        } catch {
            (queues, admitted) = (before, [])
            logger.error("runs cannot be recorded", metadata: [LogKey.error: "\(error)"])
            let refused = Answer.refused(WireText.notNow + "the run cannot be recorded: \(error)")
            answers = answers.map { $0 == .accepted ? refused : $0 }
        }
        for run in admitted {
            let one = HeldRun(run, logs, calendar)
            held[run.request.run] = one
            carryOut(run.admission, run.request, one.log)
        }
        starts.begin(&starting)
        for case (let request, .refused(let reason)) in zip(requests, answers) { note(request, reason) }
        return answers
    }

    private func note(_ request: RunRequest, _ reason: String) {
        logger.notice(
            "run refused",
            metadata: [
                LogKey.job: "\(request.job)", LogKey.run: "\(request.run)", LogKey.reason: "\(reason)",
            ]
        )
    }

    /// Finds the run its place; it has none when the answer is not `accepted`.
    private func admit(_ request: RunRequest) -> (Answer, AdmittedRun?) {
        if journal.state.knows(request.run, plannedAt: request.plannedAt) { return (.alreadyHeld, nil) }
        if isDraining { return (.refused(WireText.notNow + "the executor shuts down"), nil) }
        let handler: any JobHandler
        switch handlers.find(request) {
        case .handler(let found): handler = found
        case .refused(let reason): return (.refused(reason), nil)
        }
        var queue = queues[request.job] ?? RunQueue(capacity: settings.queueLength)
        let admission = queue.admit(request.run, request.blockStrategy)
        switch admission {
        case .refuse(let refusal): return (.refused("\(refusal)"), nil)
        case .alreadyHeld: return (.alreadyHeld, nil)
        case .start, .wait, .cover: break
        }
        queues[request.job] = queue
        return (.accepted, AdmittedRun(request: request, handler: handler, admission: admission))
    }

    /// The planned instant of the oldest run that is not over; nil when there is none.
    var openSince: Moment? { held.values.map(\.request.plannedAt).min() }

    /// Whether it takes runs.
    var isOpen: Bool { !isDraining }

    /// Whether the job neither runs nor waits here.
    func isIdle(_ job: JobID) -> Bool { queues[job] == nil }

    /// Whether nothing more will be written to the run's log.
    func isOver(_ run: RunID) -> Bool { held[run] == nil }

    /// Has all of the run's log written, because somebody wants to read it; answers whether nothing more will be.
    func showLog(of run: RunID) -> Bool {
        held[run]?.log.show()
        return isOver(run)
    }

    /// Ends the running and the waiting runs of a job; answers whether there were any.
    func kill(_ job: JobID) -> Bool {
        guard var queue = queues[job] else { return false }
        let dropped = queue.clear()
        queues[job] = queue
        conclude(dropped, .killed("killed by an operator while it waited"))
        if let running = queue.running { stop(running, .operatorKill) }
        return true
    }

    /// Ends one run, running or waiting.
    ///
    /// One that is not here, and of which nothing is owed, ends as never begun: whoever has it in its books hears of an end,
    /// and it is not taken in when it comes late.
    func kill(_ run: RunID, plannedAt: Moment) {
        guard let job = held[run]?.request.job else {
            if journal.state.plan(ofUndelivered: run) == nil {
                record([(run, plannedAt, .killed("killed before it began"))])
            }
            return
        }
        if queues[job]?.running == run {
            stop(run, .operatorKill)
        } else if queues[job]?.drop(run) == true {
            conclude([run], .killed("killed by an operator while it waited"))
        }
    }

    /// How many runs are here that have not ended, and whether it takes more.
    var standing: (held: Int, isOpen: Bool) { (held.count, !isDraining) }

    /// How it stands with each of the runs.
    func stages(of runs: some Collection<RunID> & Sendable) -> [RunID: JournalState.Stage] {
        Dictionary(runs.map { ($0, journal.state.stage(of: $0)) }) { first, _ in first }
    }

    // MARK: What is owed to the scheduler

    /// The runs that have not ended, or of whose outcome no scheduler knows.
    var unsettled: [RunID] { journal.state.unsettled }

    /// Outcomes that no scheduler has, oldest first, without those in `excluded`; durable.
    ///
    /// - Parameters:
    ///   - limit: the most of them.
    ///   - bytes: the most bytes of their messages; one that has more comes alone.
    ///   - excluded: which are left out.
    /// - Returns: the outcomes.
    func undelivered(
        limit: Int,
        bytes: Int = .max,
        excluding excluded: Set<RunID> = []
    ) -> [CallbackItem] {
        synchronise()
        var (items, size): ([CallbackItem], Int) = ([], 0)
        for item in journal.state.undelivered where !excluded.contains(item.run) {
            size += item.message?.utf8.count ?? 0
            guard items.count < limit, items.isEmpty || size <= bytes else { break }
            items.append(item)
        }
        return items
    }

    /// Notes that a scheduler has the outcomes of `runs`.
    func delivered(_ runs: [RunID]) {
        do {
            try journal.deliver(runs)
        } catch {
            logger.error("delivery cannot be recorded", metadata: [LogKey.error: "\(error)"])
        }
    }

    private func synchronise() {
        do {
            try journal.synchronise()
        } catch {
            // The runs go on: a journal that only survives the process is better than none.
            logger.error("run journal cannot be synchronised", metadata: [LogKey.error: "\(error)"])
        }
    }

    // MARK: Steps

    private func carryOut(_ admission: RunQueue.Admission, _ request: RunRequest, _ log: RunLog) {
        switch admission {
        case .start:
            log.note("run accepted")
            start(request.run)
        case .wait(let behind):
            log.note("run accepted, waiting behind run \(behind)")
        case .cover(let running, let dropped):
            log.note("run accepted, covering run \(running)")
            conclude(dropped, .killed("\(StopCause.coveredBy(request.run))"))
            stop(running, .coveredBy(request.run))
        case .refuse, .alreadyHeld:
            break
        }
    }

    private func start(_ run: RunID) {
        guard let one = held[run] else { return }
        let (stops, stop) = AsyncStream<StopCause>.makeStream(bufferingPolicy: .bufferingOldest(1))
        held[run]?.stop = stop
        var executor = logger
        executor[metadataKey: LogKey.job] = "\(one.request.job)"
        executor[metadataKey: LogKey.run] = "\(run)"
        let runLogger = Logger(label: "kpush.run") { _ in RunLogHandler(one.log, executor: executor) }
        let seconds = one.request.timeoutSeconds
        starting.append(
            RunExecution(
                context: JobContext(
                    one.request,
                    logger: runLogger,
                    vitals: one.vitals,
                    log: one.log,
                    executor: name
                ),
                handler: one.handler,
                name: one.request.glueType == RunRequest.bean ? one.request.handler : nil,
                hooks: hooks,
                limit: seconds > 0 ? .seconds(seconds) : nil,
                clock: clock,
                log: one.log,
                vitals: one.vitals,
                stops: stops
            )
        )
        executor.debug("run started", metadata: [LogKey.handler: "\(one.request.handler)"])
    }

    private func stop(_ run: RunID, _ cause: StopCause) {
        held[run]?.stop?.yield(cause)
    }

    /// Notes that the handler of `run` has ended; says whether nobody is on the way to take that up.
    private nonisolated func isFirst(_ run: RunID, _ outcome: RunOutcome) -> Bool {
        ended.withLock { ended in
            ended.append((run, outcome))
            return ended.count == 1
        }
    }

    /// Takes up that handlers have ended, and starts what waited for that.
    private func endGathered() {
        let ends = ended.withLock { ended in
            defer { ended = [] }
            return ended
        }
        let jobs = ends.compactMap { end in held[end.run].map { (end.run, $0.request.job) } }
        conclude(ends)
        for (run, job) in jobs {
            let next = queues[job]?.end(run)
            if let next { start(next) } else { queues[job] = nil }
        }
        starts.begin(&starting)
        if held.isEmpty { announceIdle() }
    }

    private func conclude(_ runs: [RunID], _ outcome: RunOutcome) {
        conclude(runs.map { (run: $0, outcome: outcome) })
    }

    private func conclude(_ ends: [(run: RunID, outcome: RunOutcome)]) {
        let known = ends.compactMap { end in held.removeValue(forKey: end.run).map { ($0, end.outcome) } }
        for (one, outcome) in known {
            one.stop?.finish()
            one.log.conclude(outcome)
        }
        record(known.map { ($0.request.run, $0.request.plannedAt, $1) })
    }

    /// Records how runs ended, which from here on is owed to the scheduler.
    private func record(_ ends: [(run: RunID, plannedAt: Moment, outcome: RunOutcome)]) {
        guard !ends.isEmpty else { return }
        do {
            try journal.end(ends)
        } catch {
            logger.error(
                "outcomes cannot be recorded",
                metadata: [LogKey.count: "\(ends.count)", LogKey.error: "\(error)"]
            )
        }
        outcomes.continuation.yield()
    }

    // MARK: Shutting down

    private func drainOnShutdown() async {
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled outright: the handlers are too.
            starts.finish()
            return
        }
        await drain()
    }

    /// Takes nothing in any more, lets what was accepted end within the limit, and stops what has not.
    func drain() async {
        isDraining = true
        if await !becomesIdle(within: settings.drainLimit) {
            logger.notice("drain limit passed, stopping runs", metadata: [LogKey.count: "\(held.count)"])
            stopAll()
            if await !becomesIdle(within: settings.stopGrace) {
                logger.error("handlers ignore cancellation", metadata: [LogKey.count: "\(held.count)"])
            }
        }
        starts.finish()
    }

    private func stopAll() {
        for job in queues.keys.sorted() {
            let dropped = queues[job]?.clear() ?? []
            conclude(dropped, .failed("the executor was shut down before the run started"))
            if let running = queues[job]?.running { stop(running, .shutdown) }
        }
    }

    private func becomesIdle(within limit: Duration) async -> Bool {
        guard !held.isEmpty else { return true }
        let (idle, watcher) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        idleWatchers.append(watcher)
        let clock = clock
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in idle { return true }
                return false
            }
            group.addTask {
                // Cancelled when the runner is idle first.
                try? await clock.sleep(for: limit, tolerance: nil)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func announceIdle() {
        for watcher in idleWatchers {
            watcher.yield()
            watcher.finish()
        }
        idleWatchers = []
    }
}
