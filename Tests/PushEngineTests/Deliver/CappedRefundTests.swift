import Groundwork
import LocalServers
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine
@testable import RedisDriver

/// Who is not sent to because of a supplier's limit of recipients has what was taken for them back: it can be used again,
/// and never twice.
@Suite(.timeLimit(.minutes(5))) struct CappedRefundTests {
    private static let ann = "13800130100"
    private static let bob = "13800130101"

    /// What counts messages.
    enum Counters: CaseIterable {
        case sqlite
        case redis
    }

    /// Rules by which one message uses up a recipient's share.
    private static let rules = [
        QuotaRules(contentWindow: .seconds(300), perDay: 0), QuotaRules(contentWindow: .zero, perDay: 1),
        QuotaRules(contentWindow: .zero, perDay: 0, span: QuotaSpan(.notice, limit: 1, days: 7)),
    ]

    @Test(arguments: rules, Counters.allCases)
    func `a place that was given back is used by the next message, and by one alone`(
        rules: QuotaRules,
        counters: Counters
    ) async throws {
        try await Self.use(rules, counters) { bench, plan, shutter in
            let engine = try await bench.open(plan)
            let template = try await engine.template()
            shutter.shut(for: [Self.ann])
            // Of one call only Ann's message is stopped: Bob's place stays used.
            let first = try await engine.send([Self.ann, Self.bob], template)
            try await engine.settleInTime()
            try await Self.expect(engine, first, [.capped, .isSent])
            let again = try await engine.send([Self.ann], template)
            try await engine.settleInTime()
            try await Self.expect(engine, again, [.capped])
            shutter.open()
            let second = try await engine.send([Self.ann, Self.bob], template)
            try await engine.settleInTime()
            try await Self.expect(engine, second, [.isSent, .stopped])
            let third = try await engine.send([Self.ann, Self.bob], template)
            try await engine.settleInTime()
            try await Self.expect(engine, third, [.stopped, .stopped])
            #expect(try await bench.town.counts() == ["+86\(Self.ann)": 1, "+86\(Self.bob)": 1])
            try await engine.expectSoundStories(first + again + second + third)
        }
    }

    @Test(arguments: rules, [BenchOperation.decide, .refund])
    func `a crash on the way gives nobody's place back twice, and keeps none`(
        rules: QuotaRules,
        operation: BenchOperation
    ) async throws {
        for isAfter in [false, true] {
            try await Self.use(rules, .sqlite) { bench, plan, shutter in
                let cuts = Count()
                let cut: @Sendable (BenchOperation) async throws(WireCut) -> Void = {
                    done throws(WireCut) in
                    if done == operation, cuts.add(1) == 1 { throw WireCut() }
                }
                var plan = plan
                plan.wire = isAfter ? TestWire(onAfter: cut) : TestWire(onBefore: cut)
                let engine = try await bench.open(plan)
                let template = try await engine.template()
                shutter.shut(for: [Self.ann])
                let first = try await engine.send([Self.ann], template)
                try await engine.settleInTime()
                #expect(cuts.value >= 1)
                try await Self.expect(engine, first, [.capped])
                shutter.open()
                let second = try await engine.send([Self.ann], template)
                try await engine.settleInTime()
                try await Self.expect(engine, second, [.isSent])
                let third = try await engine.send([Self.ann], template)
                try await engine.settleInTime()
                try await Self.expect(engine, third, [.stopped])
                #expect(try await bench.town.stats().accepted == 1)
            }
        }
    }

    @Test(arguments: rules, Counters.allCases)
    func `who stops a message that another has sent meanwhile does not give its place back`(
        rules: QuotaRules,
        counters: Counters
    ) async throws {
        try await Self.use(rules, counters) { bench, plan, shutter in
            let (gate, settled) = (Gate(), Count())
            var slow = plan
            slow.wire = TestWire(
                onBefore: { operation throws(WireCut) in
                    guard operation == .decide || operation == .refund else { return }
                    do { try await gate.pass() } catch { throw WireCut() }
                },
                onAfter: { operation throws(WireCut) in
                    if operation == .acknowledge { settled.add(1) }
                }
            )
            let first = try await bench.open(slow)
            let template = try await first.template()
            shutter.shut(for: [Self.ann])
            let messages = try await first.send([Self.ann], template)
            try await first.working {
                try await eventually("the first is about to stop it") { gate.waiters >= 1 }
                shutter.open()
                let second = try await bench.open(plan)
                try await second.settle()
                try await Self.expect(second, messages, [.isSent])
                gate.open()
                try await eventually("the first is done") { settled.value >= 1 }
            }
            try await Self.expect(first, messages, [.isSent])
            let again = try await bench.open(plan)
            let repeats = try await again.send([Self.ann], template)
            try await again.settleInTime()
            try await Self.expect(again, repeats, [.stopped])
            #expect(try await bench.town.stats().accepted == 1)
        }
    }

    /// What is to become of a message.
    private enum Ending {
        /// The supplier would not deliver it.
        case capped
        /// One of the rules stops it.
        case stopped
        case isSent
    }

    private static func expect(
        _ engine: BenchEngine,
        _ messages: [MessageID],
        _ endings: [Ending],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for (message, ending) in zip(messages, endings) {
            let last = try #require(try await engine.story(message).last)
            let isLimit = last.detail.contains("limit of the recipient")
            let state = try await engine.record(message).state
            let isAsExpected =
                switch ending {
                case .capped: state == .capped && isLimit
                case .stopped: state == .duplicate || state == .capped && !isLimit
                case .isSent: state.isSent
                }
            #expect(isAsExpected, "\(ending): \(last)", sourceLocation: sourceLocation)
        }
    }

    private static func use(
        _ rules: QuotaRules,
        _ counters: Counters,
        _ body: (PushBench, BenchPlan, Shutter) async throws -> Void
    ) async throws {
        try await PushBench.use { bench in
            let shutter = Shutter()
            var plan = BenchPlan()
            plan.weights = (1, 0)
            plan.rules = [.notice: rules]
            plan.limiter = shutter
            plan.adapter = { Limited(inner: $0) }
            guard counters == .redis else { return try await body(bench, plan, shutter) }
            let folder = try ServerFolder()
            let server = try await RedisServer(in: folder)
            let client = RedisClient(try RedisSettings(address: server.address), logger: PushBench.quiet)
            plan.quotas = RedisQuotaStore(client, name: "quotas", time: bench.clock.calendar)
            try await body(bench, plan, shutter)
            withExtendedLifetime(server) {}
        }
    }
}

/// Grants everything, but some recipients nothing while it is shut.
private final class Shutter: RateLimiter {
    private let names = Mutex<Set<String>>([])

    func shut(for numbers: [String]) {
        names.withLock { $0 = Set(numbers.map { "to/86\($0)" }) }
    }

    func open() { names.withLock { $0 = [] } }

    func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant] {
        let names = names.withLock { $0 }
        return wishes.map { wish in
            wish.limits.contains { names.contains($0.name) }
                ? RateGrant(granted: 0, wait: .seconds(3_600))
                : RateGrant(granted: wish.count, wait: .zero)
        }
    }
}

/// A supplier that delivers only so much to each recipient.
private struct Limited: Supplier {
    let inner: any Supplier

    var account: AccountID { inner.account }
    var shapes: [CallShape] { inner.shapes }
    var recipientLimits: [RateLimit] { [RateLimit(name: "to", permits: 1)] }

    func send(_ call: SupplierCall) async -> SupplierReply { await inner.send(call) }
}
