import Groundwork
import PushEngine
import TestKit
import Testing

extension SendQueueConformance {
    static let extending: [Clause<QueueRig>] = [
        Clause("an extended claim lasts its time again, from then on") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            for _ in 0..<3 {
                rig.clock.advance(by: .seconds(40))
                #expect(try await rig.queue.extend(delivery, visibility: .seconds(60)))
            }
            rig.clock.advance(by: .seconds(59))
            #expect(try await rig.claim().isEmpty)
            #expect(try await rig.depth() == QueueDepth(claimed: 1))
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.claim().map(\.attempt) == [2])
        },
        Clause("a claim whose time ran out is extended while nobody has taken the message") { rig in
            try await rig.queue.append([rig.message(1), rig.message(2)])
            let deliveries = try await rig.claim()
            rig.clock.advance(by: .seconds(60))
            #expect(try await rig.claim(limit: 1).map(\.message) == [rig.message(1)])
            #expect(try await rig.queue.extend(deliveries[1], visibility: .seconds(60)))
            #expect(try await rig.claim().isEmpty)
            try await rig.queue.acknowledge(deliveries[1])
            #expect(try await rig.depth() == QueueDepth(claimed: 1))
        },
        Clause("a claim that has been superseded or settled is not extended") { rig in
            try await rig.queue.append([rig.message(1)])
            let stale = try #require(try await rig.claim().first)
            rig.clock.advance(by: .seconds(60))
            let fresh = try #require(try await rig.claim().first)
            #expect(try await rig.queue.extend(stale, visibility: .seconds(900)) == false)
            try await rig.queue.postpone(fresh, by: .zero, counted: true)
            #expect(try await rig.queue.extend(fresh, visibility: .seconds(900)) == false)
            try await rig.queue.acknowledge(try #require(try await rig.claim().first))
            #expect(try await rig.queue.extend(fresh, visibility: .seconds(900)) == false)
            #expect(try await rig.depth().total == 0)
        },
        Clause("the claim of a suspended occurrence's message is extended") { rig in
            try await rig.queue.append([rig.message(1, run: 4)])
            let delivery = try #require(try await rig.claim().first)
            try await rig.queue.setSuspended(true, CampaignRunID(rawValue: 4))
            rig.clock.advance(by: .seconds(40))
            #expect(try await rig.queue.extend(delivery, visibility: .seconds(60)))
            rig.clock.advance(by: .seconds(40))
            #expect(try await rig.depth() == QueueDepth(claimed: 1))
        },
    ]

    static let settling: [Clause<QueueRig>] = [
        Clause("an acknowledged message is gone") { rig in
            try await rig.queue.append([rig.message(1)])
            try await rig.queue.acknowledge(try #require(try await rig.claim().first))
            rig.clock.advance(by: .seconds(1_000))
            #expect(try await rig.claim().isEmpty)
            #expect(try await rig.depth().total == 0)
        },
        Clause("a claim that has been superseded is worth nothing") { rig in
            try await rig.queue.append([rig.message(1)])
            let stale = try #require(try await rig.claim().first)
            rig.clock.advance(by: .seconds(60))
            let fresh = try #require(try await rig.claim().first)
            try await rig.queue.acknowledge(stale)
            try await rig.queue.postpone(stale, by: .zero, counted: true)
            try await rig.queue.bury(stale, reason: "stale")
            #expect(try await rig.depth() == QueueDepth(claimed: 1))
            try await rig.queue.acknowledge(fresh)
            #expect(try await rig.depth().total == 0)
        },
        Clause("a claim from before a revival is worth nothing") { rig in
            try await rig.queue.append([rig.message(1)])
            let stale = try #require(try await rig.claim().first)
            try await rig.queue.bury(stale, reason: "broken")
            try await rig.queue.revive(stale.message.batch)
            let fresh = try #require(try await rig.claim().first)
            #expect(fresh.attempt == stale.attempt)
            try await rig.queue.acknowledge(stale)
            #expect(try await rig.depth() == QueueDepth(claimed: 1))
        },
        Clause("a postponed message is ready after its delay, its attempts counted") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            try await rig.queue.postpone(delivery, by: .seconds(5), counted: true)
            #expect(try await rig.depth() == QueueDepth(waiting: 1))
            rig.clock.advance(by: .seconds(4))
            #expect(try await rig.claim().isEmpty)
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.depth() == QueueDepth(ready: 1))
            #expect(try await rig.claim().map(\.attempt) == [2])
        },
        Clause("a message that is put off without being counted has its attempt again") { rig in
            try await rig.queue.append([rig.message(1)])
            for counted in [false, true, false, false] {
                let delivery = try #require(try await rig.claim().first)
                try await rig.queue.postpone(delivery, by: .seconds(5), counted: counted)
                rig.clock.advance(by: .seconds(5))
            }
            #expect(try await rig.claim().map(\.attempt) == [2])
        },
        Clause("a buried message is kept until it is revived, with its attempts forgotten") { rig in
            try await rig.queue.append([rig.message(1), rig.message(2)])
            let deliveries = try await rig.claim()
            try await rig.queue.bury(deliveries[0], reason: "broken payload")
            let at = rig.clock.calendar.now
            rig.clock.advance(by: .seconds(1))
            try await rig.queue.bury(deliveries[1], reason: "other")
            rig.clock.advance(by: .seconds(1_000))
            #expect(try await rig.claim().isEmpty)
            let letters = try await rig.queue.deadLetters(before: nil, limit: 10)
            #expect(letters.map(\.reason) == ["other", "broken payload"])
            let first = try #require(letters.last)
            #expect(first.message == rig.message(1))
            #expect(first.attempts == 1)
            #expect(first.at == at)
            try await rig.queue.revive(BatchID(rawValue: 1))
            #expect(try await rig.claim().map(\.attempt) == [1])
            #expect(try await rig.queue.deadLetters(before: nil, limit: 10).count == 1)
        },
        Clause("dead letters are read page by page, whatever is set aside or revived meanwhile") { rig in
            try await rig.queue.append((1...6).map { rig.message($0) })
            let deliveries = try await rig.claim()
            for delivery in deliveries.prefix(5) { try await rig.queue.bury(delivery, reason: "x") }
            func page(before place: ListPlace?, limit: Int = 2) async throws -> [DeadLetter] {
                try await rig.queue.deadLetters(before: place, limit: limit)
            }
            let whole = try await page(before: nil, limit: 9)
            let first = try await page(before: nil)
            #expect(first == Array(whole.prefix(2)))
            try await rig.queue.bury(deliveries[5], reason: "y")
            try await rig.queue.revive(try #require(first.last).message.batch)
            let second = try await page(before: first.last?.place)
            #expect(second == Array(whole[2..<4]))
            let third = try await page(before: second.last?.place)
            #expect(third == [whole[4]])
            #expect(try await page(before: third.last?.place).isEmpty)
        },
        Clause("a message among the dead letters is not appended again") { rig in
            try await rig.queue.append([rig.message(1)])
            try await rig.queue.bury(try #require(try await rig.claim().first), reason: "x")
            try await rig.queue.append([rig.message(1)])
            #expect(try await rig.claim().isEmpty)
            #expect(try await rig.queue.deadLetters(before: nil, limit: 10).count == 1)
        },
        Clause("only a dead letter is revived") { rig in
            try await rig.queue.append([rig.message(1)])
            for batch in [1, 2] {
                await expectStoreError(.notFound) {
                    try await rig.queue.revive(BatchID(rawValue: Int64(batch)))
                }
            }
        },
    ]
}
