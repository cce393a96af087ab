package import Groundwork

/// Takes what executors call back: ends the runs, durably, before it returns.
package struct Completion: Sendable {
    private let runs: any RunStore
    private let closer: RunCloser
    private let gauges: SchedulerGauges
    private let pulls: PullHub
    private let wall: any WallClock

    package init(_ parts: SchedulerParts) {
        runs = parts.runs
        closer = RunCloser(parts)
        gauges = parts.gauges
        pulls = parts.pulls
        wall = parts.wall
    }

    /// Ends the runs that `items` tell of; what is told of unknown or ended runs changes nothing.
    ///
    /// The first callback of a run counts, also in one batch. It counts in every open state: a fast handler's
    /// callback may come before the answer that says its run was accepted.
    ///
    /// - Parameters:
    ///   - items: what executors told.
    ///   - mayEnd: whether who called may tell of a run.
    /// - Returns: the runs that ended just now.
    /// - Throws: `StoreError`; then nothing of the batch is kept and the executor must call again.
    @discardableResult
    package func complete(
        _ items: [CallbackItem],
        where mayEnd: (JobRun) -> Bool = { _ in true }
    ) async throws(StoreError) -> [JobRun] {
        let first = Dictionary(items.map { ($0.run, $0) }) { first, _ in first }
        let known = try await runs(of: first).filter(mayEnd).sorted { $0.id < $1.id }
        let now = wall.now
        let ends = known.compactMap { run in
            first[run.id].map { (run: run, end: RunEnd($0.outcome, of: run, at: now)) }
        }
        let ended = try await closer.close(ends, token: nil)
        gauges.calledBack(items.count, counted: ended.count)
        noteFetched(known, at: now)
        return ended
    }

    /// The runs that are told of, as they are in the store; where a success is told, which means the same whatever happened to
    /// the run meanwhile, as they were when they were given.
    private func runs(of items: [RunID: CallbackItem]) async throws(StoreError) -> [JobRun] {
        let successes = items.filter { if case .succeeded = $0.value.outcome { true } else { false } }
        let given = pulls.given(successes.keys)
        let others = Set(items.keys).subtracting(given.map(\.id))
        return others.isEmpty ? given : given + (try await runs.runs(Array(others)))
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
            case .killed: .killed
            }
        self.init(reason, message: message, at: now)
    }

    /// Whether an executor without a code for it says that the time limit passed: in the words of Python, or of Go.
    private static func tellsOfTimeLimit(_ message: String) -> Bool {
        message.hasPrefix("TimeoutError") || message.contains("context deadline exceeded")
    }
}
