import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Which supplier gets what, and what happens when one is not there.
@Suite struct RoutingTests {
    @Test func `shares follow the weights, and everybody is sent to once`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            _ = try await engine.sendMany(4_000, engine.template())
            try await engine.settle()
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 4_000)
            #expect(stats.doubled == 0)
            // Three times the deviation that chance allows: the shares follow from the messages' numbers.
            #expect((3_124...3_276).contains(stats.tencent.accepted))
            #expect(stats.aliyun.accepted == 4_000 - stats.tencent.accepted)
        }
    }

    @Test func `shares that change while messages are on their way hold for all that is planned afterwards`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = (100, 0)
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await engine.working {
                let first = try await engine.send(["13800130100"], template)
                try await eventually("the first is sent") {
                    try await engine.states(first).allSatisfy(\.isSent)
                }
                // For notices alone: all others stay where they were.
                try await engine.store.setAccount(
                    engine.tencent,
                    weight: 100,
                    weights: [.notice: 0],
                    callsPerSecond: nil,
                    enabled: true
                )
                try await engine.store.setAccount(
                    engine.aliyun,
                    weight: 0,
                    weights: [.notice: 1],
                    callsPerSecond: nil,
                    enabled: true
                )
                bench.clock.advance(by: .seconds(1))
                let others = try await engine.sendMany(40, template)
                let alert = try await engine.send(["13800130101"], engine.template("其他", .alert))
                try await eventually("the others are sent") {
                    try await engine.states(others + alert).allSatisfy(\.isSent)
                }
                let stats = try await bench.town.stats()
                #expect(stats.tencent.accepted == 2)
                #expect(stats.aliyun.accepted == 40)
            }
        }
    }

    @Test func `who has an account hears from it in every message, and from another while it is off`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = (50, 50)
            let engine = try await bench.open(plan)
            func homes(_ text: String) async throws -> [AccountID?] {
                let template = try await engine.template(text, isSticky: true)
                let messages = try await engine.sendMany(60, template)
                try await engine.settle()
                var homes: [AccountID?] = []
                for message in messages { homes.append(try await engine.record(message).account) }
                return homes
            }
            let first = try await homes("一")
            #expect(Set(first) == [engine.tencent, engine.aliyun])
            #expect(try await homes("二") == first)
            try await engine.store.setAccount(
                engine.tencent,
                weight: 50,
                weights: [:],
                callsPerSecond: nil,
                enabled: false
            )
            bench.clock.advance(by: .seconds(1))
            #expect(Set(try await homes("三")) == [engine.aliyun])
            try await engine.store.setAccount(
                engine.tencent,
                weight: 50,
                weights: [:],
                callsPerSecond: nil,
                enabled: true
            )
            bench.clock.advance(by: .seconds(1))
            #expect(try await homes("四") == first)
        }
    }

    @Test func `an outage of one sends everything through the other`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"supplier":"tencent","outage":true}"#)
            let messages = try await engine.sendMany(300, engine.template())
            try await engine.settle()
            let stats = try await bench.town.stats()
            #expect(stats.aliyun.accepted == 300)
            #expect(stats.doubled == 0)
            try await engine.expectSoundStories(Array(messages.prefix(20)))
        }
    }

    @Test func `an account whose key cannot be opened leaves its share to the other`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await engine.spoilKey(of: engine.tencent)
            let messages = try await engine.sendMany(100, engine.template())
            try await engine.settle()
            #expect(try await engine.states(messages).allSatisfy { $0.isSent })
            #expect(try await bench.town.stats().aliyun.accepted == 100)
            #expect(try await engine.takeReceipts().silent == ["tencent"])
        }
    }

    @Test func `where no account's key can be opened, everything waits until one is given`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let account = try #require(await engine.store.accounts().first { $0.id == engine.tencent })
            for id in [engine.tencent, engine.aliyun] { try await engine.spoilKey(of: id) }
            let messages = try await engine.sendMany(10, engine.template())
            try await engine.working {
                try await eventually("they are put off") {
                    try await engine.queue.depths().values.contains { $0.waiting > 0 }
                }
            }
            _ = try await engine.store.putAccount(account)
            try await engine.settleInTime()
            #expect(try await engine.states(messages).allSatisfy { $0.isSent })
            #expect(try await bench.town.stats().tencent.accepted == 10)
        }
    }

    @Test func `what is posted for an account whose key cannot be opened is taken all the same`() async throws
    {
        var suppliers = PushBench.calm
        suppliers.faults.receiptDelay = 60_000
        try await PushBench.use(suppliers: suppliers) { bench in
            var plan = BenchPlan()
            plan.weights = (0, 100)
            let engine = try await bench.open(plan)
            let messages = try await engine.sendMany(10, engine.template())
            try await engine.settle()
            try await engine.spoilKey(of: engine.aliyun)
            try await bench.advance(by: .seconds(61))
            try await eventually("the receipts are there") {
                try await bench.town.wake()
                return try await engine.states(messages).allSatisfy { $0 == .delivered }
            }
        }
    }

    @Test func `an outage of both puts everything off until it is over`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.sendMany(30, engine.template())
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

    @Test func `an account that is switched off for half an hour costs nobody a message`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            let template = try await engine.template(account: engine.aliyun)
            try await engine.store.setAccount(
                engine.aliyun,
                weight: 20,
                weights: [:],
                callsPerSecond: nil,
                enabled: false
            )
            let messages = try await engine.send(["13800130100"], template)
            try await engine.working {
                try await eventually("it is put off forty times") {
                    try await engine.passTime(.seconds(60))
                    let stages = try await engine.stages(messages[0])
                    return try await engine.states(messages) != [.queued]
                        || stages.count { $0 == .decided } == 40
                }
            }
            #expect(try await engine.states(messages) == [.queued])
            try await engine.store.setAccount(
                engine.aliyun,
                weight: 20,
                weights: [:],
                callsPerSecond: nil,
                enabled: true
            )
            try await engine.settleInTime(.seconds(60))
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
        }
    }

    @Test func `an outage that does not end fails the messages when their patience ends, not before`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.patience = .seconds(3_600)
            plan.delivery.attempts = 3
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.sendMany(3, engine.template())
            try await engine.settleInTime(.seconds(60))
            #expect(try await engine.states(messages).allSatisfy { $0 == .failed })
            let last = try #require(await engine.story(messages[0]).last)
            #expect(last.stage == .decided)
            #expect(last.at >= PushBench.noon + .seconds(3_600))
            #expect(last.detail.hasPrefix("gave up after "))
            #expect(last.detail.hasSuffix(" attempts: http.503"))
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `messages whose time went by unsent are tried a number of times all the same`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.patience = .seconds(3_600)
            plan.delivery.attempts = 3
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.sendMany(3, engine.template())
            bench.clock.advance(by: .seconds(48 * 3_600))
            try await engine.settleInTime(.seconds(60))
            #expect(try await engine.story(messages[0]).last?.detail == "gave up after 3 attempts: http.503")
        }
    }

    @Test func `an ambiguous end is no reason to ask the other supplier`() async throws {
        try await PushBench.use { bench in
            let engine = try await bench.open()
            try await bench.town.setFaults(#"{"supplier":"tencent","bad_gateway_ratio":1}"#)
            let messages = try await engine.sendMany(100, engine.template())
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
            plan.delivery.patience = .zero
            plan.delivery.attempts = 1
            let engine = try await bench.open(plan)
            let template = try await engine.template(account: engine.aliyun)
            _ = try await engine.sendMany(50, template)
            try await engine.settle()
            #expect(try await bench.town.stats().aliyun.accepted == 50)

            try await engine.store.setAccount(
                engine.aliyun,
                weight: 20,
                weights: [:],
                callsPerSecond: nil,
                enabled: false
            )
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

    @Test func `an account rests for a message only when it could have gone over it`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.delivery.patience = .zero
            plan.delivery.attempts = 1
            plan.health = AccountHealthSettings()
            let engine = try await bench.open(plan)
            func rest(_ account: AccountID) {
                let intent = Intent(id: IntentID(rawValue: 1), account: account, members: Members([0]))
                let reply = SupplierReply(all: .refused(Refusal(.badConfig, code: "key")), count: 1)
                engine.health.note([CallRound(intent: intent, reply: reply, wasMade: true)])
            }
            func end(_ template: TemplateID, _ receiver: String) async throws -> String? {
                let messages = try await engine.send([receiver], template)
                try await engine.settle()
                return try await engine.story(messages[0]).last?.detail
            }
            rest(engine.tencent)
            func setAliyun(enabled: Bool) async throws {
                try await engine.store.setAccount(
                    engine.aliyun,
                    weight: 20,
                    weights: [:],
                    callsPerSecond: nil,
                    enabled: enabled
                )
                bench.clock.advance(by: .seconds(1))
            }
            try await setAliyun(enabled: false)
            let own = try await engine.template(account: engine.aliyun)
            #expect(try await end(own, "13800130101") == "gave up after 1 attempts: no_account")
            try await setAliyun(enabled: true)
            rest(engine.aliyun)
            rest(engine.tencent)
            let text = try await engine.template()
            #expect(try await end(text, "13800130100") == "gave up after 1 attempts: account_rests")
        }
    }
}
