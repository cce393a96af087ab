import Groundwork
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Nobody is sent more than a supplier delivers that drops the rest without a word.
@Suite struct RecipientGateTests {
    @Test func `who has had enough for now waits, and nobody else`() async throws {
        try await PushBench.use { bench in
            let sendings = Sendings(bench.clock)
            let engine = try await Self.open(bench, sendings, CallRate(2, per: .seconds(60)))
            let template = try await engine.template("{$n}")
            let busy = try await Self.send(6, to: "13800130100", template, engine)
            var others: [MessageID] = []
            for number in 101..<121 {
                others += try await engine.send(["13800130\(number)"], template, ["n": "x"])
            }
            try await engine.working {
                try await eventually("the others have theirs") {
                    try await engine.states(others).allSatisfy(\.isSent)
                }
                #expect(bench.now < PushBench.noon + .seconds(1))
            }
            try await engine.settleInTime(.seconds(1))
            #expect(try await engine.states(busy).allSatisfy(\.isSent))
            // One each.
            #expect(try await bench.town.stats().accepted == 26)
            #expect(sendings.most(to: "+8613800130100", within: .seconds(60)) <= 2)
            // Waiting leaves nothing in the books.
            #expect(try await engine.stages(busy[5]) == [.accepted, .calling, .answered])
        }
    }

    @Test func `who would wait for hours is not sent to`() async throws {
        try await PushBench.use { bench in
            let sendings = Sendings(bench.clock)
            let engine = try await Self.open(bench, sendings, CallRate(2, per: .seconds(86_400)))
            let template = try await engine.template("{$n}")
            let messages = try await Self.send(5, to: "13800130100", template, engine)
            let other = try await engine.send(["13800130101"], template, ["n": "x"])
            try await engine.settleInTime(.seconds(1))
            let states = try await engine.states(messages)
            #expect(states.count(where: \.isSent) == 1)
            #expect(states.count { $0 == .capped } == 4)
            #expect(try await engine.states(other).allSatisfy(\.isSent))
            try await engine.expectSoundStories(messages)
            let capped = try #require(zip(messages, states).first { $0.1 == .capped }?.0)
            #expect(try await engine.story(capped).last?.detail.contains("limit of the recipient") == true)
            #expect(sendings.count == 2)
        }
    }

    @Test func `of a call only those wait who have had enough`() async throws {
        let limiter = LocalRateLimiter(clock: ManualClock(Moment(secondsSinceEpoch: 1_775_000_000)).calendar)
        let gate = RecipientGate(limiter: limiter)
        let limited = AccountID(rawValue: 1)
        let roster = SupplierRoster(
            entries: [limited, AccountID(rawValue: 2)]
                .map { id in
                    let limits =
                        id == limited ? [RateLimit(name: "to", permits: 1, per: .seconds(60))] : []
                    return SupplierRoster.Entry(
                        account: .sample("a\(id.rawValue)", id: id.rawValue),
                        supplier: Counted(inner: nil, account: id, recipientLimits: limits, sendings: nil)
                    )
                }
        )
        var task = SendTask(
            template: TemplateID(rawValue: 1),
            templateVersion: 1,
            lane: Lane(channel: .sms, type: .notice),
            shield: .none,
            account: nil,
            campaignRun: nil,
            acceptedAt: Moment(millisecondsSinceEpoch: 0)
        )
        task.contents.append(Array("text".utf8))
        for person in [1, 2, 1, 3] {
            task.recipients.append(Array("user-\(person)".utf8))
            task.contentIndex.append(0)
        }
        let calls = [
            PlannedCall(account: limited, members: Members([0, 1])),
            PlannedCall(account: limited, members: Members([2])),
            PlannedCall(account: AccountID(rawValue: 2), members: Members([2, 3])),
            PlannedCall(account: limited, members: Members([2, 3])),
        ]
        let passage = try await gate.admit(calls, roster, task)
        #expect(passage.calls.map(\.place) == [0, 2, 3])
        #expect(passage.calls.map(\.call.members) == [Members([0, 1]), Members([2, 3]), Members([3])])
        #expect(passage.wait == .seconds(60))
        #expect(passage.capped.isEmpty)
    }

    private static func send(
        _ count: Int,
        to number: String,
        _ template: TemplateID,
        _ engine: BenchEngine
    ) async throws -> [MessageID] {
        var messages: [MessageID] = []
        for text in 0..<count { messages += try await engine.send([number], template, ["n": "\(text)"]) }
        return messages
    }

    private static func open(
        _ bench: PushBench,
        _ sendings: Sendings,
        _ rate: CallRate
    ) async throws -> BenchEngine {
        var plan = BenchPlan()
        plan.weights = (0, 1)
        plan.rules = [.notice: QuotaRules(perDay: 20)]
        plan.limiter = LocalRateLimiter(clock: bench.clock.calendar)
        plan.adapter = { inner in
            let account = SupplierAccount.sample(id: inner.account.rawValue)
            return Counted(
                inner: inner,
                account: inner.account,
                recipientLimits: account.recipientLimits([rate], countedBy: "test"),
                sendings: sendings
            )
        }
        return try await bench.open(plan)
    }
}

/// When whom a message was sent to.
private final class Sendings: Sendable {
    private let clock: ManualClock
    private let times = Mutex<[(recipient: String, at: Moment)]>([])

    init(_ clock: ManualClock) {
        self.clock = clock
    }

    func note(_ recipients: [String]) {
        let now = clock.calendar.now
        times.withLock { $0 += recipients.map { ($0, now) } }
    }

    var count: Int { times.withLock { $0.count } }

    /// The most that one got in any stretch of that length.
    func most(to recipient: String, within length: Duration) -> Int {
        let times = times.withLock { $0.filter { $0.recipient == recipient }.map(\.at).sorted() }
        return times.enumerated()
            .map { place, start in times[place...].prefix { $0 < start + length }.count }
            .max() ?? 0
    }
}

/// A supplier with limits of recipients.
private struct Counted: Supplier {
    let inner: (any Supplier)?
    let account: AccountID
    let recipientLimits: [RateLimit]
    let sendings: Sendings?

    var shapes: [CallShape] { inner?.shapes ?? [] }

    func send(_ call: SupplierCall) async -> SupplierReply {
        sendings?.note(call.recipients)
        return await inner?.send(call)
            ?? SupplierReply(all: .ambiguous(detail: ""), count: call.recipients.count)
    }
}
