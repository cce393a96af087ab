package import Groundwork

extension JobService {
    /// How late a job's latest runs were, stage by stage.
    ///
    /// What its schedule spreads them by is no lateness; it is what the job says now.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - count: how many of its newest runs are looked at, from 1 to 5000.
    /// - Returns: what came of those that its schedule made and that were sent.
    /// - Throws: `SchedulerError.notFound` when there is no such job; `.store` when the store cannot be read.
    package func lateness(of id: JobID, runs count: Int = 1_000) async throws(SchedulerError) -> StageReport {
        let job = try await job(id)
        let most = min(max(1, count), 5_000)
        var found: [JobRun] = []
        var after: RunID?
        repeat {
            let page = try await storing { () async throws(StoreError) in
                try await runs.runs(RunFilter(job: id), after: after, limit: min(500, most - found.count))
            }
            found += page.elements
            after = page.next
        } while after != nil && found.count < most && !Task.isCancelled
        return StageReport(found, due: job.due)
    }
}
