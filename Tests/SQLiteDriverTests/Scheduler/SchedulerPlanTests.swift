import GRDB
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import SQLiteDriver

/// What is asked about tables that grow is found by an index.
struct SchedulerPlanTests {
    @Test func `who got a job's newest runs is found by an index, and no history is sorted`() async throws {
        let plan = try await plan(of: SQLiteRunStore.receivers)
        #expect(plan.contains("SEARCH runs USING INDEX runs_of_job (job=?)"), "\(plan)")
        // Only what was found by then is sorted: once, by the hand-overs.
        #expect(plan.count { $0.contains("TEMP B-TREE FOR ORDER BY") } == 1, "\(plan)")
    }

    private static let moment = Moment(secondsSinceEpoch: 1)
    private static let old = RunSelection.Age.endedBefore(moment)
    private static let job = JobID(rawValue: 7)

    @Test func `what is due is found group by group, and nothing that is not`() async throws {
        let plan = try await plan(of: SQLiteRunStore.outbox)
        let way = "INDEX runs_outbox_of_group (app=? AND due_at>? AND due_at<?)"
        #expect(plan.contains { $0.contains(way) }, "\(plan)")
        #expect(plan.contains { $0.contains("SEARCH o USING INTEGER PRIMARY KEY (rowid=?)") }, "\(plan)")
        #expect(!plan.contains { $0.hasPrefix("SCAN o") || $0.hasPrefix("SCAN r") }, "\(plan)")
        let next = try await self.plan(of: SQLiteRunStore.nextDue)
        #expect(next.contains { $0.contains("INDEX runs_outbox_of_group (app=? AND due_at>?)") }, "\(next)")
    }

    @Test(arguments: [
        (SQLiteRunStore.changedQuarters, ["INDEX runs_open", "INDEX runs_ended (ended_at"]),
        (RunTally.countDay, ["INDEX runs_by_plan (planned_at>? AND planned_at<?)"]),
        (SQLiteRunStore.report(where: "day BETWEEN ? AND ?"), ["PRIMARY KEY (day>? AND day<?)"]),
        (
            SQLiteRunStore.report(where: "day BETWEEN ? AND ? AND job = ?"),
            ["INDEX run_days_of_job (job=? AND day>? AND day<?)"]
        ),
        (SQLiteRunStore.countFailing, ["PRIMARY KEY (day=?)", "INDEX runs_of_job (job=?)"]),
        (SQLiteRunStore.selectKeeps, ["INDEX jobs_keeping"]),
        (SQLiteJobStore.hasOpenRun, ["INDEX runs_open (job=?)"]),
        (SQLiteJobStore.selectStalled, ["INDEX jobs_stalled", "INDEX runs_open (job=?)"]),
        (ClearingQuery(RunSelection(.all(), old), limit: 9).oldest, ["INDEX runs_ended (ended_at"]),
        (ClearingQuery(RunSelection(.job(job), old), limit: 9).oldest, ["INDEX runs_of_job (job=?)"]),
        (ClearingQuery(RunSelection(.group("app"), old), limit: 9).oldest, ["INDEX runs_of_group (app=?)"]),
        (
            ClearingQuery(RunSelection(.all(), .through(RunID(rawValue: 9))), limit: 9).oldest,
            ["INTEGER PRIMARY KEY (rowid<?)"]
        ),
    ])
    func `what counts and removes runs goes by an index`(sql: String, ways: [String]) async throws {
        let plan = try await plan(of: sql)
        for way in ways { #expect(plan.contains { $0.contains(way) }, "\(plan)") }
        // Through a table from one end to the other; an index of few rows is none.
        let whole = plan.filter { $0 == "SCAN runs" || $0 == "SCAN run_days" }
        #expect(whole.isEmpty, "\(plan)")
    }

    /// How SQLite would run a statement, as it says.
    private func plan(of sql: String) async throws -> [String] {
        let folder = try TemporaryFolder()
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        return try await database.read("explain") { db in
            // Parameters stay unbound: the plan does not depend on them.
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] as String }
        }
    }

    @Test func `what executors that fetch their runs have is found by an index, in its order`() async throws {
        let untold = try await plan(of: SQLiteRunStore.untold)
        #expect(untold == ["SEARCH runs USING INDEX runs_pulled (address=?)"])
        let loads = try await plan(of: SQLiteRunStore.loads)
        #expect(loads.count == 1 && loads[0].contains("INDEX runs_pulled"), "\(loads)")
    }
}
