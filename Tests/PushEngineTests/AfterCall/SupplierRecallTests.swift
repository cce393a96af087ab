import Groundwork
import SupplierSimulator
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// What is taken back at suppliers, and what is said of the rest.
@Suite(.timeLimit(.minutes(5))) struct SupplierRecallTests {
    private func recall(_ engine: BenchEngine, _ messages: [MessageID]) async throws -> [RecallVerdict.Result]
    {
        let verdicts = try await engine.recalls.recall(messages.map(\.description))
        #expect(verdicts.map(\.message) == messages)
        for verdict in verdicts { #expect(try await engine.record(verdict.message).state == verdict.state) }
        return verdicts.map(\.result)
    }

    @Test(arguments: [Chat.weCom, .dingTalk])
    func `a supplier that takes back whole calls does so when all of a call are named`(
        chat: Chat
    ) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await chat.send(by: engine)
            let other = try await chat.send(by: engine, to: ["Zhao.Liu"])
            #expect(try await recall(engine, Array(messages[..<2])) == [.sharedCall, .sharedCall])
            #expect(!(try await engine.states(messages)).contains(.withdrawn))
            let all = try await recall(engine, [messages[2], other[0], messages[0], messages[1]])
            #expect(all == [.withdrawn, .withdrawn, .withdrawn, .withdrawn])
            try await engine.expectSoundStories(messages + other)
            // Whoever asks again hears the same, and nothing happens.
            #expect(try await recall(engine, messages) == [.withdrawn, .withdrawn, .withdrawn])
            #expect(try await engine.stages(messages[0]).filter { $0 == .withdrawn }.count == 1)
            try await bench.advance(by: .seconds(121))
            #expect(try await engine.takeReceipts().asked == 0)
            #expect(try await engine.states(messages).allSatisfy { $0 == .withdrawn })
        }
    }

    @Test func `a supplier that takes back single messages does so`() async throws {
        try await Chat.getui.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await Chat.getui.send(by: engine)
            #expect(try await recall(engine, [messages[1]]) == [.withdrawn])
            #expect(try await engine.states(messages) == [.sent, .withdrawn, .sent])
        }
    }

    @Test func `what was delivered is taken back as well, and a later result changes nothing`() async throws {
        try await Chat.dingTalk.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await Chat.dingTalk.send(by: engine, to: ["zhang-san", "li-0001"])
            try await bench.advance(by: .seconds(121))
            try await engine.takeReceipts()
            #expect(try await engine.states(messages) == [.delivered, .undelivered])
            // The other one has nothing that could be taken back, and need not be named.
            #expect(try await recall(engine, [messages[0]]) == [.withdrawn])
            #expect(try await recall(engine, [messages[1]]) == [.tooLate])
            try await engine.expectSoundStories(messages)
        }
    }

    @Test(arguments: [Chat.weCom, .dingTalk, .getui])
    func `nothing is taken back when the time for it is over`(chat: Chat) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await chat.send(by: engine)
            try await bench.advance(by: .seconds(86_401))
            #expect(try await recall(engine, messages).allSatisfy { $0 == .tooLate })
        }
    }

    @Test(arguments: [Chat.weCom, .dingTalk, .getui])
    func `a supplier that does not answer is asked again, and a crash before the writing costs nothing`(
        chat: Chat
    ) async throws {
        try await chat.use { bench, plan in
            var plan = plan
            let isBroken = Mutex(true)
            plan.wire = TestWire { operation throws(WireCut) in
                if operation == .withdraw, isBroken.withLock({ $0 }) { throw WireCut() }
            }
            let engine = try await bench.open(plan)
            let messages = try await chat.send(by: engine)
            try await bench.town.setFaults(#"{"outage":true}"#)
            #expect(try await recall(engine, messages).allSatisfy { $0 == .unanswered })
            try await bench.town.setFaults(#"{"outage":false}"#)
            await #expect(throws: SendFault.self) { _ = try await recall(engine, messages) }
            #expect(!(try await engine.states(messages)).contains(.withdrawn))
            isBroken.withLock { $0 = false }
            #expect(try await recall(engine, messages).allSatisfy { $0 == .withdrawn })
            #expect(try await engine.states(messages).allSatisfy { $0 == .withdrawn })
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `of a call that is out, or without an answer, it is said that its end may tell`() async throws
    {
        try await Chat.weCom.use { bench, plan in
            var plan = plan
            let messages = Mutex<[MessageID]>([])
            let results = Mutex<[RecallVerdict.Result]>([])
            let chain = Mutex<RecallChain?>(nil)
            plan.wire = TestWire { operation throws(WireCut) in
                guard case .call(let body) = operation,
                    String(decoding: body, as: UTF8.self).contains("touser")
                else { return }
                let (chain, ids) = (chain.withLock { $0 }, messages.withLock { $0.map(\.description) })
                let verdicts = (try? await chain?.recall(ids)) ?? []
                results.withLock { $0 = verdicts.map(\.result) }
            }
            let engine = try await bench.open(plan)
            chain.withLock { $0 = engine.recalls }
            let template = try await engine.template(Chat.weCom.content, channel: .weComApp)
            let sent = try await engine.send(Chat.weCom.people, template)
            messages.withLock { $0 = sent }
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            try await engine.settle()
            #expect(results.withLock { $0 } == [.unanswered, .unanswered, .unanswered])
            #expect(try await recall(engine, sent) == [.unanswered, .unanswered, .unanswered])
            try await bench.town.setFaults(#"{"withheld_ratio":0}"#)
            try await bench.advance(by: .seconds(61))
            try await engine.takeReceipts()
            // Nobody says what WeCom calls a message by that it dropped as a repeat.
            #expect(try await recall(engine, sent) == [.notSupported, .notSupported, .notSupported])
        }
    }

    @Test func `what waits, what is taken and what is none are told apart in one answer`() async throws {
        try await Chat.getui.use { bench, plan in
            var plan = plan
            plan.weights = (tencent: 1, aliyun: 0)
            let engine = try await bench.open(plan)
            let gone = try await Chat.getui.send(by: engine, to: ["device-a"])
            let message = try await engine.send(["13800130100"], engine.template())
            try await engine.settle()
            let waiting = try await engine.send(["13800130101"], engine.template("再见"))
            let stranger = MessageID(batch: BatchID(rawValue: 999), index: 0)
            let verdicts = try await engine.recalls.recall(
                (waiting + gone + message + [stranger] + gone).map(\.description)
            )
            #expect(
                verdicts.map(\.result) == [.recalled, .withdrawn, .notSupported, .notFound, .withdrawn]
            )
            #expect(verdicts.map(\.state) == [.recalled, .withdrawn, .accepted, nil, .withdrawn])
        }
    }
}
