import GRDB
package import Groundwork
package import Scheduler

/// What jobs were, in the scheduler's file.
package struct SQLiteJobHistory: JobHistory {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func versions(
        of job: JobID,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        try await page(Self.newest, [job.rawValue, after ?? .max, limit + 1], limit)
    }

    package func versions(
        of job: JobID,
        in span: Range<Moment>,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        let (from, to) = (span.lowerBound.millisecondsSinceEpoch, span.upperBound.millisecondsSinceEpoch)
        return try await page(Self.oldest, [job.rawValue, after ?? 0, to, from, limit + 1], limit)
    }

    package func version(_ number: Int64, of job: JobID) async throws(StoreError) -> JobVersion? {
        try await database.read("read job version") { db in
            try Row.fetchOne(
                db,
                sql: "SELECT * FROM job_history WHERE job = ? AND version = ?",
                arguments: [job.rawValue, number]
            )
            .map { try JobVersion($0) }
        }
    }

    package func jobs(
        in span: Range<Moment>,
        after: JobID?,
        limit: Int
    ) async throws(StoreError) -> Page<JobID, JobID> {
        try await database.read("list jobs of the history") { db in
            let ids = try Int64.fetchAll(
                db,
                sql: Self.ids,
                arguments: [
                    after?.rawValue ?? 0, span.upperBound.millisecondsSinceEpoch,
                    span.lowerBound.millisecondsSinceEpoch, limit + 1,
                ]
            )
            return Page(ids.map(JobID.init(rawValue:)), limit: limit, key: \.self)
        }
    }

    private func page(
        _ sql: String,
        _ arguments: StatementArguments,
        _ limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        try await database.read("list job versions") { db in
            let rows = try Row.fetchAll(db, sql: sql, arguments: arguments)
            return Page(try rows.map { try JobVersion($0) }, limit: limit, key: \.number)
        }
    }

    private static let newest = """
        SELECT * FROM job_history WHERE job = ? AND version < ? ORDER BY version DESC LIMIT ?
        """

    private static let oldest = """
        SELECT * FROM job_history
        WHERE job = ? AND version > ? AND since_at < ? AND (until_at IS NULL OR until_at >= ?)
        ORDER BY version LIMIT ?
        """

    private static let ids = """
        SELECT DISTINCT job FROM job_history
        WHERE job > ? AND since_at < ? AND (until_at IS NULL OR until_at >= ?)
        ORDER BY job LIMIT ?
        """
}

extension Database {
    /// Notes that the version of a job that counts has ended; to be called before the job's next trigger is changed.
    func endVersion(of job: JobID, at moment: Moment) throws {
        try execute(
            sql: """
                UPDATE job_history
                SET until_at = max(since_at, ?), next_at = (SELECT next_at FROM jobs WHERE id = job_history.job)
                WHERE job = ? AND until_at IS NULL
                """,
            arguments: [moment.millisecondsSinceEpoch, job.rawValue]
        )
    }

    /// Notes a job as it is as the version that counts from now on, or from the end of the one before.
    func beginVersion(of job: JobID, at moment: Moment) throws {
        try execute(
            sql: """
                INSERT INTO job_history (job, version, spec, enabled, started_at, definition, since_at, first_at)
                SELECT id, version, spec, enabled, started_at, definition,
                    max(?, coalesce((SELECT max(until_at) FROM job_history WHERE job = jobs.id), 0)), next_at
                FROM jobs WHERE id = ?
                """,
            arguments: [moment.millisecondsSinceEpoch, job.rawValue]
        )
    }
}

extension JobVersion {
    /// Reads a row of `job_history`.
    init(_ row: Row) throws {
        let text: String = row["spec"]
        self.init(
            job: JobID(rawValue: row["job"]),
            number: row["version"],
            spec: try JobSpec(stored: text.utf8, during: "read job version"),
            isEnabled: row["enabled"],
            startedAt: row.moment("started_at"),
            definition: row["definition"],
            since: Moment(millisecondsSinceEpoch: row["since_at"]),
            firstTriggerAt: row.moment("first_at"),
            end: row.moment("until_at").map { End(at: $0, nextTriggerAt: row.moment("next_at")) }
        )
    }
}
