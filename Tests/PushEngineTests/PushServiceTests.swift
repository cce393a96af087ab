import Groundwork
import Logging
import SQLiteDriver
import ServiceLifecycle
import TestKit
import Testing

@testable import PushEngine

/// The workers as a whole: what they find at the start, and how they end.
@Suite(.timeLimit(.minutes(5))) struct PushServiceTests {
    @Test func `what a lost queue held is sent all the same, once`() async throws {
        try await PushBench.use { bench in
            let template = try await bench.open().template()
            let messages = try await bench.open().send(["13800130100", "13800130101"], template)
            try bench.lose("queue.db")
            // What was accepted in the very millisecond is left to the next sweep.
            bench.clock.advance(by: .milliseconds(1))
            let engine = try await bench.open()
            #expect(try await engine.queue.depths().isEmpty)
            try await engine.working {
                try await eventually("both are sent") {
                    try await engine.states(messages).allSatisfy { $0.isSent }
                }
            }
            #expect(try await bench.town.counts() == ["+8613800130100": 1, "+8613800130101": 1])
        }
    }

    @Test func `what never reached the queue is found while the service runs`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            let appends = Count()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                if operation == .append, appends.add(1) == 1 { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await engine.working {
                let messages = try await engine.send(["13800130100"], template)
                #expect(try await engine.queue.depths().isEmpty)
                try await eventually("it is sent") {
                    bench.clock.advance(by: .seconds(1))
                    return try await engine.states(messages).allSatisfy { $0.isSent }
                }
            }
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `what a queue lost is sent as soon as it says so`() async throws {
        try await PushBench.use { bench in
            let (appends, waits, gate) = (Count(), Count(), Gate())
            var plan = BenchPlan()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                switch operation {
                case .append where appends.add(1) == 1: throw WireCut()
                case .waitForLoss where waits.add(1) == 1:
                    // Cut off either way.
                    try? await gate.pass()
                    throw WireCut()
                default: return
                }
            })
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await engine.working {
                let messages = try await engine.send(["13800130100"], template)
                // What was accepted in the very millisecond is left to the next sweep.
                bench.clock.advance(by: .milliseconds(1))
                gate.open()
                try await eventually("it is sent") {
                    try await engine.states(messages).allSatisfy { $0.isSent }
                }
            }
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `a sweep that did not get through is made again before long`() async throws {
        try await PushBench.use { bench in
            let messages = try await bench.open().send(["13800130100"], bench.open().template())
            try bench.lose("queue.db")
            bench.clock.advance(by: .milliseconds(1))
            let sweeps = Count()
            var plan = BenchPlan()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                if operation == .unfinished, sweeps.add(1) == 1 { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            try await engine.working {
                await bench.clock.sleepers(MessageType.allCases.count + 1)
                bench.clock.advance(by: .seconds(2))
                try await eventually("it is sent") {
                    try await engine.states(messages).allSatisfy { $0.isSent }
                }
            }
        }
    }

    @Test func `a queue that does not answer is not asked again at once`() async throws {
        try await PushBench.use { bench in
            let claims = Count()
            var plan = BenchPlan()
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                guard operation == .claim else { return }
                claims.add(1)
                throw WireCut()
            })
            let engine = try await bench.open(plan)
            try await engine.send(["13800130100"], engine.template())
            try await whileRunning(engine.service) {
                let lanes = MessageType.allCases.count
                await bench.clock.sleepers(lanes + 1)
                #expect(claims.value == lanes)
            }
        }
    }

    @Test func `a service that has nothing to do stops at once when it is told to`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await whileRunning(engine.service) {
                // Every lane, and the sweeper, wait for a time that does not come.
                await bench.clock.sleepers(MessageType.allCases.count + 1)
            }
        }
    }

    @Test func `a service that is told to stop finishes what is in flight, and leaves the rest in the queue`()
        async throws
    {
        try await PushBench.use { bench in
            let gate = Gate()
            var plan = BenchPlan()
            plan.lane.width = 1
            plan.wire = TestWire(onAfter: { operation throws(WireCut) in
                guard case .call = operation else { return }
                do { try await gate.pass() } catch { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            var messages: [MessageID] = []
            for number in 0..<3 { messages += try await engine.send(["1380013010\(number)"], template) }

            let told = Gate()
            let services = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [ListeningService(service: engine.service, told: told)],
                    logger: PushBench.quiet
                )
            )
            async let running: Void = services.run()
            try await eventually("a call is out") { gate.waiters == 1 }
            await services.triggerGracefulShutdown()
            try await told.pass()
            gate.open()
            try await running

            #expect(
                try await engine.states(messages).sorted { $0.rawValue < $1.rawValue }.prefix(2) == [
                    .queued, .queued,
                ]
            )
            #expect(
                try await engine.queue.depths()[Lane(channel: .sms, type: .notice)] == QueueDepth(ready: 2)
            )
            #expect(try await bench.town.stats().accepted == 1)

            let next = try await bench.open()
            try await next.settle()
            try await next.takeReceipts()
            #expect(try await next.states(messages).allSatisfy { $0.isSent })
            #expect(try await bench.town.stats().accepted == 3)
            #expect(try await bench.town.stats().doubled == 0)
        }
    }

    @Test func `a lane whose supplier does not answer does not stop another lane`() async throws {
        try await PushBench.use { bench in
            let gate = Gate()
            var plan = BenchPlan()
            plan.lane.width = 2
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                guard case .call(let body) = operation, String(decoding: body, as: UTF8.self).contains("slow")
                else { return }
                do { try await gate.pass() } catch { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let slow = try await engine.template("slow", .marketing)
            let code = try await engine.template("{$code}", .verificationCode)
            try await engine.working {
                var stuck: [MessageID] = []
                for number in 0..<5 { stuck += try await engine.send(["1380013010\(number)"], slow) }
                try await eventually("all seats of the slow lane are taken") { gate.waiters == 2 }
                for number in 0..<5 {
                    let messages = try await engine.send(["13800130200"], code, ["code": "\(number)"])
                    try await eventually("the code is sent") {
                        try await engine.states(messages).allSatisfy { $0.isSent }
                    }
                }
                #expect(try await engine.states(stuck).allSatisfy { $0 == .queued })
                gate.open()
                try await eventually("the slow ones are sent") {
                    try await engine.states(stuck).allSatisfy { $0.isSent }
                }
            }
        }
    }
}

/// A service that tells when it is told to stop.
private struct ListeningService: Service {
    let service: PushService
    let told: Gate

    func run() async throws {
        await withGracefulShutdownHandler {
            await service.run()
        } onGracefulShutdown: {
            told.open()
        }
    }
}
