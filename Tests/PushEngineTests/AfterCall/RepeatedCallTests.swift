import Groundwork
import SQLiteDriver
import SupplierSimulator
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Calls without an answer at suppliers that cannot be asked.
///
/// They are made again where what comes twice is dropped, else left in doubt or sent again once. What the simulator took is
/// the proof that nobody has anything twice.
@Suite(.timeLimit(.minutes(5))) struct RepeatedCallTests {
    /// Whether the word on all is in: taken, and more of it only where the supplier gives receipts.
    private func expectTaken(_ engine: BenchEngine, _ messages: [MessageID]) async throws {
        let states = try await engine.states(messages)
        #expect(states.allSatisfy { $0 == .sent || $0 == .accepted || $0 == .delivered }, "\(states)")
        try await engine.expectSoundStories(messages)
    }

    @Test(arguments: Chat.dropping, [#"{"withheld_ratio":1}"#, #"{"reset_ratio":1}"#])
    func `a call without an answer is made again, and everybody has the message once`(
        chat: Chat,
        fault: String
    ) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(fault)
            let messages = try await chat.send(by: engine)
            #expect(try await engine.states(messages).allSatisfy { $0 == .unknown })
            try await bench.town.setFaults(#"{"withheld_ratio":0,"reset_ratio":0}"#)
            #expect(try await engine.takeReceipts().repeated == 0)
            try await bench.advance(by: .seconds(61))
            let round = try await engine.takeReceipts()
            #expect(round.repeated >= 1)
            #expect(round.cleared >= messages.count)
            try await expectTaken(engine, messages)
            try await bench.expect(taken: messages.count)
            try await bench.advance(by: .seconds(61))
            #expect(try await engine.takeReceipts().repeated == 0)
            try await bench.expect(taken: messages.count)
        }
    }

    @Test(arguments: Chat.hesitating, DeliveryGuarantee.allCases)
    func `a call that never has an answer is not made again when the supplier would not drop it`(
        chat: Chat,
        guarantee: DeliveryGuarantee
    ) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await chat.send(by: engine, guarantee: guarantee)
            var repeated = 0
            for _ in 0..<35 {
                try await bench.advance(by: .seconds(61))
                let round = try await engine.takeReceipts()
                repeated += round.repeated
                guard round.sentAgain == 0 else { break }
            }
            #expect(repeated > 0)
            try await bench.expect(taken: messages.count)
            let after = try await engine.takeReceipts()
            #expect(after.repeated == 0)
            let promise: DeliveryState = guarantee == .atLeastOnce ? .queued : .unknown
            #expect(try await engine.states(messages).allSatisfy { $0 == promise })
            guard guarantee == .atMostOnce else { return }
            try await bench.advance(by: .seconds(72 * 3_600))
            #expect(try await engine.takeReceipts().expired == messages.count)
            #expect(try await engine.states(messages).allSatisfy { $0 == .unresolved })
            try await bench.expect(taken: messages.count)
        }
    }

    @Test(arguments: Chat.dropping)
    func `a crash between the supplier's answer and our writing it costs nothing`(chat: Chat) async throws {
        try await chat.use { bench, plan in
            var plan = plan
            let isBroken = Mutex(true)
            plan.wire = TestWire { operation throws(WireCut) in
                if operation == .resolve, isBroken.withLock({ $0 }) { throw WireCut() }
            }
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"reset_ratio":1}"#)
            let messages = try await chat.send(by: engine)
            try await bench.town.setFaults(#"{"reset_ratio":0}"#)
            try await bench.advance(by: .seconds(61))
            await #expect(throws: StoreError.self) { try await engine.takeReceipts() }
            #expect(try await engine.states(messages).allSatisfy { $0 == .unknown })
            isBroken.withLock { $0 = false }
            // Whoever comes next knows nothing of the one that is gone.
            let next = try await bench.open(plan)
            try await next.takeReceipts()
            try await expectTaken(next, messages)
            try await bench.expect(taken: messages.count)
        }
    }

    @Test(arguments: Chat.dropping)
    func `several rounds at once reach nobody twice`(chat: Chat) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await chat.send(by: engine)
            try await bench.town.setFaults(#"{"withheld_ratio":0.5}"#)
            try await bench.advance(by: .seconds(61))
            let others = [engine, try await bench.open(plan), try await bench.open(plan)]
            for _ in 0..<4 {
                await withTaskGroup(of: Void.self) { group in
                    for engine in others { group.addTask { _ = try? await engine.takeReceipts() } }
                }
                try await bench.advance(by: .seconds(61))
            }
            try await bench.town.setFaults(#"{"withheld_ratio":0}"#)
            try await engine.takeReceipts()
            try await expectTaken(engine, messages)
            try await bench.expect(taken: messages.count)
        }
    }

    @Test(arguments: Chat.hesitating)
    func `a repeat that is refused for the moment proves nothing, and nobody is sent to elsewhere`(
        chat: Chat
    ) async throws {
        try await chat.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await chat.send(by: engine, guarantee: .atLeastOnce)
            for fault in [
                #"{"withheld_ratio":0,"throttled_ratio":1}"#, #"{"throttled_ratio":0,"outage":true}"#,
            ] {
                try await bench.town.setFaults(fault)
                try await bench.advance(by: .seconds(61))
                try await engine.takeReceipts()
                #expect(try await engine.states(messages).allSatisfy { $0 == .unknown })
            }
            try await bench.town.setFaults(#"{"outage":false}"#)
            try await bench.advance(by: .seconds(61))
            try await engine.takeReceipts()
            try await expectTaken(engine, messages)
            try await bench.expect(taken: messages.count)
        }
    }

    @Test func `who got onto the discard list meanwhile is not called for again`() async throws {
        try await Chat.weCom.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"reset_ratio":1}"#)
            let messages = try await Chat.weCom.send(by: engine)
            try await bench.town.setFaults(#"{"reset_ratio":0}"#)
            let template = try await engine.record(messages[0]).template
            try await engine.store.setDiscarded(true, .template(template))
            try await bench.advance(by: .seconds(61))
            #expect(try await engine.takeReceipts().repeated == 0)
            try await bench.expect(taken: 0)
            try await engine.store.setDiscarded(false, .template(template))
            try await bench.advance(by: .seconds(61))
            #expect(try await engine.takeReceipts().repeated == 1)
            try await bench.expect(taken: messages.count)
        }
    }

    @Test func `a recipient that the supplier can never reach is refused by the repeat as by the first`()
        async throws
    {
        try await Chat.weCom.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await Chat.weCom.send(by: engine, to: ["Li.Si", "Zhang.0002"])
            try await bench.town.setFaults(#"{"withheld_ratio":0}"#)
            try await bench.advance(by: .seconds(61))
            try await engine.takeReceipts()
            #expect(try await engine.states(messages) == [.sent, .failed])
            try await engine.expectSoundStories(messages)
            try await bench.expect(taken: 1)
        }
    }

    @Test func `what nobody can tell of stays in doubt where it may be sent once`() async throws {
        try await Chat.miniProgram.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await Chat.miniProgram.send(by: engine)
            for _ in 0..<3 {
                try await bench.advance(by: .seconds(601))
                let round = try await engine.takeReceipts()
                #expect(round.sentAgain == 0)
                #expect(round.repeated == 0)
            }
            #expect(try await engine.states(messages) == [.unknown])
            try await bench.advance(by: .seconds(72 * 3_600))
            try await engine.takeReceipts()
            #expect(try await engine.states(messages) == [.unresolved])
            try await bench.expect(taken: 1)
        }
    }

    @Test func `what nobody can tell of is sent again once where it may be sent twice`() async throws {
        try await Chat.miniProgram.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"reset_ratio":1}"#)
            let messages = try await Chat.miniProgram.send(by: engine, guarantee: .atLeastOnce)
            try await bench.advance(by: .seconds(300))
            #expect(try await engine.takeReceipts().sentAgain == 0)
            try await bench.advance(by: .seconds(301))
            #expect(try await engine.takeReceipts().sentAgain == 1)
            try await engine.settle()
            #expect(try await engine.states(messages) == [.unknown])
            for _ in 0..<3 {
                try await bench.advance(by: .seconds(601))
                #expect(try await engine.takeReceipts().sentAgain == 0)
            }
            #expect(try await engine.states(messages) == [.unknown])
            try await engine.expectSoundStories(messages)
        }
    }
}
