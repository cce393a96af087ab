import Groundwork
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Every way in which a call can end, and what delivery makes of it: what is certainly refused may go to the other
/// supplier, what may have arrived is asked for and never sent again.
@Suite struct ScriptedRecipientTests {
    /// The supplier that is asked first; the other takes over where it may.
    enum First: String, CaseIterable, Sendable {
        case tencent
        case aliyun

        var weights: (tencent: Int, aliyun: Int) {
            self == .tencent ? (1_000_000_000, 1) : (1, 1_000_000_000)
        }
    }

    /// What one number comes to.
    struct Fate: Sendable {
        let digits: String
        /// After the calls, before any receipt.
        let called: DeliveryState
        /// When all has been said.
        let final: DeliveryState
        /// How often a supplier took it.
        let taken: Int
        /// Its way, from acceptance to the end.
        let stages: [TraceEvent.Stage]
    }

    private static let called: [TraceEvent.Stage] = [.accepted, .calling, .answered]

    static let fates = [
        Fate(digits: "0000", called: .accepted, final: .delivered, taken: 1, stages: called + [.receipt]),
        Fate(digits: "0001", called: .accepted, final: .undelivered, taken: 1, stages: called + [.receipt]),
        Fate(digits: "0002", called: .failed, final: .failed, taken: 0, stages: called),
        Fate(digits: "0003", called: .failed, final: .failed, taken: 0, stages: called),
        Fate(digits: "0004", called: .unknown, final: .delivered, taken: 1, stages: called + [.receipt]),
        Fate(digits: "0005", called: .unknown, final: .unresolved, taken: 0, stages: called + [.expired]),
        // Refused by both, then put off, then taken.
        Fate(
            digits: "0006",
            called: .accepted,
            final: .delivered,
            taken: 1,
            stages: called + [.calling, .answered, .decided, .calling, .answered, .receipt]
        ),
        Fate(digits: "0007", called: .unknown, final: .delivered, taken: 1, stages: called + [.receipt]),
        Fate(digits: "0008", called: .accepted, final: .delivered, taken: 1, stages: called + [.receipt]),
        Fate(digits: "0009", called: .accepted, final: .delivered, taken: 1, stages: called + [.receipt]),
    ]

    @Test(arguments: fates, First.allCases)
    func `a scripted number ends as its script says, and is taken at most once`(
        fate: Fate,
        first: First
    ) async throws {
        // Aliyun's receipts are asked for here, so that none comes before its call's answer.
        var suppliers = PushBench.calm
        suppliers.callbacks[.aliyun] = nil
        try await PushBench.use(suppliers: suppliers) { bench in
            var plan = BenchPlan()
            plan.weights = first.weights
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            let messages = try await engine.send(["1380013\(fate.digits)"], template)
            try await engine.working {
                try await eventually("it was called") {
                    try await bench.town.wake()
                    try await engine.passTime(.seconds(1))
                    return try await engine.states(messages) == [fate.called]
                }
            }
            if first == .aliyun, fate.called == .accepted {
                // Nobody posts Aliyun's receipts here.
                #expect(try await engine.takeReceipts().counted == ReceiptCount())
                #expect(try await engine.states(messages) == [.accepted])
            } else {
                for wait in [61, 73 * 3_600] {
                    try await engine.takeReceipts()
                    try await bench.advance(by: .seconds(wait))
                }
                try await engine.takeReceipts()
                #expect(try await engine.states(messages) == [fate.final])
                #expect(try await engine.stages(#require(messages.first)) == fate.stages)
            }
            try await engine.expectSoundStories(messages)
            let taken = try await bench.town.ledger()
            let expected = SupplierTown.Taken(recipient: "+861380013\(fate.digits)", supplier: first.rawValue)
            #expect(taken == Array(repeating: expected, count: fate.taken))
        }
    }

    @Test func `posted receipts of Aliyun are applied, a late one once although it comes twice`() async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = First.aliyun.weights
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            let messages = try await engine.send(["13800130000", "13800130001", "13800130008"], template)
            try await engine.settle()
            try await eventually("the prompt ones are applied") {
                try await engine.states(messages) == [.delivered, .undelivered, .accepted]
            }
            try await bench.advance(by: .seconds(32))
            try await eventually("the late one is applied") {
                try await engine.states(messages) == [.delivered, .undelivered, .delivered]
            }
            try await engine.expectSoundStories(messages)
            let late = try #require(messages.last)
            #expect(try await engine.stages(late) == [.accepted, .calling, .answered, .receipt])
        }
    }

    @Test func `a receipt that is lost is asked for, of a call that nobody answered`() async throws {
        var suppliers = PushBench.calm
        suppliers.faults.receiptLossRatio = 1
        try await PushBench.use(suppliers: suppliers) { bench in
            var plan = BenchPlan()
            plan.weights = First.tencent.weights
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await engine.send(["13800130100"], template)
            try await engine.settle()
            #expect(try await engine.states(messages) == [.unknown])
            #expect(try await engine.takeReceipts().asked == 0)
            try await bench.advance(by: .seconds(61))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 1)
            #expect(round.cleared == 1)
            #expect(try await engine.states(messages) == [.delivered])
            #expect(try await bench.town.counts() == ["+8613800130100": 1])
        }
    }

    @Test(arguments: First.allCases)
    func `bad numbers in a call fail alone, and the others are sent once`(first: First) async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = first.weights
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            let good = (0..<57).map { "1380013\(1_000 + $0)" }
            let bad = ["13800130002", "13900130002", "13800130003"]
            let messages = try await engine.send(bad[..<1] + good + bad[1...], template)
            try await engine.settle()
            try await engine.takeReceipts()
            try await eventually("all receipts are applied") {
                try await !engine.states(messages).contains(.accepted)
            }
            let states = try await engine.states(messages)
            #expect(states.indices.filter { states[$0] == .failed } == [0, 58, 59])
            #expect(states.count { $0 == .delivered } == 57)
            #expect(
                try await bench.town.counts()
                    == Dictionary(uniqueKeysWithValues: good.map { ("+86\($0)", 1) })
            )
        }
    }
}
