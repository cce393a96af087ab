import Groundwork
import PushEngine
import TestKit
import Testing

extension SendQueueConformance {
    static let lapsing: [Clause<QueueRig>] = [
        Clause("claims in a row that ran out are counted") { rig in
            try await rig.queue.append([rig.message(1)])
            for lapses in 0..<4 { #expect(try await rig.lapsed().lapses == lapses) }
        },
        Clause("a postponement begins to count lapses anew") { rig in
            try await rig.queue.append([rig.message(1)])
            for counted in [true, false] {
                _ = try await rig.lapsed()
                let delivery = try #require(try await rig.claim().first)
                #expect(delivery.lapses == 1)
                try await rig.queue.note(delivery, left: 3)
                try await rig.queue.postpone(delivery, by: .zero, counted: counted)
            }
            // Nor is what was noted before compared with.
            #expect(try await rig.lapsed().lapses == 0)
            #expect(try await rig.lapsed(noting: 2).lapses == 1)
            #expect(try await rig.lapsed().lapses == 2)
        },
        Clause("a revival begins to count lapses anew") { rig in
            try await rig.queue.append([rig.message(1)])
            _ = try await rig.lapsed()
            let delivery = try #require(try await rig.claim().first)
            try await rig.queue.note(delivery, left: 3)
            try await rig.queue.bury(delivery, reason: "x")
            try await rig.queue.revive(BatchID(rawValue: 1))
            #expect(try await rig.lapsed().lapses == 0)
            #expect(try await rig.lapsed(noting: 2).lapses == 1)
            #expect(try await rig.lapsed().lapses == 2)
        },
        Clause("lapses are forgotten when less is left than was noted, and only then") { rig in
            try await rig.queue.append([rig.message(1)])
            var lapses: [Int] = []
            for left in [9, 9, 9, 7, 8, 8, 0, 0] { lapses.append(try await rig.lapsed(noting: left).lapses) }
            #expect(lapses == [0, 1, 2, 3, 1, 2, 3, 1])
        },
        Clause("a claim that has been superseded notes nothing") { rig in
            try await rig.queue.append([rig.message(1)])
            let stale = try await rig.lapsed(noting: 9)
            _ = try await rig.lapsed()
            try await rig.queue.note(stale, left: 1)
            #expect(try await rig.lapsed().lapses == 2)
        },
        Clause("the claim that ran out of a suspended occurrence's message is counted") { rig in
            let run = CampaignRunID(rawValue: 4)
            try await rig.queue.append([rig.message(1, run: 4)])
            _ = try #require(try await rig.claim().first)
            try await rig.queue.setSuspended(true, run)
            rig.clock.advance(by: .seconds(60))
            #expect(try await rig.claim().isEmpty)
            try await rig.queue.setSuspended(false, run)
            #expect(try await rig.claim().map(\.lapses) == [1])
        },
    ]
}

extension QueueRig {
    /// Claims the one message there is, notes how much is left of it, and lets the claim run out.
    fileprivate func lapsed(noting left: Int? = nil) async throws -> QueueDelivery {
        let delivery = try #require(try await claim().first)
        if let left { try await queue.note(delivery, left: left) }
        clock.advance(by: .seconds(60))
        return delivery
    }
}
