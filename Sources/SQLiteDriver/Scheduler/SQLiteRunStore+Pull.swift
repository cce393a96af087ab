import GRDB
package import Groundwork
package import Scheduler

/// Runs of executors that fetch theirs.
extension SQLiteRunStore {
    package func untold(
        at address: ExecutorAddress,
        limit: Int,
        besides known: [RunID: Int64]
    ) async throws(StoreError) -> [JobRun] {
        try await database.read("read untold runs") { db in
            let rows = try Row.fetchCursor(
                db.cachedStatement(sql: Self.untold),
                arguments: [address.url]
            )
            var runs: [JobRun] = []
            while runs.count < limit, let row = try rows.next() {
                let run = RunID(rawValue: row[RunColumn.id.rawValue])
                guard known[run] != row[RunColumn.version.rawValue] as Int64 else { continue }
                runs.append(try JobRun(row))
            }
            return runs
        }
    }

    package func loads() async throws(StoreError) -> [ExecutorAddress: Int] {
        try await database.read("count pulled runs") { db in
            try Row.fetchAll(db.cachedStatement(sql: Self.loads))
                .reduce(into: [:]) { $0[ExecutorAddress(stored: $1[0])] = $1[1] }
        }
    }

    /// The open runs of executors that fetch theirs; as the index `runs_pulled` has it.
    static let pulled = "address GLOB '\(ExecutorAddress.pulledScheme)*' AND ended_at IS NULL"

    /// The index is named: without statistics SQLite may as well go through all open runs.
    static let untold = """
        SELECT \(RunColumn.list()) FROM runs INDEXED BY runs_pulled
        WHERE \(pulled) AND address = ? AND (state = 'dispatching' OR kill_requested_at IS NOT NULL)
        ORDER BY id
        """

    static let loads =
        "SELECT address, count(*) FROM runs INDEXED BY runs_pulled WHERE \(pulled) GROUP BY address"
}
