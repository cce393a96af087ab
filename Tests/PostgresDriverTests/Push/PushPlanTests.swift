import Conformance
import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import PostgresDriver

/// What is asked about tables that grow with messages is found by an index, by the server's own choice.
@Suite struct PushPlanTests {
    /// A statement about a table of some size, and the start of an index's name that its plan must hold.
    struct Question: CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        let values: [PostgresValue]
        let index: String

        init(_ what: String, _ sql: String, _ values: PostgresValue..., by index: String) {
            testDescription = what
            self.sql = sql
            self.values = values
            self.index = index
        }
    }

    private static let day = BatchDay(PushRig.noon)
    private static let now = PostgresValue.int(PushRig.noon.millisecondsSinceEpoch)
    private static let batch = BatchID(rawValue: day.lowest + 77)

    static let questions: [Question] = [
        Question(
            "a phone number's messages",
            PostgresPushStore.selectOfPhone,
            .int(8_613_800_001_000),
            .text(""),
            .int(Int64.max),
            by: "record_\(day.suffix)_key_origin"
        ),
        Question(
            "an address's messages",
            PostgresPushStore.selectOfAddress,
            .int(-5),
            .text("ann@example.org"),
            .int(Int64.max),
            by: "record_\(day.suffix)_key_origin"
        ),
        Question(
            "batches that wait",
            PostgresPushStore.selectUnfinished,
            .int(0),
            now,
            .int(500),
            by: "batch_\(day.suffix)_id_idx"
        ),
        Question(
            "batches of an occurrence",
            PostgresPushStore.selectOfRun(in: nil),
            .int(3),
            .int(Int64.max),
            .int(32),
            by: "batch_\(day.suffix)_run_id_idx"
        ),
        Question(
            "batches of a template",
            PostgresPushStore.selectOfTemplate(in: nil),
            .int(3),
            .int(Int64.max),
            .int(32),
            by: "batch_\(day.suffix)_template_id_idx"
        ),
        Question(
            "what waits of an occurrence",
            PostgresPushStore.selectWaitingBatches,
            .int(3),
            .int(500),
            by: "batch_\(day.suffix)"
        ),
        Question(
            "calls to be asked about",
            PostgresPushStore.selectUnknownBatches,
            .int(0),
            now,
            .int(16),
            .int(1),
            by: "batch_\(day.suffix)_id_idx"
        ),
        Question(
            "what has waited too long",
            PostgresPushStore.selectAwaiting,
            .int(0),
            .int(500),
            by: "batch_\(day.suffix)_accepted_at_idx"
        ),
        Question(
            "a batch's calls",
            CallSheet.select,
            .int(batch.rawValue),
            by: "call_\(day.suffix)_batch_idx"
        ),
        Question(
            "an account's calls of a day",
            PostgresPushStore.selectCallsOfDay,
            .int(7),
            now,
            .int(0),
            .int(PushRig.noon.millisecondsSinceEpoch + 60_000),
            .int(32),
            .int(day.numbers.upperBound),
            by: "call_\(day.suffix)_expr_called_at_id_idx"
        ),
        Question(
            "what is due in the morning",
            PostgresPushStore.selectDue,
            now,
            .int(10),
            by: "shelf_\(day.suffix)"
        ),
        Question("an occurrence's counts", PostgresPushStore.selectTalliesOfRun, .int(3), by: "tally_of_run"),
        Question("a day's counts", PostgresPushStore.selectTalliesOfDay, .int(20_260_401), by: "tally_pkey"),
        Question(
            "rejected rows",
            PostgresPushStore.selectRejects,
            .int(3),
            .int(0),
            .int(50),
            by: "reject_pkey"
        ),
    ]

    /// A database with 100,000 recipients in 20,000 batches, made once.
    private static let room = Task { try await filledRoom() }

    @Test func `receipts find their calls by number in a table that the server knows nothing of yet`()
        async throws
    {
        let numbers = Self.day.numbers
        let plan = try await Self.plan(
            of: PostgresPushStore.selectCalls,
            [
                .ints((1...50).map { numbers.lowerBound + $0 * 7 }), .int(numbers.lowerBound),
                .int(numbers.upperBound), .int(1),
            ],
            in: Self.filledRoom(isKnown: false)
        )
        #expect(plan.contains(/_pkey.*\n *Index Cond: \(\(id = ANY/), "\(plan)")
        #expect(!plan.contains("batch_idx"), "\(plan)")
    }

    @Test(arguments: questions)
    func `an index finds`(question: Question) async throws {
        let plan = try await Self.plan(of: question.sql, question.values, in: Self.room.value)
        #expect(plan.contains(question.index), "\(plan)")
        #expect(!plan.contains(/Seq Scan on (batch|record|call|shelf|tally|reject)/), "\(plan)")
    }

    private static func plan(
        of sql: String,
        _ values: [PostgresValue],
        in room: PostgresPool
    ) async throws -> String {
        try await room.read("explain") { link in
            try link.run("EXPLAIN " + sql, values).map { $0.text(0) }.joined(separator: "\n")
        }
    }

    /// Makes one; `isKnown` says whether the server has looked at the tables since they were filled.
    private static func filledRoom(isKnown: Bool = true) async throws -> PostgresPool {
        let pool = PostgresPool(try PostgresSettings(address: try await TestPostgres.database()))
        let store = try await PostgresPushStore(
            pool,
            clock: ManualClock(PushRig.noon).calendar,
            calendar: BusinessCalendar(zone: .gmt),
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength))
        )
        try await store.days.prepare(day)
        let lowest = day.lowest
        try await pool.write("fill") { link in
            _ = try link.runScript(
                """
                INSERT INTO batch SELECT \(lowest) + n, n % 1000 + 1, n % 1000 + 1, 1, 30, 20, 20260401, 1775016000000 + n,
                    '\\x00', '\\x00', (n % 1000 = 0)::int, 0, 0, (n % 1000 = 1)::int, 0
                    FROM generate_series(1, 20000) n;
                INSERT INTO record SELECT 8613800000000 + n, n % 1000 + 1, (\(lowest) + n % 20000) << 12, n, ''
                    FROM generate_series(1, 100000) n;
                INSERT INTO call SELECT \(lowest) + n, \(lowest) + n, 1, '\\x00', 1775016000000, 1775016000001, '\\x00'
                    FROM generate_series(1, 20000) n;
                INSERT INTO shelf (batch, until, count, members)
                    SELECT \(lowest) + n, 1775016000000 + n, 1, '\\x00' FROM generate_series(1, 5000) n;
                INSERT INTO tally SELECT 20260400 + n % 30, n % 50, n % 300, n % 3, 60, n % 64, 1, 1
                    FROM generate_series(1, 20000) n ON CONFLICT DO NOTHING;
                INSERT INTO reject SELECT n % 50, n, n, 'phone', 'X', 'x' FROM generate_series(1, 20000) n;
                \(isKnown ? "ANALYZE" : "");
                """
            )
        }
        return pool
    }
}
