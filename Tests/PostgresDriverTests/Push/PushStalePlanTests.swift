import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// What is asked while much is sent reads no more than it must, whatever the server knew of the tables before.
@Suite struct PushStalePlanTests {
    /// A statement, and how many rows it may look at.
    struct Question: CustomTestStringConvertible {
        let testDescription: String
        let settings: PostgresStatement?
        let statement: PostgresStatement
        let bound: Int

        init(
            _ what: String,
            reads bound: Int,
            under settings: PostgresStatement? = nil,
            _ sql: String,
            _ values: PostgresValue...
        ) {
            testDescription = what
            self.settings = settings
            statement = PostgresStatement(sql, values)
            self.bound = bound
        }
    }

    /// When the server looked at the tables last.
    enum Knowledge: CaseIterable {
        /// It never did.
        case nothing
        /// Before anything waited of the 20,000 batches there were.
        case quietTime
    }

    private static let day = BatchDay(PushRig.noon)
    private static let now = PostgresValue.int(PushRig.noon.millisecondsSinceEpoch + 100_000_000)
    /// Half of the batches have finished; these wait.
    private static let waiting = (10_001...10_050).map { day.lowest + Int64($0) }
    private static let batch = PostgresValue.int(waiting[0])

    static let questions: [Question] = [
        Question("a batch's newest call", reads: 10, PostgresPushStore.newestCall, .int(day.lowest + 77)),
        Question("a batch's open calls", reads: 10, BatchChange.selectCalls, batch, .ints([])),
        Question("a batch's calls", reads: 10, CallSheet.select, batch),
        Question(
            "calls that end",
            reads: 20,
            BatchChange.answerCalls,
            batch,
            now,
            .ints([waiting[0], waiting[0] + 20_000]),
            .byteStrings([[0], [0]])
        ),
        Question(
            "calls by their numbers",
            reads: 200,
            PostgresPushStore.selectCalls,
            .ints(waiting),
            .int(day.numbers.lowerBound),
            .int(day.numbers.upperBound),
            .int(1)
        ),
        Question("what has waited too long", reads: 5_000, PostgresPushStore.selectAwaiting, now, .int(500)),
        Question(
            "calls in doubt",
            reads: 200,
            PostgresPushStore.selectUnknownBatches,
            .int(0),
            now,
            .int(16),
            .int(9)
        ),
        Question(
            "calls to be asked about",
            reads: 200,
            PostgresPushStore.selectAcceptedBatches,
            .int(0),
            now,
            .int(16),
            .int(9)
        ),
        Question(
            "batches that wait",
            reads: 2_000,
            under: .inIndexOrder,
            PostgresPushStore.selectUnfinished,
            .int(0),
            now,
            .int(500)
        ),
        Question(
            "what waits of an occurrence",
            reads: 1_000,
            PostgresPushStore.selectWaitingBatches,
            .int(3),
            .int(500)
        ),
        Question(
            "batches by their numbers",
            reads: 500,
            BatchSheet.selectLocked,
            .ints(waiting),
            .int(waiting.first),
            .int(waiting.last)
        ),
        Question("what is due in the morning", reads: 200, PostgresPushStore.selectDue, now, .int(10)),
        Question(
            "what is due, once more",
            reads: 50,
            PostgresPushStore.selectAgain,
            .ints(Array(waiting.prefix(10))),
            .ints((1...10).map { $0 })
        ),
        Question(
            "what was due",
            reads: 50,
            PostgresPushStore.delete,
            .ints(Array(waiting.prefix(10))),
            .ints((1...10).map { $0 })
        ),
        Question("what is held", reads: 1_000, PostgresPushStore.selectHeld, .int(0), .int(0), .int(50)),
        Question("half cancelled occurrences", reads: 120_000, PostgresPushStore.selectHalfCancelled),
        Question("what follows a campaign", reads: 120_000, PostgresPushStore.selectFollowers, .int(3)),
        Question("pending receipts", reads: 100, PostgresPushStore.selectPending, .int(10)),
    ]

    private static let rooms = Task {
        var rooms: [Knowledge: PostgresPool] = [:]
        for knowledge in Knowledge.allCases { rooms[knowledge] = try await room(knowledge) }
        return rooms
    }

    @Test(arguments: questions, Knowledge.allCases)
    func `little is read`(question: Question, knowledge: Knowledge) async throws {
        let room = try #require(try await Self.rooms.value[knowledge])
        let explain = PostgresStatement(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) " + question.statement.sql,
            question.statement.values
        )
        let begin = PostgresStatement("BEGIN")
        let plan = try await room.single("explain") { link in
            let brought = try link.runAll([begin, question.settings, explain].compactMap { $0 })
            try link.run("ROLLBACK")
            return brought.last?.map { $0.text(0) } ?? []
        }
        let text = Comment(rawValue: plan.joined(separator: "\n"))
        #expect(try Self.rowsRead(plan) <= question.bound, text)
        #expect(try Self.pagesRead(plan) <= 4 * question.bound, text)
    }

    /// How many rows all steps of a plan looked at.
    private static func rowsRead(_ plan: [String]) throws -> Int {
        var sum = 0
        var loops = 1
        for line in plan {
            if let step = line.firstMatch(of: /actual rows=([0-9]+) loops=([0-9]+)/) {
                loops = try #require(Int(step.2))
                sum += try #require(Int(step.1)) * loops
            } else if let removed = line.firstMatch(of: /Rows Removed by .*: ([0-9]+)/) {
                sum += try #require(Int(removed.1)) * loops
            }
        }
        return sum
    }

    /// How many pages were looked at, of tables and indexes: the first step tells them for all.
    private static func pagesRead(_ plan: [String]) throws -> Int {
        let buffers = plan.lazy
            .compactMap { $0.firstMatch(of: /Buffers: shared hit=([0-9]+)(?: read=([0-9]+))?/) }.first
        guard let buffers else { return 0 }
        return try #require(Int(buffers.1)) + (buffers.2.flatMap { Int($0) } ?? 0)
    }

    private static func room(_ knowledge: Knowledge) async throws -> PostgresPool {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let store = try await PostgresPushStore(
            pool,
            clock: ManualClock(PushRig.noon).calendar,
            calendar: BusinessCalendar(zone: .gmt),
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength))
        )
        try await store.days.prepare(day)
        try await pool.write("fill") { link in
            // The server looks at tables by itself now and then.
            let tables =
                ["campaign_run", "receipt_page"] + ["batch", "call", "shelf"].map { "\($0)_\(day.suffix)" }
            for table in tables { try link.runScript("ALTER TABLE \(table) SET (autovacuum_enabled = off)") }
            try link.runScript(quietTime)
            if knowledge == .quietTime { try link.runScript("ANALYZE") }
            try link.runScript(busyTime)
        }
        return pool
    }

    private static let quietTime = """
        INSERT INTO batch SELECT \(day.lowest) + n, n % 200 + 1, n % 1000 + 1, 1, 30, 20, 20260401, 1775016000000 + n,
            '\\x00', '\\x00', 0, 0, 0, 0, 0 FROM generate_series(1, 20000) n;
        INSERT INTO call SELECT \(day.lowest) + n, \(day.lowest) + n, 1, '\\x00', 1775016000000, 1775016000001, '\\x00'
            FROM generate_series(1, 20000) n;
        INSERT INTO campaign_run (campaign, planned_at, template_version, state, started_at, partition)
            SELECT n % 10, n, 1, CASE WHEN n % 2 = 0 THEN 'finished' ELSE 'cancelled' END, 1775016000000, 1
            FROM generate_series(1, 2000) n;
        INSERT INTO receipt_page (account, at, raw) SELECT 1, n, '\\x00' FROM generate_series(1, 20000) n;
        """

    private static let busyTime = """
        UPDATE batch SET queued = 1, held = 1, accepted = 1, unknown = 1 WHERE id > \(day.lowest) + 10000;
        INSERT INTO call SELECT \(day.lowest) + n + 20000, \(day.lowest) + n, 9, '\\x00', 1775016000000, 1775016000001,
            '\\x00' FROM generate_series(10001, 20000) n;
        INSERT INTO shelf (batch, until, count, members)
            SELECT \(day.lowest) + n, 1775016000000 + n, 1, '\\x00' FROM generate_series(10001, 20000) n;
        UPDATE receipt_page SET is_done = true WHERE id < 19990;
        """
}
