import Groundwork
import SQLiteDriver
import ServiceLifecycle
import TestKit
import Testing

@testable import PushEngine

/// Workers that are cut off: what was not on the wire then is not in doubt.
@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
    /// Holds what `isHeld` names, once it has had its effect, until the worker is cut off.
    private static func plan(
        holding gate: Gate,
        after isHeld: @escaping @Sendable (BenchOperation) -> Bool
    ) -> BenchPlan {
        var plan = BenchPlan()
        plan.weights = (tencent: 1, aliyun: 0)
        plan.wire = TestWire(onAfter: { operation in if isHeld(operation) { try? await gate.pass() } })
        return plan
    }

    /// Lets another engine finish what is left, and checks that everybody was sent to once.
    private func expectAllSentOnce(_ count: Int, _ bench: PushBench) async throws {
        let next = try await bench.open()
        try await next.settle()
        let stats = try await bench.town.stats()
        #expect(stats.accepted == count)
        #expect(stats.doubled == 0)
    }

    @Test func `calls that are written down and not made leave nobody in doubt`() async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            let engine = try await bench.open(Self.plan(holding: gate) { $0 == .decide })
            let messages = try await engine.sendMany(2_000, engine.template())
            try await engine.working {
                try await eventually("the first calls are written down") { gate.waiters == 1 }
            }
            #expect(try await engine.states(messages).allSatisfy { $0 == .queued })
            #expect(try await bench.town.stats().accepted == 0)
            try await expectAllSentOnce(2_000, bench)
        }
    }

    @Test func `calls that are out are the last ones`() async throws {
        try await expectOnlyCallsThatAreOut { engine, _, body in try await engine.working(body) }
    }

    @Test func `a worker that is told to end finishes the calls that are out, and begins no others`()
        async throws
    {
        try await expectOnlyCallsThatAreOut { engine, gate, body in
            try await whileRunning(Told(engine: engine, gate: gate), body)
        }
    }

    /// Ends a worker by `work` while its first calls are out, and checks that there were no others.
    private func expectOnlyCallsThatAreOut(
        _ work: (BenchEngine, Gate, _ body: () async throws -> Void) async throws -> Void
    ) async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            let plan = Self.plan(holding: gate) { operation in
                if case .call = operation { true } else { false }
            }
            let engine = try await bench.open(plan)
            let messages = try await engine.sendMany(2_000, engine.template())
            try await work(engine, gate) {
                try await eventually("as many calls are out as are made at once") {
                    gate.waiters == plan.delivery.callsAtOnce
                }
            }
            let states = try await engine.states(messages)
            // A call is to the hundred numbers of one param.
            let taken = plan.delivery.callsAtOnce * 100
            #expect(states.count { $0 == .accepted } == taken)
            #expect(states.count { $0 == .queued } == 2_000 - taken)
            try await expectAllSentOnce(2_000, bench)
        }
    }
}

/// A worker whose calls are answered once it is told to end.
private struct Told: Service {
    let engine: BenchEngine
    let gate: Gate

    func run() async throws {
        async let working: Void = engine.service.run()
        try await gracefulShutdown()
        gate.open()
        await working
    }
}
