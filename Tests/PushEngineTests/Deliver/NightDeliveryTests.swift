import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Messages at night: sent, dropped or kept for the morning, as the template says.
@Suite struct NightDeliveryTests {
    @Test(arguments: [(ShieldType.none, DeliveryState.accepted), (.drop, .shieldDropped), (.hold, .held)])
    func `what happens at night is what the template says`(
        shield: ShieldType,
        state: DeliveryState
    ) async throws {
        var suppliers = PushBench.calm
        suppliers.faults.receiptLossRatio = 1
        try await PushBench.use(at: PushBench.night, suppliers: suppliers) { bench in
            let engine = try await bench.open()
            let messages = try await engine.send(["13800130100"], engine.template(shield: shield))
            try await engine.settle()
            #expect(try await engine.states(messages) == [state])
            #expect(try await bench.town.stats().accepted == (state == .accepted ? 1 : 0))
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `held messages are released in the morning, once, and delivered`() async throws {
        try await PushBench.use(at: PushBench.night) { bench in
            let engine = try await bench.open()
            let template = try await engine.template(shield: .hold)
            let messages = try await engine.send(["13800130100", "13800130101"], template)
            try await engine.settle()
            let held = try #require(await engine.store.held(after: nil, limit: 10).first)
            #expect(held.count == 2)
            #expect(held.until == PushBench.night + .seconds(9 * 3_600))

            #expect(try await engine.store.releaseDue(at: held.until - .milliseconds(1), limit: 10).isEmpty)
            bench.clock.advance(by: .seconds(9 * 3_600))
            let released = try await engine.store.releaseDue(at: bench.now, limit: 10)
            #expect(released.map(\.batch) == [held.batch])
            #expect(try await engine.store.releaseDue(at: bench.now, limit: 10).isEmpty)
            try await engine.queue.append(released)
            try await engine.settle()
            try await engine.takeReceipts()
            try await eventually("both are delivered") {
                try await engine.states(messages) == [.delivered, .delivered]
            }
            #expect(
                try await engine.stages(messages[0])
                    == [.accepted, .decided, .released, .calling, .answered, .receipt]
            )
            try await engine.expectSoundStories(messages)
            #expect(try await bench.town.counts() == ["+8613800130100": 1, "+8613800130101": 1])
        }
    }

    @Test func `patience with a held message begins in the morning`() async throws {
        try await PushBench.use(at: PushBench.night) { bench in
            var plan = BenchPlan()
            plan.delivery.patience = .seconds(3_600)
            plan.delivery.attempts = 1
            let engine = try await bench.open(plan)
            let messages = try await engine.send(["13800130100"], engine.template(shield: .hold))
            try await engine.settle()
            bench.clock.advance(by: .seconds(9 * 3_600))
            let morning = bench.now
            try await engine.queue.append(engine.store.releaseDue(at: morning, limit: 10))
            try await bench.town.setFaults(#"{"outage":true}"#)
            try await engine.settleInTime(.seconds(60))
            #expect(try await engine.states(messages) == [.failed])
            let last = try #require(await engine.story(messages[0]).last)
            #expect(last.at >= morning + .seconds(3_600))
        }
    }

    @Test func `what was released and never reached the queue is found by the sweeper`() async throws {
        try await PushBench.use(at: PushBench.night) { bench in
            let engine = try await bench.open()
            let messages = try await engine.send(["13800130100"], engine.template(shield: .hold))
            try await engine.settle()
            bench.clock.advance(by: .seconds(9 * 3_600))
            _ = try await engine.store.releaseDue(at: bench.now, limit: 10)
            try await engine.working {
                try await eventually("it is sent") {
                    bench.clock.advance(by: .seconds(1))
                    return try await engine.states(messages).allSatisfy(\.isSent)
                }
            }
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    @Test func `a held message can be taken back, and the rest is released without it`() async throws {
        try await PushBench.use(at: PushBench.night) { bench in
            let engine = try await bench.open()
            let messages = try await engine.send(
                ["13800130100", "13800130101"],
                engine.template(shield: .hold)
            )
            try await engine.settle()
            let verdicts = try await engine.recalls.recall([messages[0].description])
            #expect(verdicts == [RecallVerdict(message: messages[0], result: .recalled, state: .recalled)])
            #expect(try await engine.store.held(after: nil, limit: 10).map(\.count) == [1])
            bench.clock.advance(by: .seconds(9 * 3_600))
            try await engine.queue.append(engine.store.releaseDue(at: bench.now, limit: 10))
            try await engine.settle()
            #expect(try await engine.states(messages).map(\.isSent) == [false, true])
            let late = try await engine.recalls.recall(messages.map(\.description))
            #expect(late.map(\.result) == [.tooLate, .notSupported])
            #expect(try await bench.town.counts() == ["+8613800130101": 1])
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `a message that was put off into the night and dropped there uses nothing up`() async throws {
        try await PushBench.use(at: PushBench.noon + .seconds(8 * 3_600 - 1)) { bench in
            let engine = try await bench.open()
            let dropping = try await engine.template(shield: .drop)
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.send(["13800130100"], dropping)
            try await engine.working {
                try await eventually("it is put off, and the night comes") {
                    try await engine.passTime(.seconds(2))
                    return try await engine.states(messages) == [.shieldDropped]
                }
            }
            try await bench.town.setFaults(#"{"outage":false}"#)
            let claim = QuotaClaim(
                recipient: RecipientKey(address: "+8613800130100"),
                content: 0,
                owner: MessageID(rawValue: 1)
            )
            let verdicts = try await engine.quotas.reserve(
                [claim],
                channel: .sms,
                rules: QuotaRules(perDay: 1),
                day: BusinessCalendar(zone: PushBench.zone).day(of: bench.now)
            )
            #expect(verdicts == [.granted])
        }
    }
}
