import Groundwork
import Logging
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Rounds of the receipt job: what is pulled, what was left over, what is asked for, what is given up.
@Suite(.timeLimit(.minutes(5))) struct ReceiptDeskTests {
    private static var tencentOnly: BenchPlan {
        var plan = BenchPlan()
        plan.weights = (tencent: 1, aliyun: 0)
        return plan
    }

    @Test func `a page that was kept before a crash is applied after it, once`() async throws {
        try await PushBench.use { bench in
            let before = try await bench.open(Self.tencentOnly)
            let messages = try await before.send(["13800130100", "13800130101"], before.template())
            try await before.settle()
            // The supplier forgets what it hands out: only the page is left.
            let account = try #require(await before.store.accounts().first { $0.id == before.tencent })
            let tools = SupplierTools(http: bench.http, clock: bench.clock.calendar)
            let page = try await PushBench.suppliers.adapter(of: account, tools).pullReceipts()
            #expect(page.receipts.count == 2)
            _ = try await before.store.keepPage(page.raw, of: before.tencent, at: bench.now)

            let after = try await bench.open(Self.tencentOnly)
            #expect(try await after.takeReceipts().counted == ReceiptCount(applied: 2))
            #expect(try await after.states(messages) == [.delivered, .delivered])
            #expect(try await after.takeReceipts().counted == ReceiptCount())
        }
    }

    @Test func `a page that cannot be read is kept, does not come up again, and is told of with its account`()
        async throws
    {
        try await PushBench.use { bench in
            let log = LogRecorder()
            var plan = BenchPlan()
            plan.logger = Logger(label: "test") { _ in log }
            let engine = try await bench.open(plan)
            await #expect(throws: SupplierError.self) {
                try await engine.desk.receive(
                    SupplierCallback(body: Array("<html>".utf8)),
                    for: engine.aliyun
                )
            }
            #expect(try await engine.store.pendingPages(limit: 10).map(\.raw) == [Array("<html>".utf8)])
            try await engine.takeReceipts()
            #expect(try await engine.store.pendingPages(limit: 10).isEmpty)
            let line = try #require(log.lines.first { $0.contains("stored receipts cannot be read") })
            #expect(line.contains("aliyun"))
        }
    }

    @Test func `any number of pages is left behind by nobody, those of an unknown account neither`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.tencentOnly)
            for number in 0..<120 {
                let account = number % 2 == 0 ? engine.tencent : AccountID(rawValue: 99)
                _ = try await engine.store.keepPage(Array("[]".utf8), of: account, at: bench.now)
            }
            try await engine.takeReceipts()
            #expect(try await engine.store.pendingPages(limit: 10).isEmpty)
        }
    }

    @Test(arguments: [(tencent: 1, aliyun: 0), (tencent: 0, aliyun: 1)])
    func `two texts to one number each get their receipt`(weights: (tencent: Int, aliyun: Int)) async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = weights
            let engine = try await bench.open(plan)
            let params = ["早上", "晚上"]
                .map { MessageParam(bizID: nil, receivers: ["13800130100"], variables: ["when": $0]) }
            let template = try await engine.template("{$when}好")
            let receipt = try await engine.chain.accept(SendRequest(template: template, params: params))
            let messages = try receipt.verdicts.map { try $0.result.get() }
            #expect(messages[0].batch == messages[1].batch)
            try await engine.settle()
            try await engine.takeReceipts()
            try await eventually("both receipts are applied") {
                try await engine.states(messages) == [.delivered, .delivered]
            }
            #expect(try await bench.town.counts() == ["+8613800130100": 2])
        }
    }

    @Test func `what no receipt came for is given up after the patience, and tells which it was`()
        async throws
    {
        var suppliers = PushBench.calm
        suppliers.faults.receiptLossRatio = 1
        try await PushBench.use(suppliers: suppliers) { bench in
            var plan = Self.tencentOnly
            plan.receipts.confirmAfter = .seconds(100 * 3_600)
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100", "13800130101"], engine.template())
            let lost = try await engine.send(["13800130005"], engine.template())
            try await engine.settle()
            try await bench.advance(by: .seconds(72 * 3_600))
            #expect(try await engine.takeReceipts().expired == 0)
            try await bench.advance(by: .milliseconds(1))
            #expect(try await engine.takeReceipts().expired == 3)
            #expect(try await engine.states(messages + lost) == [.unconfirmed, .unconfirmed, .unresolved])
            try await engine.expectSoundStories(messages + lost)
        }
    }
}
