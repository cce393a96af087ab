import Groundwork
import LocalServers
import SQLiteDriver
import SupplierSimulator
import Synchronization
import TestKit
import Testing

@testable import PushEngine
@testable import RedisDriver

/// Accounts are called no faster than they may be, and nobody pays for the waiting.
@Suite struct RateTests {
    @Test func `an account makes no more calls in any second than it may, and everybody is sent to`()
        async throws
    {
        try await PushBench.use { bench in
            let calls = CallTimes(bench.clock)
            let engine = try await Self.open(bench, calls, callsPerSecond: 20)
            let template = try await engine.template()
            for number in 100..<160 { try await engine.send(["13800130\(number)"], template) }
            try await engine.settleInTime(.milliseconds(10))
            #expect(try await bench.town.stats().accepted == 60)
            #expect(calls.mostInASecond <= 20)
            // Sixty calls: two are there, and nineteen come in a second.
            #expect(calls.length < .milliseconds(4_000))
            // In turn, nearly nobody comes in vain: once to be told when, and once in time.
            #expect(calls.opened < 180)
        }
    }

    @Test func `a batch that is over the rate goes on where it stood`() async throws {
        try await PushBench.use { bench in
            let calls = CallTimes(bench.clock)
            let engine = try await Self.open(bench, calls, callsPerSecond: 10)
            // Tencent takes one text a call.
            let template = try await engine.template("{$n}")
            let params = (100..<140)
                .map { MessageParam(bizID: nil, receivers: ["13800130\($0)"], variables: ["n": "\($0)"]) }
            let receipt = try await engine.chain.accept(SendRequest(template: template, params: params))
            let messages = try receipt.verdicts.map { try $0.result.get() }
            try await engine.settleInTime(.milliseconds(50))
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 40)
            #expect(stats.doubled == 0)
            #expect(calls.mostInASecond <= 10)
            // Waiting leaves nothing in the books.
            #expect(try await engine.stages(messages[39]) == [.accepted, .calling, .answered])
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `who waits for a rate takes no seat and holds up nobody else`() async throws {
        try await PushBench.use { bench in
            let engine = try await Self.open(bench, CallTimes(bench.clock), callsPerSecond: 1)
            let slow = try await engine.template("慢", account: engine.tencent)
            let other = try await engine.template("快", account: engine.aliyun)
            for number in 100..<110 { try await engine.send(["13800130\(number)"], slow) }
            let messages = try await engine.send(["13800130200"], other)
            try await engine.working {
                try await eventually("the other account's is sent, and the rest waits without a seat") {
                    let depth = try await engine.queue.depths()[Self.notices]
                    return try await engine.states(messages).allSatisfy(\.isSent)
                        && depth == QueueDepth(waiting: 9)
                }
            }
            #expect(try await bench.town.stats().tencent.accepted == 1)
        }
    }

    @Test func `a verification code does not stand behind a crowd`() async throws {
        try await PushBench.use { bench in
            let engine = try await Self.open(bench, CallTimes(bench.clock), callsPerSecond: 2)
            let crowd = try await engine.template("促销", .marketing)
            let code = try await engine.template("验证码", .verificationCode)
            for number in 100..<160 { try await engine.send(["13800130\(number)"], crowd) }
            try await engine.working {
                try await eventually("the crowd waits") {
                    try await engine.queue.depths().values.contains { $0.waiting == 59 }
                }
                let begin = bench.now
                let messages = try await engine.send(["13800130200"], code)
                try await eventually("the code is sent") {
                    try await engine.passTime(.milliseconds(100))
                    return try await engine.states(messages).allSatisfy(\.isSent)
                }
                #expect(bench.now - begin < .seconds(10))
            }
        }
    }

    @Test func `waiting for a rate is no attempt and takes nobody's place`() async throws {
        try await PushBench.use { bench in
            var plan = BenchPlan()
            plan.rules = [.notice: QuotaRules(perDay: 1)]
            plan.delivery.patience = .zero
            plan.delivery.attempts = 2
            let engine = try await Self.open(bench, CallTimes(bench.clock), callsPerSecond: 1, plan)
            let template = try await engine.template()
            var messages: [MessageID] = []
            for number in 100..<112 { messages += try await engine.send(["13800130\(number)"], template) }
            // Some come back in vain: others were first.
            try await engine.working {
                try await eventually("half of them are sent") {
                    try await engine.passTime(.milliseconds(100))
                    return try await bench.town.stats().accepted == 6
                }
            }
            try await bench.town.setFaults(#"{"outage":true}"#)
            try await engine.settleInTime(.milliseconds(100))
            let failed = try await engine.states(messages).count { $0 == .failed }
            #expect(failed == 6)
            for message in messages {
                guard let last = try await engine.story(message).last, last.state == .failed else { continue }
                #expect(last.detail == "gave up after 2 attempts: http.503")
            }
            // The places of those that were given up are free again.
            try await bench.town.setFaults(#"{"outage":false}"#)
            for number in 100..<112 { try await engine.send(["13800130\(number)"], template) }
            try await engine.settleInTime(.milliseconds(100))
            #expect(try await bench.town.stats().accepted == 12)
        }
    }

    @Test
    func `accounts with one key share their supplier's limits, a rate of their own replaces that of seconds`()
    {
        let rates = [CallRate(3_000), CallRate(20, per: .seconds(60))]
        func limits(_ id: Int64, key: String, rate: Int? = nil) -> [RateLimit] {
            SupplierAccount.sample(id: id, callsPerSecond: rate).callLimits(rates, countedBy: key)
        }
        let one = limits(1, key: "AKID")
        #expect(one == limits(2, key: "AKID"))
        #expect(one.map { $0.permits + $0.burst } == [3_001, 21])
        #expect(one.map(\.period) == [.seconds(1), .seconds(60)])
        #expect(Set(one.map(\.name)).count == 2)
        #expect(Set(limits(3, key: "AKIE")).isDisjoint(with: one))
        let own = limits(4, key: "AKID", rate: 1)
        #expect(own == [RateLimit(name: "account/4/send", permits: 1, burst: 1), one[1]])
    }

    @Test func `while the limiter does not answer nothing is called, and all is sent after`() async throws {
        try await PushBench.use { bench in
            let limiter = FailingLimiter(inner: LocalRateLimiter(clock: bench.clock.calendar))
            var plan = BenchPlan()
            plan.limiter = limiter
            let engine = try await bench.open(plan)
            let messages = try await engine.sendMany(10, engine.template())
            try await engine.working {
                try await eventually("it is put off twice") {
                    try await engine.passTime()
                    return limiter.refusals >= 2
                }
            }
            #expect(try await engine.stages(messages[0]) == [.accepted])
            limiter.heal()
            try await engine.settleInTime()
            #expect(try await bench.town.stats().accepted == 10)
        }
    }

    @Test func `calls that ended are in no doubt when the limiter stops answering before the next ones`()
        async throws
    {
        try await PushBench.use { bench in
            let limiter = FailingLimiter(inner: LocalRateLimiter(clock: bench.clock.calendar), after: 1)
            var plan = BenchPlan()
            plan.limiter = limiter
            plan.delivery.callsAtOnce = 1
            let engine = try await bench.open(plan)
            let messages = try await engine.sendMany(500, engine.template())
            try await engine.working {
                try await eventually("the second call is put off") {
                    try await engine.passTime()
                    return limiter.refusals >= 1
                }
            }
            #expect(Set(try await engine.states(messages)) == [.accepted, .queued])
            limiter.heal()
            try await engine.settleInTime()
            let states = try await engine.states(messages)
            let sent: Set<DeliveryState> = [.accepted, .delivered, .undelivered]
            #expect(sent.isSuperset(of: states))
            #expect(try await bench.town.stats().doubled == 0)
        }
    }

    @Test func `two processes that share a limit on Redis keep it together`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        try await PushBench.use { bench in
            let calls = CallTimes(bench.clock)
            var engines: [BenchEngine] = []
            for _ in 0..<2 {
                let limiter = RedisRateLimiter(
                    RedisClient(try RedisSettings(address: server.address), logger: PushBench.quiet),
                    name: "rates",
                    time: bench.clock.calendar
                )
                engines.append(try await Self.open(bench, calls, callsPerSecond: 20, limiter: limiter))
            }
            let template = try await engines[0].template()
            for number in 100..<160 { try await engines[0].send(["13800130\(number)"], template) }
            try await engines[1].working { try await engines[0].settleInTime(.milliseconds(10)) }
            let stats = try await bench.town.stats()
            #expect(stats.accepted == 60)
            #expect(stats.doubled == 0)
            #expect(calls.mostInASecond <= 20)
        }
        withExtendedLifetime(server) {}
    }

    private static let notices = Lane(channel: .sms, type: .notice)

    /// An engine whose Tencent account takes all that no template gives to the other.
    private static func open(
        _ bench: PushBench,
        _ calls: CallTimes,
        callsPerSecond: Int,
        _ plan: BenchPlan = BenchPlan(),
        limiter: (any RateLimiter)? = nil
    ) async throws -> BenchEngine {
        var plan = plan
        plan.limiter = limiter ?? LocalRateLimiter(clock: bench.clock.calendar)
        plan.weights = (100, 0)
        plan.lane.width = 1
        plan.wire = calls.wire
        let engine = try await bench.open(plan)
        try await engine.store.setAccount(
            engine.tencent,
            weight: 100,
            weights: [:],
            callsPerSecond: callsPerSecond,
            enabled: true
        )
        return engine
    }
}

/// When suppliers were called.
private final class CallTimes: Sendable {
    private let clock: ManualClock
    private let times = Mutex<[Moment]>([])
    private let openings = Mutex(0)

    init(_ clock: ManualClock) {
        self.clock = clock
    }

    /// Tells of the calls of an engine.
    var wire: TestWire {
        TestWire(onBefore: { operation in
            if operation == .open { self.openings.withLock { $0 += 1 } }
            guard case .call = operation else { return }
            self.times.withLock { $0.append(self.clock.calendar.now) }
        })
    }

    /// How often batches were opened.
    var opened: Int { openings.withLock { $0 } }

    /// How long after the first call the last was made.
    var length: Duration {
        times.withLock { times in times.first.flatMap { first in times.last.map { $0 - first } } ?? .zero }
    }

    /// The most calls that were made in any second.
    var mostInASecond: Int {
        times.withLock { times in
            times.enumerated()
                .map { place, start in times[place...].prefix { $0 < start + .seconds(1) }.count }
                .max() ?? 0
        }
    }
}

/// A limiter that answers some times, and then does not until it is healed.
private final class FailingLimiter: RateLimiter {
    private let inner: any RateLimiter
    private let state: Mutex<(answers: Int, refusals: Int)>

    init(inner: any RateLimiter, after answers: Int = 0) {
        self.inner = inner
        state = Mutex((answers, 0))
    }

    /// How often it did not answer.
    var refusals: Int { state.withLock { $0.refusals } }

    func heal() { state.withLock { $0.answers = Int.max } }

    func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant] {
        let isWell = state.withLock { state in
            guard state.answers > 0 else {
                state.refusals += 1
                return false
            }
            state.answers -= 1
            return true
        }
        guard isWell else { throw StoreError(.unavailable, during: "take permits") }
        return try await inner.take(wishes)
    }
}
