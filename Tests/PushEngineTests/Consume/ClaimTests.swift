import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// How long a batch that is worked on stays its worker's.
@Suite(.timeLimit(.minutes(5))) struct ClaimTests {
    private static let notices = Lane(channel: .sms, type: .notice)

    @Test func `a batch that takes longer than a claim stays its worker's`() async throws {
        try await PushBench.use { bench in
            let wire = ClaimWire()
            let engine = try await bench.open(Self.plan(wire.wire))
            let messages = try await engine.send(["13800130100"], engine.template())
            try await engine.working {
                try await eventually("its call is out") { wire.gate.waiters == 1 }
                for third in 1...9 {
                    bench.clock.advance(by: LaneSettings().visibility / 3)
                    try await eventually("the claim is extended") { wire.extensions == third }
                }
                #expect(try await Self.claim(engine.queue).isEmpty)
                wire.gate.open()
                try await eventually("the queue is empty") {
                    try await engine.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
            #expect(try await bench.town.counts() == ["+8613800130100": 1])
            // What is done is claimed no more.
            bench.clock.advance(by: LaneSettings().visibility)
            #expect(wire.extensions == 9)
        }
    }

    @Test func `a claim that was lost meanwhile is not taken back, and its work goes on`() async throws {
        try await PushBench.use { bench in
            let wire = ClaimWire()
            let engine = try await bench.open(Self.plan(wire.wire))
            let messages = try await engine.send(["13800130100"], engine.template())
            wire.isCut.withLock { $0 = true }
            try await engine.working {
                try await eventually("its call is out") { wire.gate.waiters == 1 }
                for third in 1...3 {
                    bench.clock.advance(by: LaneSettings().visibility / 3)
                    try await eventually("the queue does not hear") { wire.attempts == third }
                }
                let other = try #require(try await Self.claim(engine.queue).first)
                #expect(other.attempt == 2)
                wire.isCut.withLock { $0 = false }
                bench.clock.advance(by: LaneSettings().visibility / 3)
                try await eventually("it is told") { wire.attempts == 4 }
                bench.clock.advance(by: LaneSettings().visibility)
                wire.gate.open()
                try await eventually("the message is sent") {
                    try await engine.states(messages).allSatisfy(\.isSent)
                }
                #expect(try await engine.queue.depths()[Self.notices] == QueueDepth(claimed: 1))
                // Nobody asked again.
                #expect(wire.attempts == 4)
                #expect(try await engine.queue.extend(other, visibility: .seconds(1)))
            }
        }
    }

    @Test func `a queue that does not answer hears what is done as soon as it does`() async throws {
        try await PushBench.use { bench in
            let refusals = Mutex(0)
            let wire = TestWire(onBefore: { operation throws(WireCut) in
                guard operation == .acknowledge else { return }
                if refusals.withLock({ count in
                    count += 1
                    return count <= 3
                }) {
                    throw WireCut()
                }
            })
            var plan = Self.plan(wire)
            plan.lane.visibility = .seconds(86_400)
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template())
            let start = bench.now
            try await engine.working {
                try await eventually("the queue is empty") {
                    bench.clock.advance(by: plan.lane.patience)
                    return try await engine.queue.depths().values.allSatisfy { $0.total == 0 }
                }
            }
            #expect(refusals.withLock { $0 } == 4)
            #expect(bench.now - start < plan.lane.visibility)
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
            #expect(try await bench.town.counts() == ["+8613800130100": 1])
        }
    }

    /// One worker, so that what it is at is claimed again by a test alone.
    private static func plan(_ wire: TestWire) -> BenchPlan {
        var plan = BenchPlan()
        plan.lane.width = 1
        plan.wire = wire
        return plan
    }

    private static func claim(_ queue: any SendQueue) async throws -> [QueueDelivery] {
        try await queue.claim(notices, limit: 9, visibility: .seconds(600))
    }
}

/// Holds answers of suppliers, and counts extensions of claims, which it can keep from getting through.
private final class ClaimWire: Sendable {
    let gate = Gate()
    let isCut = Mutex(false)
    private let counts = Mutex((attempts: 0, extensions: 0))

    var attempts: Int { counts.withLock { $0.attempts } }
    var extensions: Int { counts.withLock { $0.extensions } }

    var wire: TestWire {
        TestWire(
            onBefore: { operation throws(WireCut) in
                guard operation == .extend else { return }
                self.counts.withLock { $0.attempts += 1 }
                if self.isCut.withLock({ $0 }) { throw WireCut() }
            },
            onAfter: { operation throws(WireCut) in
                if operation == .extend { self.counts.withLock { $0.extensions += 1 } }
                guard case .call = operation else { return }
                do { try await self.gate.pass() } catch { throw WireCut() }
            }
        )
    }
}
