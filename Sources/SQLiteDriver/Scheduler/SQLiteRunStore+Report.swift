import GRDB
package import Groundwork
package import Scheduler

extension SQLiteRunStore: RunReportStore {
    package func unsettled(before moment: Moment) async throws(StoreError) -> Set<Moment> {
        try await database.read("find days to count") { db in
            let until = try Int64.fetchOne(db, sql: Self.settledUntil)
            let quarters = try Int64.fetchAll(
                db,
                sql: until == nil ? Self.allQuarters : Self.changedQuarters,
                arguments: until.map { ["before": moment.millisecondsSinceEpoch, "until": $0] }
                    ?? ["before": moment.millisecondsSinceEpoch]
            )
            return Set(quarters.map { Moment(millisecondsSinceEpoch: $0 * 900_000) })
        }
    }

    package func count(
        _ day: RunDay,
        within span: Range<Moment>,
        token: FencingToken
    ) async throws(StoreError) {
        try await database.write("count runs") { db in
            try db.check(token, during: "count runs")
            let found = try Row.fetchAll(
                db,
                sql: Self.countDay,
                arguments: [
                    span.lowerBound.millisecondsSinceEpoch, span.upperBound.millisecondsSinceEpoch,
                ]
            )
            var fresh: [RunCountKey: Int] = [:]
            for row in found { fresh[RunCountKey(day, row)] = row["present"] }
            for row in try Row.fetchAll(db, sql: Self.countsOfDay, arguments: [day.rawValue]) {
                let key = RunCountKey(day, row)
                let present = fresh.removeValue(forKey: key) ?? 0
                if present != row["present"] { try db.write(present, of: key) }
            }
            for (key, present) in fresh { try db.write(present, of: key) }
            try db.execute(sql: Self.dropEmpty, arguments: [day.rawValue])
        }
    }

    package func settle(until moment: Moment, token: FencingToken) async throws(StoreError) {
        try await database.write("settle runs") { db in
            try db.check(token, during: "settle runs")
            try db.execute(sql: Self.settle, arguments: [moment.millisecondsSinceEpoch])
        }
    }

    package func report(_ filter: RunDayFilter) async throws(StoreError) -> RunReport {
        try await database.read("read counts of runs") { db in
            var conditions = ["day BETWEEN ? AND ?"]
            var arguments: StatementArguments = [
                filter.days.lowerBound.rawValue, filter.days.upperBound.rawValue,
            ]
            if let group = filter.group {
                conditions.append("app = ?")
                arguments += [group]
            }
            if let job = filter.job {
                conditions.append("job = ?")
                arguments += [job.rawValue]
            }
            if let groups = filter.permitted {
                conditions.append("app IN (SELECT value FROM json_each(?))")
                arguments += [try StoredJSON.text(groups, during: "read counts of runs")]
            }
            let rows = try Row.fetchAll(
                db,
                sql: Self.report(where: conditions.joined(separator: " AND ")),
                arguments: arguments
            )
            let until = try Int64.fetchOne(db, sql: Self.settledUntil)
            return RunReport(
                counts: try rows.map { row in
                    try RunDayCount(day: row[0], group: row[1], outcome: row[2], count: row[3])
                },
                countedUntil: until.map(Moment.init(millisecondsSinceEpoch:))
            )
        }
    }

    package func census(
        failingOn day: RunDay,
        permitted: Set<String>?
    ) async throws(StoreError) -> JobCensus {
        try await database.read("count jobs") { db in
            let groups = try permitted.map { try StoredJSON.text($0, during: "count jobs") }
            let jobs = try Row.fetchOne(db, sql: Self.countJobs, arguments: ["permitted": groups])
            let failing = try Int.fetchOne(
                db,
                sql: Self.countFailing,
                arguments: ["day": day.rawValue, "permitted": groups]
            )
            return JobCensus(jobs: jobs?[0] ?? 0, enabled: jobs?[1] ?? 0, failing: failing ?? 0)
        }
    }

    package func forgetCounts(before day: RunDay, token: FencingToken) async throws(StoreError) {
        try await database.write("forget counts of runs") { db in
            try db.check(token, during: "forget counts of runs")
            try db.execute(sql: "DELETE FROM run_days WHERE day < ?", arguments: [day.rawValue])
        }
    }
}

extension SQLiteRunStore {
    private static let settledUntil = "SELECT until FROM run_days_settled"

    static let changedQuarters = """
        SELECT planned_at / 900000 FROM runs INDEXED BY runs_open
        WHERE state <> 'ended' AND planned_at < :before
        UNION
        SELECT planned_at / 900000 FROM runs INDEXED BY runs_ended
        WHERE ended_at >= :until AND ended_at IS NOT NULL AND planned_at < :before
        """

    private static let allQuarters = """
        SELECT DISTINCT planned_at / 900000 FROM runs INDEXED BY runs_by_plan WHERE planned_at < :before
        """

    static let countDay = """
        SELECT job, app, coalesce(reason, 'open') AS outcome, count(*) AS present
        FROM runs INDEXED BY runs_by_plan
        WHERE planned_at >= ? AND planned_at < ? GROUP BY job, app, coalesce(reason, 'open')
        """

    private static let countsOfDay = "SELECT job, app, outcome, present FROM run_days WHERE day = ?"

    private static let dropEmpty = "DELETE FROM run_days WHERE day = ? AND present = 0 AND removed = 0"

    private static let settle = """
        INSERT INTO run_days_settled (id, until) VALUES (1, ?)
        ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until)
        """

    static func report(where conditions: String) -> String {
        """
        SELECT day, app, outcome, sum(present + removed) FROM run_days
        WHERE \(conditions) GROUP BY day, app, outcome HAVING sum(present + removed) > 0 ORDER BY day, app
        """
    }

    private static let permittedJobs =
        ":permitted IS NULL OR app IN (SELECT value FROM json_each(:permitted))"

    private static let countJobs =
        "SELECT count(*), coalesce(sum(enabled), 0) FROM jobs WHERE \(permittedJobs)"

    static let countFailing = """
        SELECT count(*) FROM (
            SELECT DISTINCT job FROM run_days
            WHERE day = :day AND outcome IN (\(RunReason.failingWords)) AND present + removed > 0) AS f
        WHERE job IN (SELECT id FROM jobs WHERE \(permittedJobs)) AND (
            SELECT reason FROM runs INDEXED BY runs_of_job
            WHERE runs.job = f.job AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1
        ) IN (\(RunReason.failingWords))
        """
}

/// Which count of `run_days`.
struct RunCountKey: Hashable {
    let day: RunDay
    let job: Int64
    let group: String
    let outcome: String

    /// Reads the columns `job`, `app` and `outcome`.
    init(_ day: RunDay, _ row: Row) {
        self.day = day
        job = row["job"]
        group = row["app"]
        outcome = row["outcome"]
    }
}

extension Database {
    /// Writes how many runs are there.
    fileprivate func write(_ present: Int, of key: RunCountKey) throws {
        try cachedStatement(sql: Self.writePresent)
            .execute(arguments: [key.day.rawValue, key.job, key.group, key.outcome, present])
    }

    /// Notes that runs which were there are not any more.
    func removed(_ count: Int, of key: RunCountKey) throws {
        try cachedStatement(sql: Self.writeRemoved)
            .execute(arguments: [key.day.rawValue, key.job, key.group, key.outcome, -count, count])
    }

    private static let writePresent = """
        INSERT INTO run_days (day, job, app, outcome, present, removed) VALUES (?, ?, ?, ?, ?, 0)
        ON CONFLICT (day, job, app, outcome) DO UPDATE SET present = excluded.present
        """

    private static let writeRemoved = """
        INSERT INTO run_days (day, job, app, outcome, present, removed) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (day, job, app, outcome)
        DO UPDATE SET present = present + excluded.present, removed = removed + excluded.removed
        """
}
