public import Groundwork

/// The code behind a job: what a business application writes.
public protocol JobHandler: Sendable {
    /// Does the job's work once.
    ///
    /// Returning means that the work is complete; what is returned is shown as the run's message. A handler
    /// that stops before its work is complete throws: `CancellationError` when it was asked to stop, anything
    /// else otherwise, and what it threw is shown. It is asked to stop, by cancellation of its task, when its
    /// time limit passes, when an operator kills it, when a newer run covers it, and when the executor shuts
    /// down; `context.stopCause` says which.
    ///
    /// - Parameter context: what to work on, and where to log.
    /// - Returns: a message for whoever reads the run, or nil.
    /// - Throws: whatever ended the work early.
    func run(_ context: JobContext) async throws -> String?

    /// Gets ready: opens what all runs need. Called before the first run, once, by the name the handler has.
    ///
    /// It belongs to that run: its time limit counts, and who kills the run cancels it.
    ///
    /// - Throws: whatever keeps the handler from working: the run fails with it, and the next run tries again.
    func prepare() async throws

    /// Cleans up once the executor has ended, when no run goes on any more; called once, if `prepare` had returned.
    ///
    /// Its task is cancelled when it takes longer than the executor's `stopGrace`.
    func dispose() async
}

extension JobHandler {
    /// Does nothing.
    public func prepare() async throws {}

    /// Does nothing.
    public func dispose() async {}
}

/// Why a run was asked to stop.
public enum StopCause: Hashable, Sendable {
    /// Its time limit passed.
    case timeLimit(Duration)
    /// An operator ended the job.
    case operatorKill
    /// A newer run of the same job takes its place.
    case coveredBy(RunID)
    /// The executor shuts down.
    case shutdown
}

extension StopCause: CustomStringConvertible {
    /// The cause in words.
    public var description: String {
        switch self {
        case .timeLimit(let limit): "the time limit of \(limit.inSeconds) s passed"
        case .operatorKill: "killed by an operator"
        case .coveredBy(let run): "killed: covered by run \(run)"
        case .shutdown: "the executor shuts down"
        }
    }
}
