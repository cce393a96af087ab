import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Batches that end the process that works on them, and those that only wait for a store.
@Suite(.timeLimit(.minutes(5))) struct DeadlyBatchTests {
    private static let lives = LaneSettings().lapses

    @Test(arguments: [BenchOperation.open, .decide])
    func `a batch that ends ten processes in a row is set aside, and sent when it is revived`(
        end: BenchOperation
    ) async throws {
        try await PushBench.use { bench in
            var engine = try await bench.open()
            let deadly = try await engine.send(["13800130100"], engine.template())
            for _ in 0..<Self.lives {
                try await Self.live(bench, until: end)
                engine = try await bench.open()
                #expect(try await engine.queue.deadLetters(before: nil, limit: 9).isEmpty)
            }
            let others = try await engine.send(["13800130200"], engine.template())
            try await engine.settle()
            #expect(try await engine.states(others).allSatisfy(\.isSent))
            #expect(try await engine.states(deadly) == [.queued])
            let letters = try await engine.queue.deadLetters(before: nil, limit: 9)
            #expect(letters.map(\.message.batch) == deadly.map(\.batch))
            #expect(letters.first?.reason.contains("10 claims in a row ran out") == true)
            // Revived, it is as new.
            try await engine.queue.revive(deadly[0].batch)
            try await Self.live(bench, until: end)
            engine = try await bench.open()
            try await engine.settle()
            #expect(try await engine.states(deadly).allSatisfy(\.isSent))
            #expect(try await bench.town.counts() == ["+8613800130100": 1, "+8613800130200": 1])
        }
    }

    @Test func `a batch that gets on is never set aside, however often its process dies`() async throws {
        try await PushBench.use { bench in
            var engine = try await bench.open()
            let numbers = (10...40).map { "138001301\($0)" }
            let messages = try await engine.send(numbers, engine.template())
            #expect(Set(messages.map(\.batch)).count == 1)
            for message in messages.dropLast() {
                try await Self.live(bench, until: .decide)
                engine = try await bench.open()
                _ = try await engine.ledger.recall([message])
            }
            try await engine.settle()
            #expect(try await engine.queue.deadLetters(before: nil, limit: 9).isEmpty)
            #expect(try await engine.states(messages.suffix(1)).allSatisfy(\.isSent))
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `a store that is away is asked less and less often, and nothing is set aside for it`()
        async throws
    {
        try await PushBench.use { bench in
            let isAway = Mutex(true)
            let tries = Mutex<[Moment]>([])
            var plan = BenchPlan()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                guard operation == .open, isAway.withLock({ $0 }) else { return }
                tries.withLock { $0.append(bench.now) }
                throw WireCut()
            })
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.working {
                try await eventually("it was tried for long") {
                    try await engine.passTime()
                    return tries.withLock { $0.count } >= 2 * Self.lives
                }
            }
            let moments = tries.withLock { $0 }
            let waits = zip(moments.dropFirst(), moments).map { $0 - $1 }
            #expect(waits[0] <= .seconds(2))
            #expect(waits.dropFirst(6).allSatisfy { $0 >= .seconds(24) && $0 <= .seconds(32) }, "\(waits)")
            isAway.withLock { $0 = false }
            try await engine.settleInTime()
            #expect(try await engine.queue.deadLetters(before: nil, limit: 9).isEmpty)
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
        }
    }

    /// A process that lives until something begins, which it does not survive.
    private static func live(_ bench: PushBench, until end: BenchOperation) async throws {
        let power = PowerSwitch(at: end)
        var plan = BenchPlan()
        plan.wire = power
        let engine = try await bench.open(plan)
        await withTaskGroup(of: Void.self) { group in
            // What it does after its end has no effect, and is waited for.
            group.addTask { await engine.service.run() }
            await power.goOff()
            group.cancelAll()
        }
    }
}
