package import Groundwork

/// Keeps the runs, open and ended.
package protocol RunStore: PullStore {
    /// Adds runs that no schedule asked for, all or none, and notes their trigger on their jobs.
    ///
    /// - Throws: `.conflict` when a run of the same job, planned instant, shard and attempt exists.
    func add(_ runs: [NewRun]) async throws(StoreError) -> [JobRun]

    /// Adds runs of a job that no schedule asked for, all or none, and notes their trigger on it; meanwhile the job stays as it is, and
    /// nobody else adds a run of it.
    ///
    /// - Parameters:
    ///   - job: whose.
    ///   - key: that of a call that has begun, which adds runs once; nil for a call without one.
    ///   - plan: makes the runs of the job as it stands; may be asked again when another transaction was in the way.
    /// - Returns: the runs; none when `plan` makes none, and then nothing is written; those that the same key added before, when it did.
    /// - Throws: `.notFound` when there is no such job, or no call with that key has begun; `.conflict` as `add`.
    func trigger(
        _ job: JobID,
        for key: String?,
        _ plan: @escaping @Sendable (TriggerScene) -> TriggerDraft
    ) async throws(StoreError) -> Triggered

    /// What is to be handed to executors at `now`: runs that are planned and due, and runs whose hand-over is
    /// not known to have succeeded and whose time to be sent again has come or which another term left
    /// behind.
    ///
    /// A run of a serial job is held back while an earlier run of the same job and shard is open; an attempt
    /// that waits for its back-off holds back nobody. Oldest due first, at most `limit`.
    ///
    /// - Parameters:
    ///   - now: the present instant.
    ///   - limit: the most runs.
    ///   - groups: whose runs are not looked at, however many of them are due.
    ///   - token: the term's; nil when earlier terms left nothing behind: to look for that costs as much as all runs that are under
    ///     way.
    /// - Returns: the runs, and when the next becomes due.
    /// - Throws: `StoreError` when the store cannot be read.
    func outbox(
        at now: Moment,
        limit: Int,
        without groups: Set<String>,
        token: FencingToken?
    ) async throws(StoreError) -> Outbox

    /// Writes changed runs, each only when the store still holds the version it was made from.
    ///
    /// - Parameters:
    ///   - runs: what to write; all open.
    ///   - token: the leader's, or nil for what an operator asked for.
    /// - Returns: the runs that were written, with their new versions.
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is nil or the newest one.
    func advance(_ runs: [JobRun], token: FencingToken?) async throws(StoreError) -> [JobRun]

    /// Ends runs, each with all that follows from it, in one transaction; a run that has ended before is
    /// passed over with what would follow.
    ///
    /// Unlike `advance` it asks for no version: the first to tell of an end is right, whatever happened to
    /// the run meanwhile. A retry is not added when it exists already. A run whose plan says so, and of which none is added or
    /// exists, is listed by `sequels` from now on. The next trigger is set only for an
    /// enabled job with a fixed delay that has none and of which no run is open any more.
    ///
    /// - Parameters:
    ///   - closings: what to write.
    ///   - token: the leader's, or nil for what an executor or an operator said.
    /// - Returns: the runs that ended just now, and whether others waited for that.
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is nil or the newest one.
    func close(_ closings: [RunClosing], token: FencingToken?) async throws(StoreError) -> ClosedRuns

    /// The runs that ended, are not tried again, and whose end nobody has followed up; the oldest first.
    func sequels(limit: Int) async throws(StoreError) -> [JobRun]

    /// Adds what ends lead to, notes it as a trigger of its jobs, writes what they change of alarms, and takes the ends off the
    /// list, all in one transaction.
    ///
    /// An end that is not on the list any more is passed over with what it would lead to.
    ///
    /// - Parameters:
    ///   - steps: the ends; what each leads to names it as its parent.
    ///   - token: the leader's.
    /// - Returns: the runs that were added.
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one; `.conflict`, having changed nothing,
    ///   when a run of the same job, planned instant, shard and attempt exists.
    func follow(_ steps: [SequelStep], token: FencingToken) async throws(StoreError) -> [JobRun]

    /// Every run of the trigger that `plan` belongs to, all attempts of all shards in any order, and which of them `sequels`
    /// lists at the same moment.
    func trigger(of plan: RunPlan) async throws(StoreError) -> TriggerRuns

    /// Those of the runs that exist, in any order.
    func runs(_ ids: [RunID]) async throws(StoreError) -> [JobRun]

    /// Those of the runs that ended for one of the reasons, in any order.
    func runs(_ ids: [RunID], endedFor reasons: Set<RunReason>) async throws(StoreError) -> [JobRun]

    /// The newest runs that pass the filter and are older than `after`, newest first, at most `limit`.
    func runs(_ filter: RunFilter, after: RunID?, limit: Int) async throws(StoreError) -> Page<JobRun, RunID>

    /// Who got the newest runs of each of `jobs`, in the order of the hand-overs.
    ///
    /// - Parameters:
    ///   - jobs: whose runs.
    ///   - moment: hand-overs before it do not count.
    ///   - limit: how many of each job's newest runs are looked at, handed over or not.
    /// - Returns: an address for each run that was handed over; nothing for a job without any.
    /// - Throws: `StoreError` when the store cannot be read.
    func receivers(
        of jobs: Set<JobID>,
        since moment: Moment,
        among limit: Int
    ) async throws(StoreError) -> [JobID: [ExecutorAddress]]
}

/// How a job stands while runs of it are added.
package struct TriggerScene: Sendable {
    package let job: Job
    /// The executors of its group, ordered by address.
    package let executors: [ExecutorInstance]
    /// Whether a run of it has not ended.
    package let hasOpenRun: Bool

    package init(job: Job, executors: [ExecutorInstance], hasOpenRun: Bool) {
        self.job = job
        self.executors = executors
        self.hasOpenRun = hasOpenRun
    }
}

/// What a trigger is to add.
package struct TriggerDraft: Sendable {
    package let runs: [NewRun]
    /// Who the only run is sent to as it is added; nil when whoever leads hands the runs over.
    package let recipient: ExecutorInstance?

    package init(_ runs: [NewRun], sentTo recipient: ExecutorInstance? = nil) {
        self.runs = runs
        self.recipient = recipient
    }
}

/// What a trigger added.
package struct Triggered: Sendable {
    package let runs: [JobRun]
    /// Whether they were added before, by the same key.
    package let isRepeated: Bool
    /// Who the only run is to be sent to now; nil when whoever leads hands the runs over.
    package let recipient: ExecutorInstance?

    /// Runs that were added now.
    package init(_ runs: [JobRun], sentTo recipient: ExecutorInstance? = nil) {
        self.runs = runs
        self.recipient = recipient
        isRepeated = false
    }

    /// Runs that were added before.
    package init(repeated runs: [JobRun]) {
        self.runs = runs
        recipient = nil
        isRepeated = true
    }
}

/// Runs that ended just now.
package struct ClosedRuns: Sendable {
    package let runs: [JobRun]
    /// Whether a run of one of their jobs and shards stands in line that is due by then, or within `margin` of it.
    package let isWaitedFor: Bool

    /// Whoever hands runs over looks by itself as often as this.
    package static let margin = Duration.milliseconds(250)

    package init(_ runs: [JobRun], isWaitedFor: Bool) {
        self.runs = runs
        self.isWaitedFor = isWaitedFor
    }
}

/// What is to be handed to executors, and when to look again.
package struct Outbox: Sendable {
    package let runs: [JobRun]
    /// The earliest instant, after the one asked about, at which a run becomes due; nil when none will by
    /// itself.
    package let next: Moment?

    package init(runs: [JobRun], next: Moment?) {
        self.runs = runs
        self.next = next
    }
}

/// Which runs a list shows.
package struct RunFilter: Hashable, Sendable {
    package var job: JobID?
    package var group: String?
    package var states: Set<RunState.Name>?
    package var reasons: Set<RunReason>?
    package var address: ExecutorAddress?
    /// The earliest planned instant.
    package var plannedFrom: Moment?
    /// The first planned instant that is too late.
    package var plannedBefore: Moment?
    /// The groups that whoever asks may see; nil for all.
    package var permitted: Set<String>?

    package init(
        job: JobID? = nil,
        group: String? = nil,
        states: Set<RunState.Name>? = nil,
        reasons: Set<RunReason>? = nil,
        address: ExecutorAddress? = nil,
        plannedFrom: Moment? = nil,
        plannedBefore: Moment? = nil
    ) {
        self.job = job
        self.group = group
        self.states = states
        self.reasons = reasons
        self.address = address
        self.plannedFrom = plannedFrom
        self.plannedBefore = plannedBefore
    }
}

extension Set<RunState.Name> {
    /// Every state but the last.
    package static var open: Set<RunState.Name> { [.planned, .dispatching, .running] }
}
