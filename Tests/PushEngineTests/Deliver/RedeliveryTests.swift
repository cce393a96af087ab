import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// A batch that is handed out again while somebody is still at it.
@Suite(.timeLimit(.minutes(5))) struct RedeliveryTests {
    private static let notices = Lane(channel: .sms, type: .notice)

    /// Holds the first operation that is `isHeld` at the gate.
    private static func wire(
        holding gate: Gate,
        before isHeld: @escaping @Sendable (BenchOperation) -> Bool
    ) -> TestWire {
        TestWire(onBefore: { operation throws(WireCut) in
            guard isHeld(operation) else { return }
            do { try await gate.pass() } catch { throw WireCut() }
        })
    }

    /// Holds answers of suppliers at the gate.
    private static func answers(heldAt gate: Gate) -> TestWire {
        TestWire(onAfter: { operation throws(WireCut) in
            guard case .call = operation else { return }
            do { try await gate.pass() } catch { throw WireCut() }
        })
    }

    @Test func `a batch that is taken over while its call is out becomes unknown, and is not sent again`()
        async throws
    {
        try await PushBench.use { bench in
            let gate = Gate()
            var plan = BenchPlan()
            plan.weights = (tencent: 1, aliyun: 0)
            plan.wire = Self.answers(heldAt: gate)
            let slow = try await bench.open(plan)
            let messages = try await slow.send(["13800130100", "13800130101"], slow.template())
            try await slow.working {
                try await eventually("its call is out") { gate.waiters == 1 }
                // Who opens the queue as the only one takes what was claimed for left over.
                let other = try await bench.open(BenchPlan())
                try await other.settle()
                #expect(try await other.states(messages) == [.unknown, .unknown])
                gate.open()
                try await eventually("the slow one has finished") {
                    try await slow.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            #expect(try await slow.states(messages) == [.unknown, .unknown])
            try await slow.takeReceipts()
            #expect(try await slow.states(messages) == [.delivered, .delivered])
            #expect(try await slow.stages(messages[0]) == [.accepted, .calling, .abandoned, .receipt])
            #expect(try await bench.town.counts() == ["+8613800130100": 1, "+8613800130101": 1])
        }
    }

    @Test func `who comes second to a batch takes nothing from the first, its quota neither`() async throws {
        try await PushBench.use { bench in
            let (firstGate, secondGate) = (Gate(), Gate())
            var plan = BenchPlan()
            plan.wire = Self.wire(holding: firstGate) { $0 == .decide }
            let first = try await bench.open(plan)
            let template = try await first.template()
            let messages = try await first.send(["13800130100"], template)
            try await first.working {
                try await eventually("the first has read the batch") { firstGate.waiters == 1 }
                plan.wire = Self.wire(holding: secondGate) { $0 == .decide }
                let second = try await bench.open(plan)
                try await second.working {
                    try await eventually("so has the second") { secondGate.waiters == 1 }
                    firstGate.open()
                    try await eventually("the first sends it") {
                        try await first.states(messages).allSatisfy { $0.isSent }
                    }
                    secondGate.open()
                    try await eventually("the second finds nothing to do") {
                        try await second.queue.depths().values.allSatisfy { $0.total == 0 }
                    }
                }
            }
            let again = try await bench.open()
            let repeats = try await again.send(["13800130100"], template)
            try await again.settle()
            #expect(try await again.states(repeats) == [.duplicate])
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `who gives a batch up that another has sent gives nobody's quota back`() async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            var plan = BenchPlan()
            plan.delivery.patience = .zero
            plan.delivery.attempts = 1
            plan.weights = (tencent: 1, aliyun: 0)
            // Holds the decision to give up, which comes after that to call.
            let (decisions, settled) = (Count(), Count())
            var wire = Self.wire(holding: gate) { $0 == .decide && decisions.add(1) == 2 }
            wire.onAfter = { operation throws(WireCut) in
                if operation == .acknowledge { settled.add(1) }
            }
            plan.wire = wire
            try await bench.town.setFaults(#"{"outage":true}"#)
            let first = try await bench.open(plan)
            let template = try await first.template()
            let messages = try await first.send(["13800130100"], template)
            try await first.working {
                try await eventually("the first is about to give up") { gate.waiters == 1 }
                try await bench.town.setFaults(#"{"outage":false}"#)
                let second = try await bench.open()
                try await second.settle()
                #expect(try await second.states(messages).allSatisfy { $0.isSent })
                gate.open()
                try await eventually("the first is done") { settled.value == 1 }
            }
            let again = try await bench.open()
            let repeats = try await again.send(["13800130100"], template)
            try await again.settle()
            #expect(try await again.states(repeats) == [.duplicate])
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `a claim that runs out while its batch is worked on is settled by that work`() async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            var plan = BenchPlan()
            plan.wire = Self.answers(heldAt: gate)
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.working {
                try await eventually("its call is out") { gate.waiters == 1 }
                bench.clock.advance(by: .seconds(300))
                try await eventually("it is claimed once more") {
                    try await engine.queue.depths()[Self.notices] == QueueDepth(claimed: 1)
                }
                gate.open()
                try await eventually("it is off the queue, without waiting for the second claim") {
                    try await engine.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            #expect(try await engine.states(messages).allSatisfy { $0.isSent })
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test(arguments: [StoreError.Code.corrupted, .conflict])
    func `a batch that waiting does not help is set aside, and sent when it is revived`(
        code: StoreError.Code
    ) async throws {
        try await PushBench.use { bench in
            let isBroken = Box<Bool>()
            var plan = BenchPlan()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                if operation == .open, isBroken.value == nil { throw WireCut(code: code) }
            })
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.settle()
            let letters = try await engine.queue.deadLetters(before: nil, limit: 10)
            #expect(letters.map(\.message.batch) == messages.map(\.batch))
            #expect(letters.first?.reason.contains(code.rawValue) == true)
            isBroken.put(false)
            // The sweeper leaves it where it is.
            bench.clock.advance(by: .seconds(1))
            try await engine.settle()
            #expect(try await engine.states(messages) == [.queued])
            try await engine.queue.revive(letters[0].message.batch)
            try await engine.settle()
            #expect(try await engine.states(messages).allSatisfy { $0.isSent })
        }
    }

    @Test
    func `a call that was held up after it was written down is not made, and its recipient is sent anew`()
        async throws
    {
        try await PushBench.use { bench in
            let decided = Count()
            var plan = BenchPlan()
            plan.wire = TestWire(onAfter: { operation throws(WireCut) in
                // This process stands still for longer than others take a call for one that may be out.
                if operation == .decide, decided.add(1) == 1 { bench.clock.advance(by: .seconds(60)) }
            })
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.settle()
            let story = try await engine.story(messages[0])
            #expect(story.prefix(5).map(\.stage) == [.accepted, .calling, .answered, .calling, .answered])
            #expect(story[2].detail == "held_up")
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `a store that does not answer for a while only delays`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            let failing: [BenchOperation: Count] = [
                .claim: Count(), .open: Count(), .reserve: Count(), .decide: Count(), .acknowledge: Count(),
            ]
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                if let count = failing[operation], count.add(1) < 3 { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.working {
                try await eventually("it is sent") {
                    try await engine.passTime()
                    return try await engine.states(messages).allSatisfy { $0.isSent }
                }
                try await eventually("its claim has run out, and it is off the queue") {
                    bench.clock.advance(by: .seconds(100))
                    return try await engine.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            #expect(try await bench.town.stats().accepted == 1)
        }
    }
}
