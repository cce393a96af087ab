package import Groundwork

/// Reads what jobs were at any time, the jobs that are gone too; `JobStore` writes it with each change.
package protocol JobHistory: Sendable {
    /// The versions of a job, the newest first, those older than `after`, at most `limit`.
    func versions(
        of job: JobID,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64>

    /// The versions of a job that counted at some instant of `span`, the oldest first, those newer than `after`, at most
    /// `limit`.
    func versions(
        of job: JobID,
        in span: Range<Moment>,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64>

    /// The version of that number, or nil.
    func version(_ number: Int64, of job: JobID) async throws(StoreError) -> JobVersion?

    /// The jobs of which a version counted at some instant of `span`, in the order of their ids, those behind `after`, at most
    /// `limit`.
    func jobs(
        in span: Range<Moment>,
        after: JobID?,
        limit: Int
    ) async throws(StoreError) -> Page<JobID, JobID>
}

/// What a job was from one change to the next.
package struct JobVersion: Hashable, Sendable {
    package let job: JobID
    /// The job's `version` while it was so.
    package let number: Int64
    package let spec: JobSpec
    package let isEnabled: Bool
    /// Where fixed rates counted from; nil when it had never been enabled.
    package let startedAt: Moment?
    /// The fingerprint of the definition it was last applied from; nil when an operator made it.
    package let definition: String?
    /// Since when it counted; of a job that is older than the history, since when the history is kept.
    package let since: Moment
    /// The first trigger that was to be planned under it; nil when there was none, or not until a run had ended.
    package let firstTriggerAt: Moment?
    /// How it came to its end; nil while it counts.
    package let end: End?

    /// The change that ended a version: the next version, or the removal of the job where there is none.
    package struct End: Hashable, Sendable {
        package let at: Moment
        /// What was to be planned next; nil when nothing was to be planned any more.
        ///
        /// Every trigger before it was planned under the version, and none from it on.
        package let nextTriggerAt: Moment?

        package init(at: Moment, nextTriggerAt: Moment?) {
            self.at = at
            self.nextTriggerAt = nextTriggerAt
        }
    }

    package init(
        job: JobID,
        number: Int64,
        spec: JobSpec,
        isEnabled: Bool,
        startedAt: Moment?,
        definition: String?,
        since: Moment,
        firstTriggerAt: Moment?,
        end: End?
    ) {
        self.job = job
        self.number = number
        self.spec = spec
        self.isEnabled = isEnabled
        self.startedAt = startedAt
        self.definition = definition
        self.since = since
        self.firstTriggerAt = firstTriggerAt
        self.end = end
    }
}
