import Groundwork
import SQLiteDriver
import TestKit
import Testing

@testable import PushEngine

/// Which supplier gets what, and what happens when one is not there.
@Suite struct RoutingTests {
    private static func numbers(_ count: Int) -> [String] {
        (0..<count).map { "138\(10_010_010 + $0 * 100)" }
    }

    /// Sends to many numbers in one call of the API.
    private func sendMany(
        _ count: Int,
        _ engine: BenchEngine,
        _ template: TemplateID
    ) async throws -> [MessageID] {
        let numbers = Self.numbers(count)
        let params = stride(from: 0, to: count, by: 100)
            .map { start in
                MessageParam(
                    bizID: nil,
                    receivers: Array(numbers[start..<min(start + 100, count)]),
                    variables: [:]
                )
            }
        let receipt = try await engine.chain.accept(SendRequest(template: template, params: params))
        return try receipt.verdicts.map { try $0.result.get() }
    }

    @Test func `shares follow the weights, and everybody is sent to once`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            _ = try await sendMany(4_000, engine, engine.template())
            try await engine.settle()
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 4_000)
            #expect(stats.doubled == 0)
            // Three times the deviation that chance allows: the shares follow from the messages' numbers.
            #expect((3_124...3_276).contains(stats.tencent.accepted))
            #expect(stats.aliyun.accepted == 4_000 - stats.tencent.accepted)
        }
    }

    @Test func `an outage of one sends everything through the other`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"supplier":"tencent","outage":true}"#)
            let messages = try await sendMany(300, engine, engine.template())
            try await engine.settle()
            let stats = try await bench.town.stats()
            #expect(stats.aliyun.accepted == 300)
            #expect(stats.doubled == 0)
            try await engine.expectSoundStories(Array(messages.prefix(20)))
        }
    }

    @Test func `an outage of both puts everything off until it is over`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await sendMany(30, engine, engine.template())
            try await engine.working {
                try await eventually("it is put off three times") {
                    try await engine.passTime(.seconds(60))
                    return try await engine.stages(messages[0]).count { $0 == .answered } >= 6
                }
            }
            #expect(try await engine.states(messages).allSatisfy { $0 == .queued })
            try await bench.town.setFaults(#"{"outage":false}"#)
            try await engine.settleInTime(.seconds(60))
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 30)
            #expect(stats.doubled == 0)
        }
    }

    @Test func `an outage that does not end fails the messages after the last attempt`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.attempts = 3
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await sendMany(3, engine, engine.template())
            try await engine.settleInTime(.seconds(60))
            #expect(try await engine.states(messages).allSatisfy { $0 == .failed })
            let last = try #require(await engine.story(messages[0]).last)
            #expect(last.stage == .decided)
            #expect(last.detail == "gave up after 3 attempts: http.503")
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `an ambiguous end is no reason to ask the other supplier`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"supplier":"tencent","bad_gateway_ratio":1}"#)
            let messages = try await sendMany(100, engine, engine.template())
            try await engine.settle()
            let unknown = try await engine.states(messages).count { $0 == .unknown }
            let stats = try await bench.town.stats()
            #expect(unknown > 50)
            #expect(stats.tencent.accepted == unknown)
            #expect(stats.aliyun.accepted == 100 - unknown)
            try await bench.town.setFaults(#"{"supplier":"tencent","bad_gateway_ratio":0}"#)
            try await engine.takeReceipts()
            #expect(try await engine.states(messages).allSatisfy { $0 == .delivered })
            #expect(try await bench.town.stats().accepted == 100)
        }
    }

    @Test func `a template's own account gets all, and nobody else when it is switched off`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.attempts = 1
            let engine = try await bench.open(plan)
            let template = try await engine.template(account: engine.aliyun)
            _ = try await sendMany(50, engine, template)
            try await engine.settle()
            #expect(try await bench.town.stats().aliyun.accepted == 50)

            try await engine.store.setAccount(engine.aliyun, weight: 20, enabled: false)
            bench.clock.advance(by: .seconds(301))
            let messages = try await engine.send(["13800130100"], template)
            try await engine.settle()
            #expect(try await engine.states(messages) == [.failed])
            #expect(try await engine.record(messages[0]).account == nil)
            #expect(
                try await engine.story(messages[0]).last?.detail == "gave up after 1 attempts: no_account"
            )
            #expect(try await bench.town.stats().accepted == 50)
        }
    }
}
