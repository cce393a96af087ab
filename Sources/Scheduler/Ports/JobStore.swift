package import Groundwork

/// Keeps the jobs and how far their schedules have come.
package protocol JobStore: Sendable {
    /// Adds a job and gives it an id that no job had before; it is the first version of its history.
    ///
    /// - Throws: `.conflict` when its group has a job of that name.
    func add(_ job: NewJob) async throws(StoreError) -> Job

    /// Writes the job's spec, its switch and its definition, and gives it the next version, which its history has from
    /// `now` on.
    ///
    /// Leaves the next trigger alone for `.keep`, because a leader may be moving it at the same time. What a leader planned ahead of
    /// its instant is taken back: runs of the schedule that are planned for an instant after `now`, and after all that
    /// executors have been sent, are removed, and with `.keep` the job is due at the first of their instants again.
    ///
    /// - Parameters:
    ///   - job: what is written.
    ///   - nextTrigger: what becomes of the instant at which it is next due.
    ///   - now: the present instant.
    /// - Returns: the job as it is stored now.
    /// - Throws: `.notFound` when there is no such job; `.conflict` when its version is not `job.version`, or its
    ///   group has another job of that name.
    func replace(_ job: Job, nextTrigger: NextTrigger, at now: Moment) async throws(StoreError) -> Job

    /// Removes a job, with the runs of its schedule that `replace` would take back; its ended runs stay, and its history, which ends at
    /// `now`.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - now: the present instant.
    /// - Throws: `.notFound` when there is no such job; `.conflict` while another of its runs is open.
    func remove(_ id: JobID, at now: Moment) async throws(StoreError)

    /// The job, or nil.
    func job(_ id: JobID) async throws(StoreError) -> Job?

    /// The newest jobs that pass the filter and are older than `after`, newest first, at most `limit`.
    func jobs(_ filter: JobFilter, after: JobID?, limit: Int) async throws(StoreError) -> Page<Job, JobID>

    /// The enabled jobs whose next trigger is at `moment` or before, the soonest first, at most `limit`.
    func upcoming(until moment: Moment, limit: Int) async throws(StoreError) -> [Job]

    /// The enabled jobs with a fixed delay that are due at no instant although no run of theirs is open, in order of their numbers,
    /// at most `limit`.
    ///
    /// A run's end makes such a job due again after the delay that the run was planned with: one that was planned before the
    /// job had a delay makes it due no more.
    func stalled(limit: Int) async throws(StoreError) -> [Job]

    /// Makes a job of `stalled` due at `next`; one that is due by now, was changed, or has an open run, stays as it is.
    ///
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func resume(_ job: Job, at next: Moment, token: FencingToken) async throws(StoreError)

    /// Plans triggers: adds the runs of each and moves its job's next trigger, all in one transaction.
    ///
    /// A trigger counts only while its job is enabled and has the version and the next trigger that the plan
    /// expects: whoever comes second changes nothing. A run that exists already, by job, planned instant,
    /// shard and attempt, is not added again. One that is added as ended, and whose plan says so, is listed by
    /// `RunStore.sequels`.
    ///
    /// - Returns: the runs that were added.
    /// - Throws: `.staleToken`, having changed nothing, unless `token` is the newest one.
    func plan(_ triggers: [TriggerPlan], token: FencingToken) async throws(StoreError) -> [JobRun]
}

extension JobStore {
    /// The script of the run's job as it stands now; nil for a run that names a handler.
    func script(of run: JobRun) async throws(StoreError) -> JobScript? {
        guard run.plan.terms.handler.isEmpty else { return nil }
        return try await job(run.plan.job)?.spec.script
    }
}

/// A job that the store has yet to number.
package struct NewJob: Hashable, Sendable {
    package var spec: JobSpec
    package var isEnabled: Bool
    package var createdAt: Moment
    package var nextTriggerAt: Moment?
    package var definition: String?

    package init(
        spec: JobSpec,
        isEnabled: Bool,
        createdAt: Moment,
        nextTriggerAt: Moment? = nil,
        definition: String? = nil
    ) {
        self.spec = spec
        self.isEnabled = isEnabled
        self.createdAt = createdAt
        self.nextTriggerAt = nextTriggerAt
        self.definition = definition
    }
}

/// What a change does to the instant at which a job is next due.
package enum NextTrigger: Hashable, Sendable {
    case keep
    case set(Moment?)
}

/// One trigger as the planner decided it.
package struct TriggerPlan: Hashable, Sendable {
    package let job: JobID
    /// The version of the job that was decided on.
    package let version: Int64
    /// The next trigger that was decided on.
    package let expected: Moment
    /// The runs to add; more than one when several instants are due or a trigger is split.
    package let runs: [NewRun]
    /// The next trigger from now on.
    package let next: Moment?

    package init(job: JobID, version: Int64, expected: Moment, runs: [NewRun], next: Moment?) {
        self.job = job
        self.version = version
        self.expected = expected
        self.runs = runs
        self.next = next
    }
}
