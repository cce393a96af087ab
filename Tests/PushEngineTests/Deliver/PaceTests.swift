import Groundwork
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// What becomes of messages while their account is told to slow down.
@Suite struct PaceTests {
    @Test func `an account that is told to slow down loses nothing, and is asked in vain a few times only`()
        async throws
    {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = (1, 0)
            plan.health = AccountHealthSettings()
            plan.limiter = LocalRateLimiter(clock: bench.clock.calendar)
            plan.lane.width = 4
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            try await bench.town.setFaults(#"{"supplier":"tencent","throttled_ratio":1}"#)
            var messages: [MessageID] = []
            for number in 100..<160 { messages += try await engine.send(["13800130\(number)"], template) }
            try await engine.working {
                try await eventually("it is asked for patience for half a minute") {
                    try await engine.passTime(.milliseconds(100))
                    return bench.now >= PushBench.noon + .seconds(30)
                }
                // It rests twice as long each time, and one tries.
                #expect(try await bench.town.stats().tencent.calls < 16)
                try await bench.town.setFaults(#"{"supplier":"tencent","throttled_ratio":0}"#)
                #expect(engine.health.standing(of: engine.tencent).rate != nil)
            }
            try await engine.settleInTime(.milliseconds(100))
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 60)
            #expect(stats.doubled == 0)
            // It went on at its lower rate: sixty calls did not come at once.
            #expect(bench.now >= PushBench.noon + .seconds(40))
            bench.clock.advance(by: .seconds(120))
            #expect(engine.health.standing(of: engine.tencent).rate == nil)
        }
    }

    @Test func `a limit that nobody told of is found, and hardly ever met again`() async throws {
        try await PushBench.use { bench in
            let limit = HiddenLimit(callsPerSecond: 10, bench.clock)
            var plan = BenchPlan()
            plan.weights = (1, 0)
            plan.health = AccountHealthSettings()
            plan.limiter = LocalRateLimiter(clock: bench.clock.calendar)
            plan.lane.width = 2
            plan.adapter = { LimitedSupplier(inner: $0, limit: limit) }
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            var messages: [MessageID] = []
            for number in 100..<300 { messages += try await engine.send(["13800130\(number)"], template) }
            try await engine.settleInTime(.milliseconds(50))
            #expect(try await engine.states(messages).allSatisfy(\.isSent))
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 200)
            #expect(stats.doubled == 0)
            // Two hundred calls at ten a second: those refused are few. Who waited while it rested comes back later.
            #expect(limit.refusals > 0)
            #expect(limit.refusals < 15)
            #expect(bench.now < PushBench.noon + .seconds(120))
        }
    }

    @Test func `limits of single recipients slow nobody else down`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.weights = (0, 1)
            plan.health = AccountHealthSettings()
            plan.limiter = LocalRateLimiter(clock: bench.clock.calendar)
            plan.adapter = { FullRecipients(inner: $0) }
            let engine = try await bench.open(plan)
            let messages = try await engine.sendMany(40, engine.template())
            try await engine.settle()
            #expect(try await engine.states(messages).allSatisfy { $0 == .failed })
            let standing = engine.health.standing(of: engine.aliyun)
            #expect(standing.reason == nil)
            #expect(standing.rate == nil)
        }
    }
}

/// Calls of an account that a supplier takes in a second, and never told anybody.
private final class HiddenLimit: Sendable {
    private let callsPerSecond: Int
    private let clock: ManualClock
    private let state = Mutex((second: Int64(0), calls: 0, refusals: 0))

    init(callsPerSecond: Int, _ clock: ManualClock) {
        self.callsPerSecond = callsPerSecond
        self.clock = clock
    }

    var refusals: Int { state.withLock { $0.refusals } }

    func admits() -> Bool {
        let second = clock.calendar.now.secondsSinceEpoch
        return state.withLock { state in
            if state.second != second { (state.second, state.calls) = (second, 0) }
            state.calls += 1
            guard state.calls > callsPerSecond else { return true }
            state.refusals += 1
            return false
        }
    }
}

/// Refuses calls over a limit that it does not tell of.
private struct LimitedSupplier: Supplier {
    let inner: any Supplier
    let limit: HiddenLimit

    var account: AccountID { inner.account }
    var shapes: [CallShape] { inner.shapes }

    func send(_ call: SupplierCall) async -> SupplierReply {
        guard limit.admits() else {
            let refusal = Refusal(.throttled, code: "RequestLimitExceeded")
            return SupplierReply(all: .refused(refusal), count: call.recipients.count)
        }
        return await inner.send(call)
    }
}

/// Says of every recipient that it has had enough.
private struct FullRecipients: Supplier {
    let inner: any Supplier

    var account: AccountID { inner.account }
    var shapes: [CallShape] { inner.shapes }

    func send(_ call: SupplierCall) async -> SupplierReply {
        let refusal = Refusal(.recipientLimit, code: "isv.BUSINESS_LIMIT_CONTROL", wait: .seconds(60))
        return SupplierReply(all: .refused(refusal), count: call.recipients.count)
    }
}
