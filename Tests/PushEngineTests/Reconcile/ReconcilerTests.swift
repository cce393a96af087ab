import Groundwork
import Logging
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Days compared with what simulated suppliers say of them, who keep books of their own.
@Suite(.timeLimit(.minutes(5))) struct ReconcilerTests {
    private static let day = CalendarDay(number: 20_260_302)

    private func plan(tencent: Int = 1, aliyun: Int = 0) -> BenchPlan {
        var plan = BenchPlan()
        plan.weights = (tencent: tencent, aliyun: aliyun)
        plan.receipts.queryAfter = .seconds(1_000 * 3_600)
        return plan
    }

    private func reconciler(_ engine: BenchEngine, logger: Logger = PushBench.quiet) -> Reconciler {
        let bench = engine.bench
        let tools = SupplierTools(http: bench.http, clock: bench.clock.calendar)
        return Reconciler(
            store: engine.store,
            directory: SupplierDirectory(
                accounts: engine.store,
                clock: bench.clock.calendar,
                logger: PushBench.quiet
            ) { PushBench.suppliers.adapter(of: $0, tools) },
            calendar: BusinessCalendar(zone: PushBench.zone),
            settings: ReconcileSettings(),
            clock: bench.clock.calendar,
            logger: logger
        )
    }

    private func compare(_ engine: BenchEngine) async throws -> [AccountID: Reconciliation] {
        let round = try await reconciler(engine).round { _, _ in }
        #expect(round.silent.isEmpty)
        return Dictionary(round.results.map { ($0.account, $0) }) { first, _ in first }
    }

    private func rows(_ engine: BenchEngine, _ account: AccountID) async throws -> [ReconciliationRow] {
        let day = try #require(Self.day)
        return try await engine.store.reconciliationRows(of: account, day: day, after: 0, limit: 100)
    }

    /// Somebody sends with the account past our books.
    private func sendBeside(_ engine: BenchEngine, _ id: AccountID, to numbers: [String]) async throws {
        let account = try #require(await engine.store.accounts().first { $0.id == id })
        let tools = SupplierTools(http: engine.bench.http, clock: engine.bench.clock.calendar)
        let reply = await PushBench.suppliers.adapter(of: account, tools)
            .send(
                SupplierCall(
                    requestKey: "theirs",
                    recipients: numbers,
                    contents: ["您好"],
                    contentIndex: numbers.map { _ in 0 }
                )
            )
        #expect(reply.verdicts.count == numbers.count)
    }

    @Test func `a day that both count alike agrees, and is kept once however often it is compared`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(plan(tencent: 50, aliyun: 50))
            let messages = try await engine.sendMany(40, engine.template())
            try await engine.settle()
            try await engine.takeReceipts()
            try await eventually("all receipts are here") {
                try await engine.states(messages).allSatisfy { $0 == .delivered }
            }
            try await bench.advance(by: .seconds(86_400))
            let first = try await compare(engine)
            #expect(first.values.reduce(0) { $0 + $1.ours.accepted } == 40)
            for result in first.values {
                #expect(result.day == Self.day)
                #expect(result.verdict == .agrees, "\(result.differences)")
                #expect(result.theirs.source == .statistics)
                #expect(result.theirs.accepted == result.ours.accepted)
                #expect(result.ours.delivered == result.ours.accepted)
                #expect(result.rows == 0)
            }
            let tencent = try #require(first[engine.tencent])
            #expect(tencent.ours.segments > 0 && tencent.theirs.segments == tencent.ours.segments)
            #expect(first[engine.aliyun]?.theirs.delivered == first[engine.aliyun]?.ours.delivered)
            let second = try await compare(engine)
            #expect(second == first)
            #expect(
                try await engine.store.reconciliations(day: nil, after: nil, limit: 9).count == first.count
            )
        }
    }

    /// Suppliers whose receipts are all lost.
    private static var mute: SimulatorSettings {
        var settings = PushBench.calm
        settings.faults.receiptLossRatio = 1
        return settings
    }

    @Test func `what somebody sent past our books is a difference, told in the log, and its receipt a row`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(plan())
            let known = try await engine.send(["13800130100", "13800130101"], engine.template())
            try await engine.settle()
            try await sendBeside(engine, engine.tencent, to: ["+8613800130777"])
            try await bench.advance(by: .seconds(60))
            _ = try await engine.takeReceipts()
            #expect(try await engine.states(known) == [.delivered, .delivered])
            try await bench.advance(by: .seconds(86_400))
            let recorder = LogRecorder()
            let logger = Logger(label: "test") { _ in recorder }
            let round = try await reconciler(engine, logger: logger).round { _, _ in }
            let result = try #require(round.results.first)
            #expect(round.results.count == 1)
            #expect(result.verdict == .differs)
            #expect(result.differences.contains(DayDifference(.accepted, ours: 2, theirs: 3)))
            #expect(result.differences.contains(DayDifference(.strays, ours: 0, theirs: 1)))
            let rows = try await rows(engine, engine.tencent)
            #expect(rows.map(\.kind) == [.stray])
            #expect(rows.map(\.recipient) == ["+8613800130777"])
            #expect(result.rows == 1)
            let warnings = recorder.lines.filter { $0.hasPrefix("a day's figures are not the supplier's") }
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains("accepted 2/3") == true)
            #expect(warnings.first?.contains("day=20260302") == true)
        }
    }

    @Test func `what was never confirmed is a row each, on the morning after and when its receipts are over`()
        async throws
    {
        try await PushBench.use(suppliers: Self.mute) { bench in
            var plan = plan()
            plan.receipts.confirmAfter = .seconds(100 * 3_600)
            let engine = try await bench.open(plan)
            let known = try await engine.send(["13800130100", "13800130101"], engine.template())
            // Its supplier takes it and withholds its answer.
            let lost = try await engine.send(["13800130004"], engine.template())
            try await engine.settle()
            #expect(try await engine.states(lost) == [.unknown])
            try await bench.advance(by: .seconds(86_400))
            let first = try #require(try await compare(engine)[engine.tencent])
            #expect(first.differences.contains(DayDifference(.accepted, ours: 2, theirs: 3)))
            #expect([first.ours.awaiting, first.ours.unknown] == [2, 1])
            #expect(try await rows(engine, engine.tencent).compactMap(\.message) == lost)
            try await bench.advance(by: .seconds(72 * 3_600))
            _ = try await engine.takeReceipts()
            // Its receipt was there to be taken all the time; those of the others never came.
            #expect(try await engine.states(known + lost) == [.unconfirmed, .unconfirmed, .delivered])
            let second = try #require(try await compare(engine)[engine.tencent])
            #expect(second.day == Self.day)
            #expect([second.ours.accepted, second.theirs.accepted] == [3, 3])
            #expect([second.ours.awaiting, second.ours.unconfirmed, second.ours.unknown] == [0, 2, 0])
            let rows = try await rows(engine, engine.tencent)
            #expect(Set(rows.compactMap(\.message)) == Set(known))
            #expect(second.rows == 2)
        }
    }

    @Test(arguments: [(1, Reconciliation.Verdict.agrees), (3, .differs)])
    func `a share of two in a hundred may be apart, and no more`(
        beside: Int,
        verdict: Reconciliation.Verdict
    ) async throws {
        try await PushBench.use(suppliers: Self.mute) { bench in
            let engine = try await bench.open(plan())
            _ = try await engine.sendMany(99, engine.template())
            try await engine.settle()
            let others = (0..<beside).map { "+86138001307\(70 + $0)" }
            try await sendBeside(engine, engine.tencent, to: others)
            try await bench.advance(by: .seconds(86_400))
            let result = try #require(try await compare(engine)[engine.tencent])
            #expect(result.differences.contains(DayDifference(.accepted, ours: 99, theirs: 99 + beside)))
            #expect(result.verdict == verdict)
        }
    }

    @Test func `a supplier that does not answer keeps nobody else from being compared, and is asked again`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(plan(tencent: 50, aliyun: 50))
            _ = try await engine.sendMany(20, engine.template())
            try await engine.settle()
            try await bench.advance(by: .seconds(86_400))
            try await bench.town.setFaults(#"{"supplier":"tencent","outage":true}"#)
            let round = try await reconciler(engine).round { _, _ in }
            #expect(round.silent.count == 1)
            #expect(round.results.map(\.account) == [engine.aliyun])
            try await bench.town.setFaults(#"{"outage":false}"#)
            #expect(try await compare(engine).count == 2)
        }
    }
}
