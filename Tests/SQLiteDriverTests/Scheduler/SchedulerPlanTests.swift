import GRDB
import Groundwork
import TestKit
import Testing

@testable import SQLiteDriver

/// What is asked about tables that grow is found by an index.
struct SchedulerPlanTests {
    @Test func `who got a job's newest runs is found by an index, and no history is sorted`() async throws {
        let folder = try TemporaryFolder()
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        let plan = try await database.read("explain") { db in
            // Parameters stay unbound: the plan does not depend on them.
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + SQLiteRunStore.receivers)
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] as String }
        }
        #expect(plan.contains("SEARCH runs USING INDEX runs_of_job (job=?)"), "\(plan)")
        // Only what was found by then is sorted: once, by the hand-overs.
        #expect(plan.count { $0.contains("TEMP B-TREE FOR ORDER BY") } == 1, "\(plan)")
    }
}
