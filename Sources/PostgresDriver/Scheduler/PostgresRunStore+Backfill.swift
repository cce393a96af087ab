package import Groundwork
package import Scheduler

extension PostgresRunStore: BackfillStore {
    package func instants(
        of job: JobID,
        from start: Moment,
        before end: Moment
    ) async throws(StoreError) -> [KeptInstant] {
        try await pool.single("read instants of job") { link in
            try link.run(
                Self.instants,
                .int(job.rawValue),
                .int(start.millisecondsSinceEpoch),
                .int(end.millisecondsSinceEpoch)
            )
            .map { row in
                KeptInstant(
                    Moment(millisecondsSinceEpoch: row.int64(0)),
                    attempt: row.int(1),
                    hasRun: row.bool(2)
                )
            }
        }
    }

    package func addMissing(_ runs: [NewRun]) async throws(StoreError) -> [JobRun] {
        guard !runs.isEmpty else { return [] }
        // Always in the same order: two who add the same runs must not wait for each other.
        let ordered = runs.sorted { $0.plan.place < $1.plan.place }
        let new = NewRuns(ordered, token: nil)
        let statements = [.lock(ordered.map(\.plan.job)), new.insert(unlessExists: true)]
        return try await pool.write("add missing runs") { link in new.added(try link.runAll(statements)[1]) }
    }

    static let instants = """
        SELECT planned_at, max(attempt), bool_or(reason IS DISTINCT FROM '\(RunReason.misfireSkipped.rawValue)')
        FROM runs WHERE job = $1 AND planned_at >= $2 AND planned_at < $3 GROUP BY planned_at
        """
}

extension RunPlan {
    /// Where it comes among others.
    fileprivate var place: (Int64, Int64, Int, Int) {
        (job.rawValue, plannedAt.millisecondsSinceEpoch, shard.index, attempt)
    }
}
