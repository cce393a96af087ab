import Groundwork
import SupplierSimulator
import TestKit
import Testing

@testable import PushEngine

/// Suppliers that tell what became of a whole call when they are asked by its reference.
@Suite(.timeLimit(.minutes(5))) struct CallResultTests {
    private static let chat = Chat.dingTalk
    /// Read, not delivered, none, and over the day's limit.
    private static let people = ["zhang-san", "li-0001", "wang-0002", "zhao-0003"]

    @Test func `a call is asked for as a whole, and each of its members has its own word`() async throws {
        try await Self.chat.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await Self.chat.send(by: engine, to: Self.people)
            #expect(try await engine.states(messages).allSatisfy { $0 == .accepted })
            try await bench.advance(by: .seconds(60))
            #expect(try await engine.takeReceipts().asked == 0)
            try await bench.advance(by: .seconds(61))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 4)
            #expect(round.counted.applied == 4)
            #expect(round.cleared == 4)
            #expect(
                try await engine.states(messages) == [.delivered, .undelivered, .undelivered, .undelivered]
            )
            #expect(try await engine.record(messages[3]).code == "143105")
            try await engine.expectSoundStories(messages)
            try await bench.advance(by: .seconds(121))
            #expect(try await engine.takeReceipts().asked == 0)
        }
    }

    @Test func `each call is asked for when it is due, whenever others were`() async throws {
        try await Self.chat.use { bench, plan in
            let engine = try await bench.open(plan)
            // Nothing to ask for yet, which puts nothing off.
            #expect(try await engine.takeReceipts().asked == 0)
            var messages: [MessageID] = []
            for person in Self.chat.people {
                messages += try await Self.chat.send(by: engine, to: [person])
                try await bench.advance(by: .seconds(40))
            }
            for _ in Self.chat.people {
                try await bench.advance(by: .seconds(1))
                #expect(try await engine.takeReceipts().asked == 1)
                #expect(try await engine.takeReceipts().asked == 0)
                try await bench.advance(by: .seconds(39))
            }
            #expect(try await engine.states(messages).allSatisfy { $0 == .delivered })
        }
    }

    @Test func `an account is asked so often in a round, and goes on where it stopped`() async throws {
        try await Self.chat.use { bench, plan in
            var plan = plan
            plan.receipts.queriesPerRound = 2
            let engine = try await bench.open(plan)
            var messages: [MessageID] = []
            for person in ["a-san", "b-san", "c-san"] {
                messages += try await Self.chat.send(by: engine, to: [person])
            }
            try await bench.advance(by: .seconds(121))
            let first = try await engine.takeReceipts()
            #expect(first.asked == 2)
            #expect(first.hasMore)
            #expect(try await engine.takeReceipts().asked == 1)
            #expect(try await engine.states(messages).allSatisfy { $0 == .delivered })
        }
    }

    @Test func `a supplier that does not answer is asked again, and nothing is lost or applied twice`()
        async throws
    {
        try await Self.chat.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await Self.chat.send(by: engine)
            try await bench.advance(by: .seconds(121))
            try await bench.town.setFaults(#"{"outage":true}"#)
            #expect(try await engine.takeReceipts().silent.contains("dingtalk-notice"))
            #expect(try await engine.states(messages).allSatisfy { $0 == .accepted })
            try await bench.town.setFaults(#"{"outage":false}"#)
            let others = [engine, try await bench.open(plan)]
            let rounds = try await withThrowingTaskGroup(of: ReceiptRound.self) { group in
                for engine in others { group.addTask { try await engine.takeReceipts() } }
                return try await group.reduce(into: ReceiptRound()) { $0 = $0 + $1 }
            }
            #expect(rounds.counted.applied == messages.count)
            #expect(rounds.counted.stray == 0)
            #expect(try await engine.states(messages).allSatisfy { $0 == .delivered })
            try await engine.expectSoundStories(messages)
        }
    }

    @Test func `after a day nobody is asked any more, and the message ends without a receipt`() async throws {
        try await Self.chat.use { bench, plan in
            let engine = try await bench.open(plan)
            let messages = try await Self.chat.send(by: engine)
            try await bench.advance(by: .seconds(86_401))
            let round = try await engine.takeReceipts()
            #expect(round.asked == 0)
            #expect(round.silent.isEmpty)
            try await bench.advance(by: .seconds(48 * 3_600))
            #expect(try await engine.takeReceipts().expired == messages.count)
            #expect(try await engine.states(messages).allSatisfy { $0 == .unconfirmed })
        }
    }

    @Test func `who had the notice by the first call counts as reached when it was made again`() async throws
    {
        try await Self.chat.use { bench, plan in
            let engine = try await bench.open(plan)
            try await bench.town.setFaults(#"{"withheld_ratio":1}"#)
            let messages = try await Self.chat.send(by: engine)
            try await bench.town.setFaults(#"{"withheld_ratio":0}"#)
            try await bench.advance(by: .seconds(61))
            #expect(try await engine.takeReceipts().repeated == 1)
            try await bench.advance(by: .seconds(121))
            try await engine.takeReceipts()
            #expect(try await engine.states(messages).allSatisfy { $0 == .delivered })
            try await engine.expectSoundStories(messages)
            try await bench.expect(taken: messages.count)
        }
    }
}
