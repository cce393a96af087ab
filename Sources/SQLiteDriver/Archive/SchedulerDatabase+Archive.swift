import GRDB
package import Groundwork
import Scheduler

/// Reading all of the scheduler's tables, for who copies them to another store.
extension SchedulerDatabase {
    /// Rows of one of `ArchiveTable.scheduler`, those after `key`.
    package func archived(
        _ table: ArchiveTable,
        after key: [ArchiveValue]?,
        limit: Int
    ) async throws(StoreError) -> [[ArchiveValue]] {
        try await read("read \(table.name)") { db in
            try db.archived(table, from: Self.sources[table.name], after: key, limit: limit)
        }
    }

    /// The highest number that each kind of thing was given, by the name of its `ArchiveTable`, also when it is gone.
    package func highestNumbers() async throws(StoreError) -> [String: Int64] {
        try await read("read numbers") {
            try $0.highestNumbers([
                "jobs", "runs", "notices", ArchiveTable.executorGroups, "users", "api_keys", "audit",
            ])
        }
    }

    /// How many rows each of the tables has, by its name.
    package func census() async throws(StoreError) -> [String: Int] {
        try await read("count the scheduler's tables") { db in
            var rows: [String: Int] = [:]
            for table in ArchiveTable.scheduler {
                rows[table.name] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table.name)")
            }
            return rows
        }
    }

    /// A term of the one store says nothing in the other: it must count as an earlier one there.
    private static let sources = [
        "jobs": """
        SELECT *, coalesce(spec ->> 'summary', '') AS summary, coalesce(spec ->> 'handler', '') AS handler
        FROM jobs
        """,
        "runs": """
        SELECT \(ArchiveTable.runColumns), CASE WHEN token IS NULL THEN NULL ELSE 0 END AS token FROM runs
        """,
    ]
}

extension ArchiveTable {
    /// The columns of `runs` without the term.
    fileprivate static var runColumns: String {
        RunColumn.allCases.filter { $0 != .token }.map(\.name).joined(separator: ", ")
    }
}
