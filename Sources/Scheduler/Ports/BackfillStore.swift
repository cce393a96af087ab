package import Groundwork

/// Knows at which instants of the past a job has runs, and adds those that are to be made up for.
package protocol BackfillStore: Sendable {
    /// What is kept of a job's triggers in a span.
    ///
    /// - Parameters:
    ///   - job: whose triggers.
    ///   - start: the first planned instant.
    ///   - end: the first planned instant that is too late.
    /// - Returns: each planned instant of which anything is kept, once, in any order.
    /// - Throws: `StoreError` when the store cannot be read.
    func instants(
        of job: JobID,
        from start: Moment,
        before end: Moment
    ) async throws(StoreError) -> [KeptInstant]

    /// Adds those of the runs that do not exist, by job, planned instant, shard and attempt, in one transaction.
    ///
    /// - Parameter runs: runs of jobs that exist; no two of them are the same.
    /// - Returns: the runs that were added, in any order.
    /// - Throws: `StoreError`, having added none.
    func addMissing(_ runs: [NewRun]) async throws(StoreError) -> [JobRun]
}

/// What is kept of one trigger.
package struct KeptInstant: Hashable, Sendable {
    package let moment: Moment
    /// The highest attempt of it, counted from 1.
    package let attempt: Int
    /// Whether there is more than the record of a trigger that was skipped.
    package let hasRun: Bool

    package init(_ moment: Moment, attempt: Int, hasRun: Bool) {
        self.moment = moment
        self.attempt = attempt
        self.hasRun = hasRun
    }
}
