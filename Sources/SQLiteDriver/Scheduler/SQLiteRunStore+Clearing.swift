import GRDB
package import Groundwork
package import Scheduler

extension SQLiteRunStore: RunClearingStore {
    package func keeps() async throws(StoreError) -> [JobID: Duration] {
        try await database.read("read how long runs are kept") { db in
            let rows = try Row.fetchAll(db, sql: Self.selectKeeps)
            return Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    (row[1] as Int64?).map { (JobID(rawValue: row[0]), .milliseconds($0)) }
                }
            )
        }
    }

    package func newest(beyond count: Int, of scope: RunScope) async throws(StoreError) -> RunID? {
        let query = ClearingQuery(scope)
        return try await database.read("find runs to clear") { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT id FROM runs WHERE ended_at IS NOT NULL\(query.scope)
                    ORDER BY id DESC LIMIT 1 OFFSET ?
                    """,
                arguments: query.arguments + [count]
            )
            .map(RunID.init(rawValue:))
        }
    }

    package func clear(
        _ selection: RunSelection,
        limit: Int,
        by calendar: RunCalendar
    ) async throws(StoreError) -> Int {
        let query = ClearingQuery(selection, limit: limit)
        return try await database.write("clear runs") { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    DELETE FROM runs WHERE id IN (\(query.oldest))
                    RETURNING job, app, reason AS outcome, planned_at, max(planned_at, ended_at) AS last_at
                    """,
                arguments: query.arguments
            )
            var counts: [RunCountKey: Int] = [:]
            var last: [JobID: Moment] = [:]
            for row in rows {
                let planned = Moment(millisecondsSinceEpoch: row["planned_at"])
                counts[RunCountKey(calendar.day(of: planned), row), default: 0] += 1
                let job = JobID(rawValue: row["job"])
                let gone = Moment(millisecondsSinceEpoch: row["last_at"])
                last[job] = max(last[job] ?? gone, gone)
            }
            for (key, count) in counts { try db.removed(count, of: key) }
            for (job, last) in last { try db.noteForgotten(of: job, last: last) }
            return rows.count
        }
    }

    package func clearable(_ selection: RunSelection, limit: Int) async throws(StoreError) -> Int {
        let query = ClearingQuery(selection, limit: limit)
        return try await database.read("count runs to clear") { db in
            try Int.fetchOne(
                db,
                sql: "SELECT count(*) FROM (\(query.all))",
                arguments: query.arguments
            ) ?? 0
        }
    }

    static let selectKeeps = """
        SELECT id, spec ->> 'keep_ms' FROM jobs INDEXED BY jobs_keeping WHERE instr(spec, '"keep_ms":') > 0
        """
}

/// The statements that find runs which are to go.
struct ClearingQuery: Sendable {
    /// Whose runs, as a further condition.
    let scope: String
    private(set) var arguments: StatementArguments
    /// The oldest of them.
    private(set) var oldest = ""
    /// All of them, up to a limit.
    private(set) var all = ""

    init(_ scope: RunScope) {
        switch scope {
        case .all(let except):
            let ids = WireValue.list(except.map { .integer($0.rawValue) }).json
            self.scope =
                except.isEmpty ? "" : " AND job NOT IN (SELECT value FROM json_each(?))"
            arguments = except.isEmpty ? [] : [String(decoding: ids, as: UTF8.self)]
        case .group(let group):
            self.scope = " AND app = ?"
            arguments = [group]
        case .job(let job):
            self.scope = " AND job = ?"
            arguments = [job.rawValue]
        }
    }

    init(_ selection: RunSelection, limit: Int) {
        self.init(selection.scope)
        switch selection.age {
        case .through(let run):
            all = """
                SELECT id FROM runs AS r WHERE ended_at IS NOT NULL\(scope) AND id <= ? AND \(Self.isFree)
                ORDER BY id LIMIT ?
                """
            oldest = all
            arguments += [run.rawValue, limit]
        case .endedBefore(let moment):
            all = """
                SELECT id FROM runs AS r
                WHERE ended_at IS NOT NULL\(scope) AND ended_at < ? AND \(Self.isFree) ORDER BY ended_at LIMIT ?
                """
            oldest = all
            arguments += [moment.millisecondsSinceEpoch, limit]
            if case .all = selection.scope { break }
            oldest = """
                SELECT id FROM (
                    SELECT id, job, planned_at, ended_at FROM runs
                    WHERE ended_at IS NOT NULL\(scope) ORDER BY id LIMIT 1000) AS r
                WHERE ended_at < ? AND \(Self.isFree) ORDER BY id LIMIT ?
                """
        }
    }

    /// Nothing of its trigger is open or to be followed up, and its end is counted.
    private static let isFree = """
        ended_at < coalesce((SELECT until FROM run_days_settled), 9223372036854775807)
        AND NOT EXISTS (
            SELECT 1 FROM runs AS o
            WHERE o.job = r.job AND o.planned_at = r.planned_at AND o.state <> 'ended')
        AND NOT EXISTS (
            SELECT 1 FROM runs AS o JOIN sequels ON sequels.run = o.id
            WHERE o.job = r.job AND o.planned_at = r.planned_at)
        """
}
