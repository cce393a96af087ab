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
        // A day may have a million runs: they are counted beside whoever writes, and again when runs were removed meanwhile.
        for _ in 0..<3 {
            let tally = try await database.read("count runs") { try RunTally(of: day, within: span, $0) }
            let isWritten = try await database.write("count runs") { db in
                try db.check(token, during: "count runs")
                return try tally.write(unlessChangedIn: db)
            }
            if isWritten { return }
        }
        _ = try await database.write("count runs") { db in
            try db.check(token, during: "count runs")
            return try RunTally(of: day, within: span, db).write(unlessChangedIn: db)
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

/// The runs of a day as they were counted, beside the counts that were written before.
struct RunTally: Sendable {
    private struct Count: Hashable {
        let present: Int
        let removed: Int
    }

    private let day: RunDay
    private let found: [RunCountKey: Int]
    private let written: [RunCountKey: Count]

    /// Counts the runs that were planned within `span`.
    init(of day: RunDay, within span: Range<Moment>, _ db: Database) throws {
        self.day = day
        let span = [span.lowerBound.millisecondsSinceEpoch, span.upperBound.millisecondsSinceEpoch]
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: Self.countDay),
            arguments: StatementArguments(span)
        )
        found = Dictionary(rows.map { (RunCountKey(day, $0), $0["present"] as Int) }) { $0 + $1 }
        written = try Self.counts(of: day, db)
    }

    /// Writes what was counted, unless somebody has changed the counts meanwhile: runs were removed, or counted by another.
    ///
    /// - Returns: whether it was written.
    func write(unlessChangedIn db: Database) throws -> Bool {
        guard try Self.counts(of: day, db) == written else { return false }
        let statement = try db.cachedStatement(sql: Self.writePresent)
        for key in Set(found.keys).union(written.keys) {
            let present = found[key] ?? 0
            guard present != written[key]?.present else { continue }
            try statement.execute(arguments: [key.day.rawValue, key.job, key.group, key.outcome, present])
        }
        try db.execute(cached: Self.dropEmpty, [day.rawValue])
        return true
    }

    private static func counts(of day: RunDay, _ db: Database) throws -> [RunCountKey: Count] {
        let rows = try Row.fetchAll(db.cachedStatement(sql: countsOfDay), arguments: [day.rawValue])
        let counts = rows.map {
            (RunCountKey(day, $0), Count(present: $0["present"], removed: $0["removed"]))
        }
        return Dictionary(counts) { first, _ in first }
    }

    static let countDay = """
        SELECT job, app, coalesce(reason, 'open') AS outcome, count(*) AS present
        FROM runs INDEXED BY runs_by_plan
        WHERE planned_at >= ? AND planned_at < ? GROUP BY job, app, coalesce(reason, 'open')
        """

    private static let countsOfDay =
        "SELECT job, app, outcome, present, removed FROM run_days WHERE day = ?"

    private static let dropEmpty = "DELETE FROM run_days WHERE day = ? AND present = 0 AND removed = 0"

    private static let writePresent = """
        INSERT INTO run_days (day, job, app, outcome, present, removed) VALUES (?, ?, ?, ?, ?, 0)
        ON CONFLICT (day, job, app, outcome) DO UPDATE SET present = excluded.present
        """
}

extension Database {
    /// Notes that runs which were there are not any more.
    func removed(_ count: Int, of key: RunCountKey) throws {
        try cachedStatement(sql: Self.writeRemoved)
            .execute(arguments: [key.day.rawValue, key.job, key.group, key.outcome, -count, count])
    }

    private static let writeRemoved = """
        INSERT INTO run_days (day, job, app, outcome, present, removed) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (day, job, app, outcome)
        DO UPDATE SET present = present + excluded.present, removed = removed + excluded.removed
        """
}
