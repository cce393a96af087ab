import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Nobody is reached twice with the same, or too often, or against the discard list.
@Suite struct RepeatTests {
    private static let number = "13800130100"

    /// Sends and works until the queue is empty; gives back where the message stands then.
    private func deliver(
        _ engine: BenchEngine,
        to number: String = number,
        _ template: TemplateID,
        _ variables: [String: String] = [:]
    ) async throws -> DeliveryState {
        let messages = try await engine.send([number], template, variables)
        try await engine.settle()
        return try await engine.record(messages[0]).state
    }

    @Test func `the same text within five minutes is a duplicate, later it is not`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            let other = try await engine.template("{$text}")
            #expect(try await deliver(engine, template, ["text": "a"]).isSent)
            #expect(try await deliver(engine, template, ["text": "a"]) == .duplicate)
            #expect(try await deliver(engine, template, ["text": "b"]).isSent)
            #expect(try await deliver(engine, other, ["text": "a"]).isSent)
            #expect(try await deliver(engine, to: "13800130101", template, ["text": "a"]).isSent)
            bench.clock.advance(by: .seconds(299))
            #expect(try await deliver(engine, template, ["text": "a"]) == .duplicate)
            bench.clock.advance(by: .seconds(1))
            #expect(try await deliver(engine, template, ["text": "a"]).isSent)
            #expect(try await bench.town.stats().accepted == 5)
        }
    }

    @Test func `a text that differs in the codes of its short links alone is the same text`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            #expect(try await deliver(engine, template, ["text": "见 https://t.cn/s/AAAAAAAA1 退订"]).isSent)
            let again = try await deliver(engine, template, ["text": "见 https://t.cn/s/BBBBBBBB2 退订"])
            #expect(again == .duplicate)
            for other in [
                "见 https://t.cn/s/BBBBBBBB2 退", "见 https://t.cn/t/BBBBBBBB2 退订", "见 https://t.cn/s/",
            ] {
                #expect(try await deliver(engine, template, ["text": other]).isSent)
            }
        }
    }

    @Test func `of one number that a call names twice the second is a duplicate`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let messages = try await engine.send(["13800130100", "+86 138-0013-0100"], engine.template())
            try await engine.settle()
            #expect(try await engine.states(messages).map(\.isSent) == [true, false])
            #expect(try await engine.record(messages[1]).state == .duplicate)
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `after five messages a day the sixth is capped, and the next day goes`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            for text in 0..<5 {
                #expect(try await deliver(engine, template, ["text": "\(text)"]).isSent)
            }
            #expect(try await deliver(engine, template, ["text": "5"]) == .capped)
            bench.clock.advance(by: .seconds(24 * 3_600))
            #expect(try await deliver(engine, template, ["text": "5"]).isSent)
            #expect(try await bench.town.stats().accepted == 6)
        }
    }

    @Test func `a message that was certainly not sent uses nothing up, one that may have been does`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.rules = [.notice: QuotaRules(perDay: 1)]
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            #expect(try await deliver(engine, to: "13800130002", template) == .failed)
            #expect(try await deliver(engine, to: "13800130002", template) == .failed)
            #expect(try await deliver(engine, to: "13800130005", template) == .unknown)
            #expect(try await deliver(engine, to: "13800130005", template) == .duplicate)
        }
    }

    @Test func `a message that is given up uses nothing up`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.patience = .zero
            plan.delivery.attempts = 1
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await bench.town.setFaults(#"{"outage":true}"#)
            #expect(try await deliver(engine, template) == .failed)
            try await bench.town.setFaults(#"{"outage":false}"#)
            #expect(try await deliver(engine, template).isSent)
        }
    }

    @Test func `a message that was put off and then recalled uses nothing up`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template()
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.send([Self.number], template)
            try await engine.working {
                try await eventually("it is put off") {
                    try await engine.queue.depths().values.contains { $0.waiting > 0 }
                }
            }
            let verdicts = try await engine.recalls.recall(messages.map(\.description))
            #expect(verdicts.map(\.result) == [.recalled])
            try await bench.town.setFaults(#"{"outage":false}"#)
            try await engine.settleInTime()
            #expect(try await engine.states(messages) == [.recalled])
            #expect(try await deliver(engine, template).isSent)
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    /// By what rule a place that was not given back would be in the way.
    private static let strictRules = [
        QuotaRules(contentWindow: .seconds(300), perDay: 0),
        QuotaRules(contentWindow: .zero, perDay: 1),
    ]

    @Test(arguments: strictRules)
    func `a place that a crash kept from being given back is in nobody's way`(rules: QuotaRules) async throws
    {
        try await PushBench.use { bench in
            let refunds = Count()
            var plan = BenchPlan()
            plan.rules = [.notice: rules]
            plan.wire = TestWire(onBefore: { operation throws(WireCut) in
                if operation == .refund, refunds.add(1) == 1 { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            let messages = try await engine.send(["13800130002"], template)
            try await engine.settleInTime()
            #expect(try await engine.states(messages) == [.failed])
            #expect(refunds.value == 1)
            #expect(try await deliver(engine, to: "13800130002", template) == .failed)
        }
    }

    @Test(arguments: strictRules)
    func `the place of a message that was recalled is in nobody's way`(rules: QuotaRules) async throws {
        try await PushBench.use { bench in
            let reserves = Count()
            var plan = BenchPlan()
            plan.rules = [.notice: rules]
            plan.wire = TestWire(onAfter: { operation throws(WireCut) in
                if operation == .reserve, reserves.add(1) == 1 { throw WireCut() }
            })
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            let messages = try await engine.send([Self.number], template)
            try await engine.working {
                try await eventually("it is put off, its place reserved") {
                    try await engine.queue.depths().values.contains { $0.waiting > 0 }
                }
            }
            _ = try await engine.recalls.recall(messages.map(\.description))
            #expect(try await engine.states(messages) == [.recalled])
            bench.clock.advance(by: .seconds(2))
            #expect(try await deliver(engine, template).isSent)
            #expect(try await deliver(engine, template).isSent == false)
        }
    }

    @Test func `who or what is on the discard list is dropped, until it is taken off`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            let person = DiscardEntry.recipient(RecipientKey(address: "+8613800130100"))
            try await engine.store.setDiscarded(true, person)
            let messages = try await engine.send([Self.number, "13800130101"], template, ["text": "a"])
            try await engine.settle()
            #expect(try await engine.states(messages).map(\.isSent) == [false, true])
            #expect(try await engine.record(messages[0]).state == .discarded)
            #expect(try await engine.story(messages[0]).last?.detail == "recipient")

            try await engine.store.setDiscarded(false, person)
            try await engine.store.setDiscarded(true, .template(template))
            bench.clock.advance(by: .seconds(2))
            #expect(try await deliver(engine, template, ["text": "b"]) == .discarded)
            try await engine.store.setDiscarded(false, .template(template))
            bench.clock.advance(by: .seconds(2))
            #expect(try await deliver(engine, template, ["text": "b"]).isSent)
            #expect(try await bench.town.stats().accepted == 2)
        }
    }
}

extension DeliveryState {
    /// Whether a supplier has it.
    var isSent: Bool { self == .accepted || self == .delivered }
}
