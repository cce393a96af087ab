package import Groundwork
package import Scheduler

/// What jobs were, in the scheduler's tables.
package struct PostgresJobHistory: JobHistory {
    private let database: PostgresSchedulerDatabase
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func versions(
        of job: JobID,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        let values: [PostgresValue] = [.int(job.rawValue), .int(after ?? .max), .int(limit + 1)]
        return try await page(PostgresStatement(Self.newest, values), limit)
    }

    package func versions(
        of job: JobID,
        in span: Range<Moment>,
        after: Int64?,
        limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        let values: [PostgresValue] = [
            .int(job.rawValue), .int(after ?? 0), .int(span.upperBound.millisecondsSinceEpoch),
            .int(span.lowerBound.millisecondsSinceEpoch), .int(limit + 1),
        ]
        return try await page(PostgresStatement(Self.oldest, values), limit)
    }

    package func version(_ number: Int64, of job: JobID) async throws(StoreError) -> JobVersion? {
        try await pool.single("read job version") { link in
            try link.run(Self.one, .int(job.rawValue), .int(number)).first.map { try JobVersion($0) }
        }
    }

    package func jobs(
        in span: Range<Moment>,
        after: JobID?,
        limit: Int
    ) async throws(StoreError) -> Page<JobID, JobID> {
        try await pool.single("list jobs of the history") { link in
            let ids =
                try link.run(
                    Self.ids,
                    .int(after?.rawValue ?? 0),
                    .int(span.upperBound.millisecondsSinceEpoch),
                    .int(span.lowerBound.millisecondsSinceEpoch),
                    .int(limit + 1)
                )
                .map { JobID(rawValue: $0.int64(0)) }
            return Page(ids, limit: limit, key: \.self)
        }
    }

    private func page(
        _ query: PostgresStatement,
        _ limit: Int
    ) async throws(StoreError) -> Page<JobVersion, Int64> {
        try await pool.single("list job versions") { link in
            Page(
                try link.run(query.sql, query.values).map { try JobVersion($0) },
                limit: limit,
                key: \.number
            )
        }
    }

    private static let one = "SELECT \(JobVersion.columns) FROM job_history WHERE job = $1 AND version = $2"

    private static let newest = """
        SELECT \(JobVersion.columns) FROM job_history WHERE job = $1 AND version < $2
        ORDER BY version DESC LIMIT $3
        """

    private static let oldest = """
        SELECT \(JobVersion.columns) FROM job_history
        WHERE job = $1 AND version > $2 AND since_at < $3 AND (until_at IS NULL OR until_at >= $4)
        ORDER BY version LIMIT $5
        """

    private static let ids = """
        SELECT DISTINCT job FROM job_history
        WHERE job > $1 AND since_at < $2 AND (until_at IS NULL OR until_at >= $3)
        ORDER BY job LIMIT $4
        """
}

extension PostgresStatement {
    /// Notes that the version of a job that counts has ended; to be run before the job's next trigger is changed, in a
    /// transaction that has locked the job.
    static func endVersion(of job: JobID, at moment: Moment) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE job_history SET until_at = greatest(since_at, $2), next_at = jobs.next_at
            FROM jobs WHERE jobs.id = job_history.job AND job_history.job = $1 AND until_at IS NULL
            """,
            .int(job.rawValue),
            .int(moment.millisecondsSinceEpoch)
        )
    }

    /// Notes a job as it is as the version that counts from now on, or from the end of the one before; does nothing when it is
    /// noted.
    static func beginVersion(of job: JobID, at moment: Moment) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO job_history (job, version, spec, enabled, started_at, definition, since_at, first_at)
            SELECT id, version, spec, enabled, started_at, definition,
                greatest($2, (SELECT max(until_at) FROM job_history WHERE job = jobs.id)), next_at
            FROM jobs WHERE id = $1
            ON CONFLICT (job, version) DO NOTHING
            """,
            .int(job.rawValue),
            .int(moment.millisecondsSinceEpoch)
        )
    }
}

extension JobVersion {
    /// What to write after `SELECT`, in the order in which a row is read.
    static let columns = """
        job, version, spec, enabled, started_at, definition, since_at, first_at, until_at, next_at
        """

    /// Reads a row of `job_history`.
    init(_ row: PostgresRow) throws {
        self.init(
            job: JobID(rawValue: row.int64(0)),
            number: row.int64(1),
            spec: try JobSpec(stored: row.bytes(2), during: "read job version"),
            isEnabled: row.bool(3),
            startedAt: row.optionalMoment(4),
            definition: row.optionalText(5),
            since: row.moment(6),
            firstTriggerAt: row.optionalMoment(7),
            end: row.optionalMoment(8).map { End(at: $0, nextTriggerAt: row.optionalMoment(9)) }
        )
    }
}
