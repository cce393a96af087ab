import Groundwork
import Scheduler

/// Runs on their way into the table, and which of them the server says it took.
struct NewRuns {
    /// What no two runs have in common.
    private struct Key: Hashable {
        let job: Int64
        let plannedAt: Int64
        let shard: Int
        let attempt: Int
    }

    private let runs: [NewRun]
    private let token: FencingToken?

    init(_ runs: [NewRun], token: FencingToken?) {
        self.runs = runs
        self.token = token
    }

    /// The statement that adds them.
    ///
    /// - Parameters:
    ///   - parameters: what `head` has taken as `$1` and on.
    ///   - head: what stands before `INSERT`, such as `WITH moved AS (...)`.
    ///   - rule: what of the rows `n` is added, as it stands after their table, such as `JOIN moved ON ...`.
    ///   - unlessExists: whether those that exist are passed over, rather than refused.
    /// - Returns: the statement; it brings what `added(_:)` reads.
    func insert(
        _ parameters: [PostgresValue] = [],
        head: String = "",
        rule: String = "",
        unlessExists: Bool
    ) -> PostgresStatement {
        let arrays = RunArrays(runs)
        let token = "$\(parameters.count + 1)::bigint"
        let columns = arrays.columns.map(\.name).joined(separator: ", ")
        let sql = """
            \(head)
            INSERT INTO runs (\(columns), token, version\(arrays.isSent ? "" : ", sends"))
            SELECT \(RunColumn.list(arrays.columns, of: "n")), \(token), 1\(arrays.isSent ? "" : ", 0")
            FROM \(arrays.table("n", from: parameters.count + 2)) \(rule)
            ORDER BY n.place
            \(unlessExists ? "ON CONFLICT ON CONSTRAINT runs_once DO NOTHING" : "")
            RETURNING id, job, planned_at, shard_index, attempt
            """
        return PostgresStatement(sql, parameters + [.int(self.token?.rawValue)] + arrays.values)
            .kept(forRows: runs.count)
    }

    /// What brings those of one trigger once they were added, as the statement that adds them does.
    static func added(to job: PostgresValue, at instant: PostgresValue) -> PostgresStatement {
        PostgresStatement(ofTrigger, job, instant).kept
    }

    private static let ofTrigger =
        "SELECT id, job, planned_at, shard_index, attempt FROM runs WHERE job = $1 AND planned_at = $2 ORDER BY id"

    /// Those that were added, in their own order.
    func added(_ rows: PostgresRows) -> [JobRun] {
        let keyed = rows.map { row in
            let key = Key(
                job: row.int64(1),
                plannedAt: row.int64(2),
                shard: row.int(3),
                attempt: row.int(4)
            )
            return (key, row.int64(0))
        }
        var ids = Dictionary(keyed) { first, _ in first }
        return runs.compactMap { run in
            let plan = run.plan
            let key = Key(
                job: plan.job.rawValue,
                plannedAt: plan.plannedAt.millisecondsSinceEpoch,
                shard: plan.shard.index,
                attempt: plan.attempt
            )
            // One that is given twice is added once.
            return ids.removeValue(forKey: key)
                .map { JobRun(run, id: RunID(rawValue: $0), token: token) }
        }
    }
}
