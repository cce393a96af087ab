import Conformance
import GRDB
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import SQLiteDriver

/// No look-up reads a whole table, however many messages there are.
final class QueryPlanTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// A statement, and the index it is to go by.
    struct Look: CustomTestStringConvertible {
        let sql: String
        let index: String

        var testDescription: String { sql }
    }

    static let books = [
        Look(sql: Database.selectMessages, index: "PRIMARY KEY (key=? AND origin>? AND origin<?)"),
        Look(sql: Database.selectByBizID, index: "biz_by_name (biz_id=?)"),
        Look(sql: Database.selectDue, index: "shelf_by_time (until<?)"),
        Look(sql: MemberCall.selectOfBatch, index: "intent_of_batch (batch=?)"),
        Look(sql: SQLitePushStore.selectAcceptance, index: "INTEGER PRIMARY KEY (rowid=?)"),
        Look(sql: SQLitePushStore.selectUnfinished, index: "batch_queued (id>?)"),
        Look(sql: SQLitePushStore.selectUnknownBatches, index: "batch_unknown (id>?)"),
        Look(sql: SQLitePushStore.selectAcceptedBatches, index: "batch_accepted (id>?)"),
        Look(sql: SQLitePushStore.selectAwaitingBatches, index: "batch_awaiting (accepted_at<?)"),
        Look(sql: SQLitePushStore.selectWaitingBatches, index: "batch_of_run (run=?)"),
        Look(sql: SQLitePushStore.selectOfTemplate, index: "batch_of_template (template=? AND id<?)"),
        Look(sql: SQLitePushStore.selectOfRun, index: "batch_of_run (run=? AND id<?)"),
        Look(sql: SQLitePushStore.selectTalliesOfRun, index: "tally_of_run (run=?)"),
        Look(sql: SQLitePushStore.selectTalliesOfDay, index: "PRIMARY KEY (day=?)"),
        Look(sql: SQLitePushStore.selectRecount, index: "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        Look(sql: SQLitePushStore.selectHeld, index: "shelf_by_time"),
        Look(
            sql: SQLitePushStore.selectCallsOfDay,
            index: "intent_of_account (account=? AND called_at>? AND called_at<?)"
        ),
        Look(
            sql: SQLitePushStore.selectStraysOfDay,
            index: "stray_of_account (account=? AND at>? AND at<?)"
        ),
        Look(sql: SQLitePushStore.selectResults, index: "PRIMARY KEY ((day,account)<(?,?))"),
        Look(sql: SQLitePushStore.selectRows, index: "PRIMARY KEY (day=? AND account=? AND number>?)"),
        Look(sql: SQLitePushStore.selectLink, index: "PRIMARY KEY (code=?)"),
        Look(sql: SQLitePushStore.selectLinks, index: "link_of_business (business_id=? AND code>?)"),
        Look(sql: SQLitePushStore.selectUnusedLinks, index: "link_of_age (made_at<?)"),
        Look(sql: SQLitePushStore.selectClicks, index: "PRIMARY KEY (code=?)"),
        Look(sql: SQLitePushStore.selectPending, index: "receipt_page_pending"),
        Look(sql: SQLitePushStore.selectRejects, index: "PRIMARY KEY (run=? AND row>?)"),
        Look(sql: SQLitePushStore.selectVersions, index: "PRIMARY KEY (template=?)"),
        Look(sql: SQLitePushStore.selectPaused, index: "campaign_run_paused"),
        Look(sql: SQLitePushStore.selectHalfCancelled, index: "batch_queued"),
        Look(sql: Database.selectCandidates, index: "INTEGER PRIMARY KEY (rowid>?)"),
        Look(sql: SQLitePushStore.selectRunsOfCampaign, index: "(campaign=? AND planned_at<?)"),
    ]

    static let queue = [
        Look(
            sql: SQLiteSendQueue.selectReady,
            index: "message_ready (channel=? AND message_type=?)"
        ),
        Look(
            sql: SQLiteSendQueue.wakeDue,
            index: "message_later (channel=? AND message_type=? AND due_at<?)"
        ),
        Look(
            sql: SQLiteSendQueue.selectNextDue,
            index: "message_later (channel=? AND message_type=?)"
        ),
        Look(sql: SQLiteSendQueue.selectLoad, index: "message_ready (channel=? AND message_type=?)"),
        Look(sql: SQLiteSendQueue.selectLoad, index: "message_later (channel=? AND message_type=?)"),
        Look(sql: SQLiteSendQueue.selectDead, index: "message_dead"),
    ]

    @Test(arguments: books)
    func `the books are looked up by an index`(look: Look) async throws {
        let store = try SQLitePushStore.open(folder.path, ManualClock(PushRig.noon))
        try await expect(look, in: store.database)
    }

    @Test(arguments: queue)
    func `the queue is looked up by an index`(look: Look) async throws {
        let database = try SQLiteDatabase(
            path: folder.file("queue.db"),
            settings: SQLiteSettings(),
            migrator: QueueMigrations.migrator
        )
        try await expect(look, in: database)
    }

    private func expect(_ look: Look, in database: SQLiteDatabase) async throws {
        let plan = try await database.read("explain") { db in
            // Parameters stay unbound: the plan does not depend on them.
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + look.sql)
            statement.setUncheckedArguments(StatementArguments())
            return try Row.fetchAll(statement).map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.contains(look.index) }, "\(plan)")
        let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.contains("USING") && $0 != "SCAN CONSTANT ROW" }
        #expect(scans.isEmpty)
        #expect(!plan.contains { $0.contains("TEMP B-TREE FOR ORDER BY") }, "\(plan)")
    }
}
