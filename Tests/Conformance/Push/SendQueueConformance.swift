import Groundwork
package import PushEngine
package import TestKit
import Testing

/// A queue to try, and the clock it goes by.
package struct QueueRig: Sendable {
    package let queue: any SendQueue
    package let clock: ManualClock

    package init(queue: any SendQueue, clock: ManualClock) {
        self.queue = queue
        self.clock = clock
    }

    static let lane = Lane(channel: .sms, type: .marketing)
    static let other = Lane(channel: .sms, type: .verificationCode)

    func message(_ batch: Int64, _ lane: Lane = lane, run: Int64? = nil) -> QueueMessage {
        QueueMessage(
            batch: BatchID(rawValue: batch),
            lane: lane,
            campaignRun: run.map(CampaignRunID.init(rawValue:))
        )
    }

    func claim(_ lane: Lane = lane, limit: Int = 10) async throws -> [QueueDelivery] {
        try await queue.claim(lane, limit: limit, visibility: .seconds(60))
    }

    func depth(_ lane: Lane = lane) async throws -> QueueDepth {
        try await queue.depths()[lane] ?? QueueDepth()
    }
}

/// What every `SendQueue` must keep.
package enum SendQueueConformance {
    package static let clauses: [Clause<QueueRig>] =
        claiming + extending + settling + lapsing + suspending + waiting + room

    private static let claiming: [Clause<QueueRig>] = [
        Clause("hands out ready messages in order of arrival, up to a limit") { rig in
            try await rig.queue.append([rig.message(5), rig.message(3), rig.message(4)])
            let first = try await rig.claim(limit: 2)
            #expect(first.map(\.message) == [rig.message(5), rig.message(3)])
            #expect(first.map(\.attempt) == [1, 1])
            #expect(try await rig.claim().map(\.message) == [rig.message(4)])
            #expect(try await rig.claim().isEmpty)
        },
        Clause("each lane has a topic of its own") { rig in
            try await rig.queue.append([rig.message(1), rig.message(2, QueueRig.other, run: 4)])
            #expect(
                try await rig.claim(QueueRig.other).map(\.message) == [rig.message(2, QueueRig.other, run: 4)]
            )
            #expect(try await rig.depth() == QueueDepth(ready: 1))
        },
        Clause("a message that is in the queue already is left as it is") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            try await rig.queue.append([rig.message(1), rig.message(1, QueueRig.other)])
            #expect(try await rig.claim().isEmpty)
            #expect(try await rig.claim(QueueRig.other).isEmpty)
            try await rig.queue.acknowledge(delivery)
            try await rig.queue.append([rig.message(1)])
            #expect(try await rig.claim().map(\.attempt) == [1])
        },
        Clause("hands a message out again when its time ran out, its attempt counted") { rig in
            try await rig.queue.append([rig.message(1)])
            _ = try await rig.claim()
            rig.clock.advance(by: .seconds(59))
            #expect(try await rig.claim().isEmpty)
            rig.clock.advance(by: .seconds(1))
            #expect(try await rig.claim().map(\.attempt) == [2])
        },
        Clause("many who claim at once never get the same message") { rig in
            try await rig.queue.append((1...200).map { rig.message($0) })
            let claimed = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<20 {
                    group.addTask { try await rig.claim(limit: 10).map(\.message.batch.rawValue) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.sorted() == Array(1...200))
        },
    ]

    private static let suspending: [Clause<QueueRig>] = [
        Clause("messages of a suspended occurrence are not handed out, present and future") { rig in
            let run = CampaignRunID(rawValue: 4)
            try await rig.queue.append([rig.message(1, run: 4), rig.message(2, run: 5), rig.message(3)])
            try await rig.queue.setSuspended(true, run)
            try await rig.queue.append([rig.message(6, run: 4)])
            #expect(try await rig.claim().map(\.message.batch.rawValue) == [2, 3])
            #expect(try await rig.depth() == QueueDepth(claimed: 2, suspended: 2))
            try await rig.queue.setSuspended(false, run)
            #expect(try await rig.claim().map(\.message.batch.rawValue) == [1, 6])
            try await rig.queue.append([rig.message(7, run: 4)])
            #expect(try await rig.claim().map(\.message.batch.rawValue) == [7])
        },
        Clause("a claimed message of a suspended occurrence waits once its claim ends") { rig in
            let run = CampaignRunID(rawValue: 4)
            try await rig.queue.append([rig.message(1, run: 4), rig.message(2, run: 4)])
            let deliveries = try await rig.claim()
            try await rig.queue.setSuspended(true, run)
            try await rig.queue.setSuspended(true, run)
            #expect(try await rig.depth() == QueueDepth(claimed: 2))
            try await rig.queue.postpone(deliveries[0], by: .zero, counted: true)
            rig.clock.advance(by: .seconds(60))
            #expect(try await rig.claim().isEmpty)
            #expect(try await rig.depth() == QueueDepth(suspended: 2))
            #expect(try await rig.queue.suspendedRuns() == [run])
            try await rig.queue.setSuspended(false, run)
            #expect(try await rig.queue.suspendedRuns().isEmpty)
            #expect(try await rig.claim().map(\.attempt) == [2, 2])
        },
    ]

    private static let waiting: [Clause<QueueRig>] = [
        Clause("waiting ends at once when something is ready") { rig in
            try await rig.queue.append([rig.message(1)])
            await rig.queue.waitForWork(QueueRig.lane, atMost: .seconds(60))
        },
        Clause("waiting ends when a message is appended") { rig in
            try await woken(rig) { try await rig.queue.append([rig.message(1)]) }
        },
        Clause("waiting ends when a postponed message's time has come") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            try await rig.queue.postpone(delivery, by: .seconds(5), counted: true)
            try await woken(rig) { rig.clock.advance(by: .seconds(5)) }
            #expect(try await rig.claim().count == 1)
        },
        Clause("waiting ends when an occurrence is let go") { rig in
            let run = CampaignRunID(rawValue: 4)
            try await rig.queue.setSuspended(true, run)
            try await rig.queue.append([rig.message(1, run: 4)])
            try await woken(rig) { try await rig.queue.setSuspended(false, run) }
        },
        Clause("waiting ends when a dead letter is revived") { rig in
            try await rig.queue.append([rig.message(1)])
            try await rig.queue.bury(try #require(try await rig.claim().first), reason: "x")
            try await woken(rig) { try await rig.queue.revive(BatchID(rawValue: 1)) }
        },
        Clause("waiting ends at its limit") { rig in
            try await woken(rig) { rig.clock.advance(by: .seconds(60)) }
        },
        Clause("waiting ends when its task is cancelled") { rig in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await rig.queue.waitForWork(QueueRig.lane, atMost: .seconds(60)) }
                await rig.clock.sleepers()
                group.cancelAll()
            }
        },
        Clause("who waits for another lane is left alone") { rig in
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await rig.queue.waitForWork(QueueRig.other, atMost: .seconds(60))
                    return Task.isCancelled
                }
                await rig.clock.sleepers()
                await #expect(throws: Never.self) { try await rig.queue.append([rig.message(1)]) }
                group.cancelAll()
                #expect(await group.next() == true)
            }
        },
    ]

    private static let room: [Clause<QueueRig>] = [
        Clause("a lane's load is what consumers have before them, counted up to a limit") { rig in
            try await rig.queue.append((1...4).map { rig.message($0) } + [rig.message(5, run: 4)])
            try await rig.queue.append([rig.message(6, QueueRig.other), rig.message(7, run: 4)])
            let deliveries = try await rig.claim(limit: 4)
            try await rig.queue.postpone(deliveries[0], by: .seconds(5), counted: true)
            try await rig.queue.bury(deliveries[1], reason: "x")
            try await rig.queue.acknowledge(deliveries[2])
            // One waits, one is claimed, and two are ready.
            #expect(try await rig.queue.load(of: QueueRig.lane, atMost: 10) == 4)
            #expect(try await rig.queue.load(of: QueueRig.lane, atMost: 3) == 3)
            #expect(try await rig.queue.load(of: QueueRig.other, atMost: 10) == 1)
            try await rig.queue.setSuspended(true, CampaignRunID(rawValue: 4))
            rig.clock.advance(by: .seconds(60))
            #expect(try await rig.queue.load(of: QueueRig.lane, atMost: 10) == 2)
        },
        Clause("there is room at once in a lane that holds less") { rig in
            try await rig.queue.append([rig.message(1)])
            await rig.queue.waitForRoom(QueueRig.lane, below: 2, atMost: .seconds(60))
        },
        Clause("there is room when a message is acknowledged") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            try await roomy(rig) { try await rig.queue.acknowledge(delivery) }
        },
        Clause("there is room when a message is buried") { rig in
            try await rig.queue.append([rig.message(1)])
            let delivery = try #require(try await rig.claim().first)
            try await roomy(rig) { try await rig.queue.bury(delivery, reason: "x") }
        },
        Clause("there is room when what the lane holds is suspended") { rig in
            try await rig.queue.append([rig.message(1, run: 4)])
            try await roomy(rig) { try await rig.queue.setSuspended(true, CampaignRunID(rawValue: 4)) }
        },
        Clause("waiting for room ends at its limit, and when its task is cancelled") { rig in
            try await rig.queue.append([rig.message(1)])
            try await roomy(rig) { rig.clock.advance(by: .seconds(60)) }
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await rig.queue.waitForRoom(QueueRig.lane, below: 1, atMost: .seconds(60))
                }
                await rig.clock.sleepers()
                group.cancelAll()
            }
        },
    ]

    /// Passes when somebody who waits up to a minute for an empty lane goes on after `cause`.
    private static func roomy(_ rig: QueueRig, by cause: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await rig.queue.waitForRoom(QueueRig.lane, below: 1, atMost: .seconds(60)) }
            await rig.clock.sleepers()
            try await cause()
            try await group.waitForAll()
        }
    }

    /// Passes when somebody who waits up to a minute goes on after `cause`, which comes once they wait.
    private static func woken(_ rig: QueueRig, by cause: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await rig.queue.waitForWork(QueueRig.lane, atMost: .seconds(60)) }
            await rig.clock.sleepers()
            try await cause()
            try await group.waitForAll()
        }
    }
}
