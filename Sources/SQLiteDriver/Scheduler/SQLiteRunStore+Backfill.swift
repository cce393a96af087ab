import GRDB
package import Groundwork
package import Scheduler

extension SQLiteRunStore: BackfillStore {
    package func instants(
        of job: JobID,
        from start: Moment,
        before end: Moment
    ) async throws(StoreError) -> [KeptInstant] {
        try await database.read("read instants of job") { db in
            try Row.fetchAll(
                db.cachedStatement(sql: Self.instants),
                arguments: [job.rawValue, start.millisecondsSinceEpoch, end.millisecondsSinceEpoch]
            )
            .map { row in
                KeptInstant(
                    Moment(millisecondsSinceEpoch: row["planned_at"]),
                    attempt: row["attempt"],
                    hasRun: row["has_run"]
                )
            }
        }
    }

    package func addMissing(_ runs: [NewRun]) async throws(StoreError) -> [JobRun] {
        try await database.write("add missing runs") { db in
            let insertion = try RunInsertion(db, unlessExists: true)
            return try runs.compactMap { try insertion.add($0, token: nil) }
        }
    }

    private static let instants = """
        SELECT planned_at, max(attempt) AS attempt,
            max(reason IS NULL OR reason <> '\(RunReason.misfireSkipped.rawValue)') AS has_run
        FROM runs WHERE job = ? AND planned_at >= ? AND planned_at < ? GROUP BY planned_at
        """
}
