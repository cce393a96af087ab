package import Groundwork
package import Scheduler

extension PostgresRunStore: RunReportStore {
    package func unsettled(before moment: Moment) async throws(StoreError) -> Set<Moment> {
        try await pool.single("find days to count") { link in
            let until = try link.run(Self.settledUntil).first?.optionalInt64(0)
            let before = PostgresValue.int(moment.millisecondsSinceEpoch)
            let quarters =
                try until.map { try link.run(Self.changedQuarters, before, .int($0)) }
                ?? link.run(Self.allQuarters, before)
            return Set(quarters.map { Moment(millisecondsSinceEpoch: $0.int64(0) * 900_000) })
        }
    }

    package func count(
        _ day: RunDay,
        within span: Range<Moment>,
        token: FencingToken
    ) async throws(StoreError) {
        let count = PostgresStatement(
            Self.countDay,
            .int(day.rawValue),
            .int(span.lowerBound.millisecondsSinceEpoch),
            .int(span.upperBound.millisecondsSinceEpoch)
        )
        try await database.write("count runs", under: token, [.holdCounts, count]) { _ in }
    }

    package func settle(until moment: Moment, token: FencingToken) async throws(StoreError) {
        let settle = PostgresStatement(
            "UPDATE run_days_settled SET until = greatest(until, $1)",
            .int(moment.millisecondsSinceEpoch)
        )
        try await database.write("settle runs", under: token, [settle]) { _ in }
    }

    package func report(_ filter: RunDayFilter) async throws(StoreError) -> RunReport {
        let statement = Self.report(filter)
        return try await pool.single("read counts of runs") { link in
            let until = try link.run(Self.settledUntil).first?.optionalMoment(0)
            let counts = try link.run(statement.sql, statement.values)
                .map { row in
                    try RunDayCount(
                        day: row.int64(0),
                        group: row.text(1),
                        outcome: row.text(2),
                        count: row.int(3)
                    )
                }
            return RunReport(counts: counts, countedUntil: until)
        }
    }

    package func census(
        failingOn day: RunDay,
        permitted: Set<String>?
    ) async throws(StoreError) -> JobCensus {
        let groups = permitted.map { PostgresValue.texts($0.sorted()) } ?? .null
        return try await pool.single("count jobs") { link in
            let jobs = try link.run(Self.countJobs, groups).first
            let failing = try link.run(Self.countFailing, .int(day.rawValue), groups).first
            return JobCensus(
                jobs: jobs?.int(0) ?? 0,
                enabled: jobs?.int(1) ?? 0,
                failing: failing?.int(0) ?? 0
            )
        }
    }

    package func forgetCounts(before day: RunDay, token: FencingToken) async throws(StoreError) {
        let forget = PostgresStatement("DELETE FROM run_days WHERE day < $1", .int(day.rawValue))
        try await database.write("forget counts of runs", under: token, [.holdCounts, forget]) { _ in }
    }
}

extension PostgresStatement {
    /// Keeps others from counting and removing runs until the transaction ends: what one of them saw must still be so when
    /// it writes.
    static let holdCounts = PostgresStatement("SELECT until FROM run_days_settled FOR UPDATE")
}

extension PostgresRunStore {
    private static let settledUntil = "SELECT until FROM run_days_settled"

    static let changedQuarters = """
        SELECT planned_at / 900000 FROM runs WHERE \(open) AND planned_at < $1
        UNION
        SELECT planned_at / 900000 FROM runs WHERE ended_at >= $2 AND planned_at < $1
        """

    static let allQuarters =
        "SELECT DISTINCT planned_at / 900000 FROM \(RunSource.all) WHERE planned_at < $1"

    /// Writes only counts that are others than before: of a day's thousands few change in a minute.
    static let countDay = """
        WITH fresh AS (
            SELECT job, app, coalesce(reason, 'open') AS outcome, count(*) AS present
            FROM \(RunSource.all) WHERE planned_at >= $2 AND planned_at < $3 GROUP BY 1, 2, 3),
        stale AS (
            SELECT job, app, outcome FROM run_days WHERE day = $1
            EXCEPT SELECT job, app, outcome FROM fresh),
        emptied AS (
            DELETE FROM run_days AS d USING stale AS s
            WHERE d.day = $1 AND d.removed = 0 AND d.job = s.job AND d.app = s.app AND d.outcome = s.outcome),
        zeroed AS (
            UPDATE run_days AS d SET present = 0 FROM stale AS s
            WHERE d.day = $1 AND d.removed <> 0 AND d.present <> 0
                AND d.job = s.job AND d.app = s.app AND d.outcome = s.outcome)
        INSERT INTO run_days (day, job, app, outcome, present, removed)
        SELECT $1, job, app, outcome, present, 0 FROM fresh
        ON CONFLICT (day, job, app, outcome) DO UPDATE SET present = excluded.present
        WHERE run_days.present <> excluded.present
        """

    static func report(_ filter: RunDayFilter) -> PostgresStatement {
        var conditions = Conditions()
        conditions.require("day >= ?", .int(filter.days.lowerBound.rawValue))
        conditions.require("day <= ?", .int(filter.days.upperBound.rawValue))
        if let group = filter.group { conditions.require("app = ?", .text(group)) }
        if let job = filter.job { conditions.require("job = ?", .int(job.rawValue)) }
        if let groups = filter.permitted { conditions.require("app = ANY (?)", .texts(groups.sorted())) }
        return PostgresStatement(
            """
            SELECT day, app, outcome, sum(present + removed)::bigint FROM run_days \(conditions.clause)
            GROUP BY day, app, outcome HAVING sum(present + removed) > 0 ORDER BY day, app
            """,
            conditions.values
        )
    }

    private static let countJobs = """
        SELECT count(*), count(*) FILTER (WHERE enabled) FROM jobs
        WHERE $1::text[] IS NULL OR app = ANY ($1)
        """

    static let countFailing = """
        SELECT count(*) FROM (
            SELECT DISTINCT d.job FROM run_days AS d JOIN jobs ON jobs.id = d.job
            WHERE day = $1 AND outcome IN (\(RunReason.failingWords)) AND present + removed > 0
                AND ($2::text[] IS NULL OR jobs.app = ANY ($2))) AS f
        CROSS JOIN LATERAL (
            SELECT reason FROM runs WHERE runs.job = f.job AND ended_at IS NOT NULL
            ORDER BY id DESC LIMIT 1) AS newest
        WHERE newest.reason IN (\(RunReason.failingWords))
        """
}
