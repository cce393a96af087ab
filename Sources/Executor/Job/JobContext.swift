public import Groundwork
public import Logging
import Synchronization

/// What a handler gets for one run.
public struct JobContext: Sendable {
    /// The job.
    public let job: JobID
    /// This run of it.
    public let run: RunID
    /// The job's parameter text, as the operator wrote it.
    public let params: String
    /// The number of this shard, from 0.
    public let shardIndex: Int
    /// How many shards share the work; 1 when the job is not sharded.
    public let shardTotal: Int
    /// The instant for which the run was planned; the same for all shards.
    public let plannedAt: Moment
    /// Writes to the run's log, which operators read while the run goes on, and to the executor's own.
    public let logger: Logger

    private let vitals: RunVitals
    /// Takes what programs write; nil in a context that belongs to no executor.
    private let log: RunLog?
    /// The name of the executor that all its programs bear; nil in a context that belongs to none.
    let executor: String?

    /// Makes a context that belongs to no executor: for a test of a handler.
    public init(
        job: JobID = JobID(rawValue: 1),
        run: RunID = RunID(rawValue: 1),
        params: String = "",
        shardIndex: Int = 0,
        shardTotal: Int = 1,
        plannedAt: Moment = Moment(millisecondsSinceEpoch: 0),
        logger: Logger
    ) {
        self.job = job
        self.run = run
        self.params = params
        self.shardIndex = shardIndex
        self.shardTotal = shardTotal
        self.plannedAt = plannedAt
        self.logger = logger
        self.vitals = RunVitals()
        self.log = nil
        self.executor = nil
    }

    init(_ request: RunRequest, logger: Logger, vitals: RunVitals, log: RunLog, executor: String) {
        job = request.job
        run = request.run
        params = request.params
        shardIndex = request.shardIndex
        shardTotal = request.shardTotal
        plannedAt = request.plannedAt
        self.logger = logger
        self.vitals = vitals
        self.log = log
        self.executor = executor
    }

    /// Why the run was asked to stop; nil while it was not.
    public var stopCause: StopCause? { vitals.stopCause }

    /// How far the handler said it is.
    public var progress: RunProgress? { vitals.progress }

    /// Writes one line to the run's log.
    public func log(_ message: Logger.Message, metadata: Logger.Metadata? = nil) {
        logger.info(message, metadata: metadata)
    }

    /// Writes a line of somebody else's making to the run's log alone: the executor's own is for what it knows itself.
    func output(_ line: String) {
        log?.write(.info, line)
    }

    /// Says how far the work is; a line in the run's log tells it whenever the whole percentage changes.
    public func report(_ progress: RunProgress) {
        let before = vitals.advance(to: progress)
        guard progress.percent != before?.percent || before == nil else { return }
        var metadata: Logger.Metadata = ["done": "\(progress.done)"]
        if let total = progress.total { metadata["total"] = "\(total)" }
        if let percent = progress.percent { metadata["percent"] = "\(percent)" }
        logger.info("progress", metadata: metadata)
    }
}

/// How far a run is.
public struct RunProgress: Hashable, Sendable {
    /// How much is done, in the handler's own unit.
    public var done: Int64
    /// How much there is; nil when nobody knows.
    public var total: Int64?

    /// Makes a progress of `done` out of `total`.
    public init(done: Int64, total: Int64? = nil) {
        self.done = done
        self.total = total
    }

    /// The whole percentage, from 0 to 100; nil when the total is not known.
    public var percent: Int? {
        guard let total, total > 0 else { return nil }
        return Int(min(100, max(0, Double(done) / Double(total) * 100)))
    }
}

/// What changes about a run while it goes on; shared between the handler and the executor.
final class RunVitals: Sendable {
    private let state = Mutex<(cause: StopCause?, progress: RunProgress?)>((nil, nil))

    var stopCause: StopCause? { state.withLock { $0.cause } }

    var progress: RunProgress? { state.withLock { $0.progress } }

    /// Notes why the run is asked to stop; the first cause stays.
    func note(_ cause: StopCause) {
        state.withLock { $0.cause = $0.cause ?? cause }
    }

    /// Notes the progress and returns the one before.
    func advance(to progress: RunProgress) -> RunProgress? {
        state.withLock { state in
            defer { state.progress = progress }
            return state.progress
        }
    }
}
