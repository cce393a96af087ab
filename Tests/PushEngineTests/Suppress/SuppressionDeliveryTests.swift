import Groundwork
import SQLiteDriver
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// For each step that keeps a message from somebody: who is stopped, what their timeline says, and that nothing of theirs
/// is left in anybody's way.
@Suite(.timeLimit(.minutes(5))) struct SuppressionDeliveryTests {
    private static let ann = "13800130100"
    private static let bob = "13800130101"

    private static func phone(_ number: String) throws -> Addressee { try Addressee(number, on: .sms) }

    private func suppress(
        _ engine: BenchEngine,
        _ number: String,
        _ scope: SuppressionScope,
        _ source: SuppressionSource = .operator
    ) async throws {
        let draft = SuppressionDraft(
            try Self.phone(number),
            scope,
            source: source,
            by: "ann",
            at: engine.bench.now
        )
        _ = try await engine.store.suppress([draft])
        // What is known for a second is asked for anew.
        engine.bench.clock.advance(by: .seconds(1))
    }

    /// Checks that one was stopped, the timeline says why, and the others went out.
    private func expectStopped(
        _ engine: BenchEngine,
        _ messages: [MessageID],
        _ state: DeliveryState,
        _ detail: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let states = try await engine.states(messages)
        #expect(states[0] == state, sourceLocation: sourceLocation)
        #expect(states[1...].allSatisfy { $0.isSent }, "\(states)", sourceLocation: sourceLocation)
        let last = try #require(try await engine.story(messages[0]).last)
        #expect(last.state == state && last.detail == detail, "\(last)", sourceLocation: sourceLocation)
        let story = try await engine.story(messages[0])
        #expect(!story.contains { $0.stage == .calling }, sourceLocation: sourceLocation)
        try await engine.expectSoundStories(messages, sourceLocation: sourceLocation)
        // What the template was given and where it all stands add up.
        let template = try await engine.record(messages[0]).template
        let day = BusinessCalendar(zone: PushBench.zone).day(of: engine.bench.now)
        let tallies = try await engine.store.tallies(day: day).filter { $0.template == template }
        #expect(tallies.reduce(0) { $0 + $1.count } == messages.count, sourceLocation: sourceLocation)
        #expect(tallies.first { $0.state == state }?.count == 1, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (SuppressionScope.everything, SuppressionSource.operator, "blacklist_global"),
        (.signature("快推"), .operator, "blacklist_signature 快推"),
        (.type(.notice), .operator, "blacklist_class notice"),
        (.type(.notice), .reply, "opted_out notice"),
        (.signature("快推"), .reply, "opted_out 快推"),
        (.everything, .reply, "opted_out"),
        (.signature("快推"), .supplier, "blacklist_signature 快推"),
    ])
    func `who is on the blacklist is stopped, and the timeline names scope and rule`(
        scope: SuppressionScope,
        source: SuppressionSource,
        detail: String
    ) async throws {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let template = try await engine.template()
            try await suppress(engine, Self.ann, scope, source)
            let messages = try await engine.send([Self.ann, Self.bob], template)
            try await engine.settle()
            try await expectStopped(engine, messages, .suppressed, detail)
        }
    }

    @Test func `a mail address in other letters is the same one's, on the blacklist and for the quotas`()
        async throws
    {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            plan.others = [.webhook]
            let engine = try await bench.open(plan)
            let template = try await engine.template(#"{"content":"hello"}"#, channel: .im)
            let listed = try Addressee("ANN@Example.org", on: .im)
            let draft = SuppressionDraft(
                listed,
                .everything,
                source: .operator,
                by: "ann",
                at: engine.bench.now
            )
            _ = try await engine.store.suppress([draft])
            let first = try await engine.send(["Ann@example.org", "Eve@example.org"], template)
            try await engine.settle()
            #expect(try await engine.states(first) == [.suppressed, .sent])
            let again = try await engine.send(["eve@example.org"], template)
            try await engine.settle()
            #expect(try await engine.states(again) == [.duplicate])
            #expect(try await engine.record(first[1]).recipient == "Eve@example.org")
        }
    }

    @Test func `other signatures and other types are nobody's refusal, and the widest entry is named`()
        async throws
    {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            try await suppress(engine, Self.ann, .signature("别家"))
            try await suppress(engine, Self.ann, .type(.marketing))
            let free = try await engine.send([Self.ann], template, ["text": "a"])
            try await engine.settle()
            #expect(try await engine.states(free).allSatisfy { $0.isSent })
            try await suppress(engine, Self.ann, .type(.notice))
            try await suppress(engine, Self.ann, .signature("快推"))
            let first = try await engine.send([Self.ann, Self.bob], template, ["text": "b"])
            try await engine.settle()
            try await expectStoppedLast(engine, first[0], "blacklist_signature 快推")
            try await suppress(engine, Self.ann, .everything)
            let second = try await engine.send([Self.ann], template, ["text": "c"])
            try await engine.settle()
            try await expectStoppedLast(engine, second[0], "blacklist_global")
        }
    }

    private func expectStoppedLast(_ engine: BenchEngine, _ message: MessageID, _ detail: String) async throws
    {
        let last = try #require(try await engine.story(message).last)
        #expect(last.state == .suppressed && last.detail == detail, "\(last)")
    }

    @Test func `who is taken off the list gets messages again, and the discarded come after the blacklisted`()
        async throws
    {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let template = try await engine.template("{$text}")
            let key = try Self.phone(Self.ann).key
            try await engine.store.setDiscarded(true, .recipient(key))
            try await suppress(engine, Self.ann, .everything)
            let both = try await engine.send([Self.ann], template, ["text": "a"])
            try await engine.settle()
            try await expectStoppedLast(engine, both[0], "blacklist_global")
            let entry = try #require(try await engine.store.suppressions(of: nil, after: nil, limit: 1).first)
            #expect(try await engine.store.unsuppress(entry.id, at: bench.now, by: "ann"))
            bench.clock.advance(by: .seconds(1))
            let one = try await engine.send([Self.ann], template, ["text": "b"])
            try await engine.settle()
            #expect(try await engine.states(one) == [.discarded])
            try await engine.store.setDiscarded(false, .recipient(key))
            bench.clock.advance(by: .seconds(1))
            let none = try await engine.send([Self.ann], template, ["text": "c"])
            try await engine.settle()
            #expect(try await engine.states(none).allSatisfy { $0.isSent })
        }
    }

    @Test func `where the allow-list is switched on only those on it get messages`() async throws {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            plan.isAllowListOn = true
            let engine = try await bench.open(plan)
            let bob = AllowDraft(try Self.phone(Self.bob), by: "ann", at: bench.now)
            _ = try await engine.store.allow([bob])
            let messages = try await engine.send([Self.ann, Self.bob], engine.template())
            try await engine.settle()
            try await expectStopped(engine, messages, .filtered, "not_allowed")
        }
    }

    @Test func `a text with a sensitive word is stopped, and the timeline names the word's number alone`()
        async throws
    {
        try await PushBench.use { bench async throws in
            let engine = try await bench.open()
            let words = ["别的", "Casino"].compactMap { SensitiveWordDraft($0, by: "ann", at: bench.now) }
            _ = try await engine.store.addWords(words)
            let word = try #require(try await engine.store.wordList().first { $0.text == "Casino" })
            let template = try await engine.template("{$text}")
            let params = [("来ｃａ－Ｓ i·no玩", Self.ann), ("casio no", Self.bob)]
                .map { MessageParam(bizID: nil, receivers: [$0.1], variables: ["text": $0.0]) }
            let receipt = try await engine.chain.accept(SendRequest(template: template, params: params))
            let messages = try receipt.verdicts.map { try $0.result.get() }
            try await engine.settle()
            try await expectStopped(engine, messages, .censored, "word \(word.id.rawValue)")
            // A list that grew is read anew.
            _ = try await engine.store.addWords(
                [SensitiveWordDraft("casio", by: "ann", at: bench.now)].compactMap(\.self)
            )
            bench.clock.advance(by: .seconds(301))
            let later = try await engine.send([Self.bob], template, ["text": "casio no"])
            try await engine.settle()
            #expect(try await engine.states(later) == [.censored])
        }
    }

    @Test func `a cap of several days names rule, count, limit and the day from which it is free`()
        async throws
    {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            plan.rules = [.notice: QuotaRules(perDay: 2, span: QuotaSpan(.notice, limit: 3, days: 7))]
            let engine = try await bench.open(plan)
            let template = try await engine.template("{$text}")
            func send(_ text: String) async throws -> MessageID {
                let messages = try await engine.send([Self.ann], template, ["text": text])
                try await engine.settle()
                return messages[0]
            }
            for text in ["a", "b"] { #expect(try await engine.record(send(text)).state.isSent) }
            let ofDay = try #require(try await engine.story(send("c")).last)
            #expect(ofDay.state == .capped)
            #expect(ofDay.detail == "cap_day count=2 limit=2 again=2026-03-03")
            bench.clock.advance(by: .seconds(2 * 86_400))
            #expect(try await engine.record(send("d")).state.isSent)
            let ofSpan = try #require(try await engine.story(send("e")).last)
            #expect(ofSpan.state == .capped)
            #expect(ofSpan.detail == "cap_span count=3 type=notice limit=3 days=7 again=2026-03-09")
            bench.clock.advance(by: .seconds(5 * 86_400))
            #expect(try await engine.record(send("f")).state.isSent)
            // Who is stopped by a span uses nothing up.
            #expect(try await bench.town.stats().accepted == 4)
        }
    }

    @Test(arguments: [2, 3])
    func `a batch that comes again gets the same answer, and the stopped hold no place`(
        times: Int
    ) async throws {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            let span = QuotaSpan(.notice, limit: 1, days: 3)
            plan.rules = [.notice: QuotaRules(contentWindow: .zero, perDay: 0, span: span)]
            let engine = try await bench.open(plan)
            let template = try await engine.template("{$text}")
            try await suppress(engine, Self.ann, .everything)
            let messages = try await engine.send([Self.ann, Self.bob], template, ["text": "a"])
            for _ in 0..<times { _ = try await engine.deliverer.deliver(messages[0].batch, attempt: 1) }
            try await engine.settle()
            try await expectStopped(engine, messages, .suppressed, "blacklist_global")
            let entry = try #require(try await engine.store.suppressions(of: nil, after: nil, limit: 1).first)
            _ = try await engine.store.unsuppress(entry.id, at: bench.now, by: "ann")
            bench.clock.advance(by: .seconds(1))
            let later = try await engine.send([Self.ann, Self.bob], template, ["text": "b"])
            try await engine.settle()
            #expect(try await engine.states(later).map(\.isSent) == [true, false])
            #expect(try await engine.record(later[1]).state == .capped)
        }
    }

    @Test func `who was put off and then listed gives the place back that was kept`() async throws {
        try await PushBench.use { bench async throws in
            var plan = BenchPlan()
            let span = QuotaSpan(.notice, limit: 1, days: 3)
            plan.rules = [.notice: QuotaRules(contentWindow: .zero, perDay: 1, span: span)]
            let engine = try await bench.open(plan)
            let template = try await engine.template("{$text}")
            try await bench.town.setFaults(#"{"outage":true}"#)
            let messages = try await engine.send([Self.ann], template, ["text": "a"])
            _ = try await engine.deliverer.deliver(messages[0].batch, attempt: 1)
            try await suppress(engine, Self.ann, .everything)
            try await bench.town.setFaults(#"{"outage":false}"#)
            try await engine.settleInTime()
            #expect(try await engine.states(messages) == [.suppressed])
            let entry = try #require(try await engine.store.suppressions(of: nil, after: nil, limit: 1).first)
            _ = try await engine.store.unsuppress(entry.id, at: bench.now, by: "ann")
            bench.clock.advance(by: .seconds(1))
            let later = try await engine.send([Self.ann], template, ["text": "b"])
            try await engine.settle()
            #expect(try await engine.states(later).allSatisfy { $0.isSent })
        }
    }
}
