import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// What becomes of messages whose call had no answer: who asks for them, and which are sent again.
@Suite(.timeLimit(.minutes(5))) struct InquiryTests {
    private static var tencentOnly: BenchPlan {
        var plan = BenchPlan()
        plan.weights = (tencent: 1, aliyun: 0)
        return plan
    }

    /// Numbers whose calls are cut off before the supplier has taken anything.
    private static let lost = (130...134).map { "\($0)00130005" }

    @Test func `messages that nobody can say anything of do not keep the others from being asked for`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = Self.tencentOnly
            plan.receipts.queriesPerRound = 2
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            var lost: [MessageID] = []
            for number in Self.lost { lost += try await engine.send([number], template) }
            try await engine.settle()
            try await bench.town.setFaults(#"{"withheld_ratio":1,"receipt_loss_ratio":1}"#)
            let taken = try await engine.send(["13800130100"], template)
            try await engine.settle()
            #expect(try await engine.states(lost + taken).allSatisfy { $0 == .unknown })
            try await bench.advance(by: .seconds(61))
            for hasMore in [true, true, false] {
                let round = try await engine.takeReceipts()
                #expect(round.asked == 2)
                #expect(round.hasMore == hasMore)
            }
            #expect(try await engine.states(taken) == [.delivered])
            // And round it goes, after a pause.
            #expect(try await engine.takeReceipts().asked == 0)
            try await bench.advance(by: .seconds(61))
            #expect(try await engine.takeReceipts().asked == 2)
            #expect(try await engine.states(lost).allSatisfy { $0 == .unknown })
        }
    }

    @Test func `an account that asks for patience is asked on where it stopped, and nobody is left out`()
        async throws
    {
        var suppliers = PushBench.calm
        suppliers.limitsRates = true
        try await PushBench.use(suppliers: suppliers) { bench in
            let engine = try await bench.open(Self.tencentOnly)
            let template = try await engine.template()
            try await bench.town.setFaults(#"{"reset_ratio":1}"#)
            var messages: [MessageID] = []
            for number in 100..<125 { messages += try await engine.send(["13800130\(number)"], template) }
            try await engine.settle()
            #expect(try await engine.states(messages).allSatisfy { $0 == .unknown })
            try await bench.town.setFaults(#"{"reset_ratio":0}"#)
            try await bench.advance(by: .seconds(61))
            let first = try await engine.takeReceipts()
            // So many questions a second Tencent answers.
            #expect(first.asked == 20)
            #expect(first.hasMore)
            #expect(first.silent.isEmpty)
            try await bench.advance(by: .seconds(1))
            let second = try await engine.takeReceipts()
            #expect(second.asked == 5)
            #expect(!second.hasMore)
        }
    }

    @Test func `an account that does not answer is asked once a round`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.tencentOnly)
            let template = try await engine.template()
            for number in Self.lost { try await engine.send([number], template) }
            try await engine.settle()
            try await bench.advance(by: .seconds(61))
            try await bench.town.setFaults(#"{"outage":true}"#)
            let round = try await engine.takeReceipts()
            #expect(round.silent == ["tencent"])
            #expect(round.asked == 0)
            try await bench.town.setFaults(#"{"outage":false}"#)
            #expect(try await engine.takeReceipts().asked == 5)
        }
    }

    /// Why one number cannot be asked for, though the account can.
    private static let personal: [SupplierError] =
        [Refusal.Class.badRecipient, .badContent, .recipientLimit, .recipientLater]
        .map { .refused(Refusal($0, code: "no")) } + [.malformed("a row")]

    @Test(arguments: personal)
    func `a number that cannot be asked for stays in doubt with its call, and the others are asked for`(
        error: SupplierError
    ) async throws {
        try await PushBench.use { bench in
            var plan = Self.tencentOnly
            plan.adapter = { Picky(supplier: $0, number: "+86" + Self.lost[0], error: error) }
            let engine = try await bench.open(plan)
            let template = try await engine.template(guarantee: .atLeastOnce)
            let first = try await engine.send(Array(Self.lost[..<2]), template)
            let second = try await engine.send([Self.lost[2]], template)
            try await engine.settle()
            #expect(try await engine.states(first + second).allSatisfy { $0 == .unknown })
            try await bench.advance(by: .seconds(601))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 3)
            #expect(round.silent.isEmpty)
            #expect(round.sentAgain == 1)
            #expect(try await engine.states(first) == [.unknown, .unknown])
            #expect(try await engine.states(second) == [.queued])
        }
    }

    @Test(arguments: [
        SupplierError.unavailable("reset"), .refused(Refusal(.badConfig, code: "no")),
        .refused(Refusal(.transient, code: "no")),
    ])
    func `an account that cannot be asked is asked nothing more in the round`(
        error: SupplierError
    ) async throws {
        try await PushBench.use { bench in
            var plan = Self.tencentOnly
            plan.adapter = { Picky(supplier: $0, number: "+86" + Self.lost[0], error: error) }
            let engine = try await bench.open(plan)
            let template = try await engine.template(guarantee: .atLeastOnce)
            for number in Self.lost { try await engine.send([number], template) }
            try await engine.settle()
            try await bench.advance(by: .seconds(601))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 0)
            #expect(round.silent == ["tencent"])
        }
    }

    @Test(arguments: [(tencent: 1, aliyun: 0), (tencent: 0, aliyun: 1)])
    func `a call that never arrived is sent again where the template says so, and after a while`(
        weights: (tencent: Int, aliyun: Int)
    ) async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = weights
            let engine = try await bench.open(plan)
            let (eager, careful) = (DeliveryGuarantee.atLeastOnce, DeliveryGuarantee.atMostOnce)
            try await bench.town.setFaults(#"{"reset_ratio":1}"#)
            let messages = try await engine.send(
                ["13800130100", "13800130101"],
                engine.template("您好", guarantee: eager)
            )
            let left = try await engine.send(["13800130102"], engine.template("再见", guarantee: careful))
            try await engine.settle()
            #expect(try await engine.states(messages + left).allSatisfy { $0 == .unknown })
            try await bench.town.setFaults(#"{"reset_ratio":0}"#)
            try await bench.advance(by: .seconds(300))
            let early = try await engine.takeReceipts()
            #expect(early.asked == 3)
            #expect(early.sentAgain == 0)
            try await bench.advance(by: .seconds(301))
            #expect(try await engine.takeReceipts().sentAgain == 2)
            #expect(try await engine.states(messages) == [.queued, .queued])
            try await engine.settle()
            try await bench.advance(by: .seconds(2))
            try await engine.takeReceipts()
            #expect(try await engine.states(messages) == [.delivered, .delivered])
            #expect(try await engine.states(left) == [.unknown])
            #expect(try await bench.town.counts() == ["+8613800130100": 1, "+8613800130101": 1])
            try await engine.expectSoundStories(messages + left)
            #expect(
                try await engine.stages(messages[0]) == [
                    .accepted, .calling, .answered, .requeued, .calling, .answered, .receipt,
                ]
            )
        }
    }

    @Test func `nobody of a call that arrived is sent again, not even whom the supplier cannot tell of yet`()
        async throws
    {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.tencentOnly)
            let template = try await engine.template(guarantee: .atLeastOnce)
            // Taken, and the answer is lost; the receipt of the second takes long.
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await engine.send(["13800130100", "13800130008"], template)
            try await engine.settle()
            #expect(try await engine.states(messages) == [.unknown, .unknown])
            #expect(try await bench.town.stats().accepted == 2)
            for _ in 0..<5 {
                try await bench.advance(by: .seconds(601))
                #expect(try await engine.takeReceipts().sentAgain == 0)
            }
            #expect(try await engine.states(messages)[0] == .delivered)
            #expect(try await bench.town.stats().accepted == 2)
        }
    }

    @Test func `a receipt that was handed out and lost is asked for, hours later`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open(Self.tencentOnly)
            let messages = try await engine.send(["13800130100", "13800130001"], engine.template())
            try await engine.settle()
            // The supplier hands a page out once; whoever took this one died before it was kept.
            let account = try #require(await engine.store.accounts().first { $0.id == engine.tencent })
            let tools = SupplierTools(http: bench.http, clock: bench.clock.calendar)
            #expect(
                try await PushBench.suppliers.adapter(of: account, tools).pullReceipts().receipts.count == 2
            )
            try await bench.advance(by: .seconds(3_600))
            #expect(try await engine.takeReceipts().asked == 0)
            #expect(try await engine.states(messages) == [.accepted, .accepted])
            try await bench.advance(by: .seconds(6 * 3_600))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 2)
            #expect(round.cleared == 2)
            #expect(try await engine.states(messages) == [.delivered, .undelivered])
            try await engine.expectSoundStories(messages)
        }
    }
}

/// A supplier that does not say what became of one number.
private struct Picky: Supplier {
    let supplier: any Supplier
    let number: String
    let error: SupplierError

    var account: AccountID { supplier.account }
    var shapes: [CallShape] { supplier.shapes }
    var callLimits: [RateLimit] { supplier.callLimits }

    func send(_ call: SupplierCall) async -> SupplierReply { await supplier.send(call) }

    func pullReceipts() async throws(SupplierError) -> ReceiptPage { try await supplier.pullReceipts() }

    func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        try supplier.open(callback)
    }

    func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage { try supplier.readReceipts(raw) }

    func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer {
        if recipient == number { throw error }
        return try await supplier.query(recipient: recipient, requestKey: requestKey, sentAt: sentAt)
    }
}
