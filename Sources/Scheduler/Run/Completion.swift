package import Groundwork

/// Takes what executors call back: ends the runs, durably, before it returns.
package struct Completion: Sendable {
    private let runs: any RunStore
    private let closer: RunCloser
    private let gauges: SchedulerGauges
    private let pulls: PullHub
    private let sent: SentRuns
    private let wall: any WallClock
    private let together: GroupCommit<Told, Outcome>

    /// The most calls that are stored by one transaction; one of them may tell of a thousand runs.
    private static let most = 64

    /// What one call tells.
    private struct Told: Sendable {
        let items: [CallbackItem]
        let mayEnd: @Sendable (JobRun) -> Bool
    }

    /// What became of what one call told.
    package struct Outcome: Sendable {
        /// The runs that ended just now.
        package fileprivate(set) var ended: [JobRun] = []
        /// The runs that whoever called may not tell of.
        package fileprivate(set) var refused: [JobRun] = []
    }

    /// - Parameters:
    ///   - parts: the stores, clocks and what else the scheduler shares.
    ///   - pause: what lies between two transactions at least; what executors tell meanwhile is stored by the next.
    package init(_ parts: SchedulerParts, pause: Duration = .zero) {
        runs = parts.runs
        closer = RunCloser(parts)
        gauges = parts.gauges
        pulls = parts.pulls
        sent = parts.sent
        wall = parts.wall
        together = GroupCommit(pause: pause, clock: parts.clock, most: Self.most)
    }

    /// Ends the runs that `items` tell of; what is told of unknown or ended runs changes nothing.
    ///
    /// The first callback of a run counts, also in one batch. It counts in every open state: a fast handler's
    /// callback may come before the answer that says its run was accepted.
    ///
    /// - Parameters:
    ///   - items: what an executor told.
    ///   - mayEnd: whether who called may tell of a run.
    /// - Returns: what became of it.
    /// - Throws: `StoreError`; then nothing of the batch is kept and the executor must call again.
    @discardableResult
    package func complete(
        _ items: [CallbackItem],
        where mayEnd: @escaping @Sendable (JobRun) -> Bool = { _ in true }
    ) async throws(StoreError) -> Outcome {
        try await together.perform(Told(items: items, mayEnd: mayEnd)) { calls throws(StoreError) in
            try await complete(calls)
        }
    }

    private func complete(_ calls: [Told]) async throws(StoreError) -> [Outcome] {
        let (known, sentHere) = try await runs(of: calls)
        let now = wall.now
        var outcomes = calls.map { _ in Outcome() }
        var ends: [RunID: (run: JobRun, end: RunEnd, call: Int)] = [:]
        for (number, call) in calls.enumerated() {
            for item in call.items {
                guard let run = known[item.run], ends[item.run] == nil else { continue }
                if call.mayEnd(run) {
                    ends[item.run] = (run, RunEnd(item.outcome, of: run, at: now), number)
                } else {
                    outcomes[number].refused.append(run)
                }
            }
        }
        let ordered = ends.values.sorted { $0.run.id < $1.run.id }
        let ended = try await closer.close(ordered.map { ($0.run, $0.end) }, token: nil)
        sent.noteEnd(of: sentHere.filter { ends[$0.id] != nil }, at: now)
        for run in ended {
            guard let end = ends[run.id] else { continue }
            outcomes[end.call].ended.append(run)
        }
        gauges.calledBack(calls.map(\.items.count).reduce(0, +), counted: ended.count)
        noteFetched(ordered.map(\.run), at: now)
        return outcomes
    }

    /// The runs that are told of, as they are in the store; where nothing but success is told, which means the same whatever
    /// happened to the run meanwhile, as they were when they were given or sent.
    ///
    /// And those of them that this process sent.
    private func runs(
        of calls: [Told]
    ) async throws(StoreError) -> (known: [RunID: JobRun], sentHere: [JobRun]) {
        let items = calls.flatMap(\.items)
        let told = Set(items.map(\.run))
        let troubled = Set(items.filter { $0.outcome.code != WireCode.success }.map(\.run))
        var known: [RunID: JobRun] = [:]
        var sentHere: [JobRun] = []
        for call in calls {
            let well = call.items.map(\.run).filter { !troubled.contains($0) }
            for run in pulls.given(well) { known[run.id] = run }
            let taken = sent.take(well)
            for run in taken { known[run.id] = run }
            sentHere += taken
        }
        let others = told.filter { known[$0] == nil }
        guard !others.isEmpty else { return (known, sentHere) }
        for run in try await runs.runs(Array(others)) { known[run.id] = run }
        return (known, sentHere)
    }

    /// Notes of runs that executors fetched that they need not be given again, and that those were begun whose end came first.
    private func noteFetched(_ runs: [JobRun], at now: Moment) {
        let fetched = Dictionary(grouping: runs.filter { $0.executor?.address.isPulled == true }) {
            $0.executor?.address
        }
        for case (let address?, let runs) in fetched {
            pulls.forget(runs.map(\.id), at: address)
            gauges.accepted(runs.compactMap { $0.accepted(at: now) })
        }
    }
}

extension RunEnd {
    /// The end of `run` that an executor tells of.
    ///
    /// The wire has one code for failed, killed and covered: what was asked for here, and what the executor
    /// says, tell them apart.
    init(_ outcome: RunOutcome, of run: JobRun, at now: Moment) {
        let message = outcome.message ?? ""
        let reason: RunReason =
            switch outcome {
            case .succeeded: .completed
            case .failed where run.killRequestedAt != nil: .killed
            case .failed where message.contains("block strategy effect"): .covered
            case .failed where message.contains("covered by run"): .covered
            case .failed where Self.tellsOfTimeLimit(message) && run.isPastLimit(at: now): .timedOut
            case .failed: .handlerFailed
            case .timedOut: .timedOut
            case .killed where message.contains("covered by run"): .covered
            // That somebody wanted it is not for a handler to say.
            case .killed where run.killRequestedAt == nil && !Self.tellsOfKill(message): .handlerFailed
            case .killed: .killed
            }
        self.init(reason, message: message, at: now)
    }

    /// Whether an executor of ours says that it was asked to end a run, be it by one whom nobody here knows of.
    private static func tellsOfKill(_ message: String) -> Bool {
        message.hasPrefix("killed by an operator") || message.hasPrefix("killed before it began")
    }

    /// Whether an executor without a code for it says that the time limit passed: in the words of Python, or of Go.
    private static func tellsOfTimeLimit(_ message: String) -> Bool {
        message.hasPrefix("TimeoutError") || message.contains("context deadline exceeded")
    }
}
