package import Groundwork
package import Scheduler

extension PostgresRunStore: RunClearingStore {
    package func keeps() async throws(StoreError) -> [JobID: Duration] {
        try await pool.single("read how long runs are kept") { link in
            let keeps = try link.run(Self.selectKeeps)
                .map { (JobID(rawValue: $0.int64(0)), Duration.milliseconds($0.int64(1))) }
            return Dictionary(uniqueKeysWithValues: keeps.filter { $0.1 > .zero })
        }
    }

    package func newest(beyond count: Int, of scope: RunScope) async throws(StoreError) -> RunID? {
        var conditions = Conditions(of: scope)
        let clause = conditions.clause
        let offset = conditions.parameter(.int(count))
        let statement = PostgresStatement(
            "SELECT id FROM runs \(clause) ORDER BY id DESC LIMIT 1 OFFSET \(offset)",
            conditions.values
        )
        return try await pool.single("find runs to clear") { link in
            try link.run(statement.sql, statement.values).first.map { RunID(rawValue: $0.int64(0)) }
        }
    }

    package func clear(
        _ selection: RunSelection,
        limit: Int,
        by calendar: RunCalendar
    ) async throws(StoreError) -> Int {
        let delete = Self.clear(selection, limit: limit)
        return try await pool.write("clear runs") { link in
            let removed = try link.runAll([.holdCounts, delete])[1]
            guard !removed.isEmpty else { return 0 }
            var counts: [RemovedRuns: Int64] = [:]
            var last: [JobID: Moment] = [:]
            for (runs, gone) in removed.map({ (RemovedRuns($0, by: calendar), $0.moment(4)) }) {
                counts[runs, default: 0] += 1
                let job = JobID(rawValue: runs.job)
                last[job] = max(last[job] ?? gone, gone)
            }
            let note = PostgresRunLedger.noteForgotten(last)
            try link.run(note.sql, note.values)
            let rows = Array(counts)
            _ = try link.run(
                Self.noteRemoved,
                .ints(rows.map(\.key.day.rawValue)),
                .ints(rows.map(\.key.job)),
                .texts(rows.map(\.key.group)),
                .texts(rows.map(\.key.reason)),
                .ints(rows.map(\.value))
            )
            return removed.count
        }
    }

    package func clearable(_ selection: RunSelection, limit: Int) async throws(StoreError) -> Int {
        let found = Self.clearable(selection, limit: limit, isWindowed: false)
        return try await pool.single("count runs to clear") { link in
            try link.run("SELECT count(*) FROM (\(found.sql)) AS found", found.values).first?.int(0) ?? 0
        }
    }
}

/// Runs that were removed, as the report counts them.
private struct RemovedRuns: Hashable {
    let day: RunDay
    let job: Int64
    let group: String
    let reason: String

    init(_ row: PostgresRow, by calendar: RunCalendar) {
        day = calendar.day(of: row.moment(3))
        job = row.int64(0)
        group = row.text(1)
        reason = row.text(2)
    }
}

extension Conditions {
    /// Those of the ended runs of `scope`.
    init(of scope: RunScope) {
        self.init()
        require("ended_at IS NOT NULL")
        switch scope {
        case .all(let except):
            if !except.isEmpty { require("job <> ALL (?)", .ints(except.map(\.rawValue).sorted())) }
        case .group(let group): require("app = ?", .text(group))
        case .job(let job): require("job = ?", .int(job.rawValue))
        }
    }
}

extension PostgresRunStore {
    /// A quote inside of a text is escaped, so the pattern finds the key alone; and no text stands in its way that is JSON but not
    /// `jsonb`.
    static let selectKeeps = """
        SELECT id, coalesce(substring(spec FROM '"keep_ms":([0-9]+)')::bigint, 0) FROM jobs
        WHERE strpos(spec, '"keep_ms":') > 0
        """

    static func clear(_ selection: RunSelection, limit: Int) -> PostgresStatement {
        let found = clearable(selection, limit: limit, isWindowed: true)
        return PostgresStatement(
            """
            DELETE FROM runs WHERE id = ANY (ARRAY(\(found.sql)))
            RETURNING job, app, reason, planned_at, greatest(planned_at, ended_at)
            """,
            found.values
        )
    }

    /// The numbers of the runs that may go; `isWindowed` looks at the oldest of a job or a group alone.
    static func clearable(
        _ selection: RunSelection,
        limit: Int,
        isWindowed: Bool
    ) -> PostgresStatement {
        var conditions = Conditions(of: selection.scope)
        switch selection.age {
        case .through(let run):
            conditions.require("id <= ?", .int(run.rawValue))
            let clause = "\(conditions.clause) AND \(isFree)"
            let limit = conditions.parameter(.int(limit))
            return PostgresStatement(
                "SELECT id FROM runs AS r \(clause) ORDER BY id LIMIT \(limit)",
                conditions.values
            )
        case .endedBefore(let moment):
            if isWindowed, selection.scope.isPart {
                let oldest = """
                    (SELECT id, job, planned_at, ended_at FROM runs \(conditions.clause) ORDER BY id LIMIT 1000)
                    """
                let before = conditions.parameter(.int(moment.millisecondsSinceEpoch))
                let limit = conditions.parameter(.int(limit))
                return PostgresStatement(
                    "SELECT id FROM \(oldest) AS r WHERE ended_at < \(before) AND \(isFree) ORDER BY id LIMIT \(limit)",
                    conditions.values
                )
            }
            conditions.require("ended_at < ?", .int(moment.millisecondsSinceEpoch))
            let clause = "\(conditions.clause) AND \(isFree)"
            let limit = conditions.parameter(.int(limit))
            return PostgresStatement(
                "SELECT id FROM runs AS r \(clause) ORDER BY ended_at LIMIT \(limit)",
                conditions.values
            )
        }
    }

    /// Nothing of its trigger is open or to be followed up, and its end is counted.
    private static let isFree = """
        r.ended_at < coalesce((SELECT until FROM run_days_settled), 9223372036854775807)
        AND NOT EXISTS (
            SELECT 1 FROM runs AS o
            WHERE o.job = r.job AND o.planned_at = r.planned_at AND o.state <> 'ended')
        AND NOT EXISTS (
            SELECT 1 FROM sequels JOIN runs AS o ON o.id = sequels.run
            WHERE o.job = r.job AND o.planned_at = r.planned_at)
        """

    private static let noteRemoved = """
        INSERT INTO run_days (day, job, app, outcome, present, removed)
        SELECT day, job, app, outcome, -count, count
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
            AS n (day, job, app, outcome, count)
        ON CONFLICT (day, job, app, outcome) DO UPDATE
        SET present = run_days.present + excluded.present, removed = run_days.removed + excluded.removed
        """
}
