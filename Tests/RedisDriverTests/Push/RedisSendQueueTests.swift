import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import RedisDriver

/// What is special to a queue that many processes share, on a server that can lose everything.
@Suite struct RedisSendQueueTests {
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_016_000))
    private let lane = Lane(channel: .sms, type: .marketing)

    @Test func `what one process does wakes those who wait in another`() async throws {
        let name = TestRedis.name()
        let client = try await TestRedis.client()
        let here = try await RedisSendQueue.open(client, name: name, clock)
        let there = try await RedisSendQueue.open(client, name: name, clock)
        try await waking(.work, here) {
            try await there.append([message(1, run: 1)])
        }
        let delivery = try #require(try await claim(here).first)
        try await waking(.room, there) {
            try await here.acknowledge(delivery)
        }
        try await here.setSuspended(true, CampaignRunID(rawValue: 1))
        try await here.append([message(2, run: 1)])
        try await waking(.work, here) {
            try await there.setSuspended(false, CampaignRunID(rawValue: 1))
        }
        #expect(try await claim(there).map(\.message.batch.rawValue) == [2])
    }

    @Test func `a process that is gone loses its messages to another, and is forgotten`() async throws {
        let name = TestRedis.name()
        let client = try await TestRedis.client()
        let gone = try await RedisSendQueue.open(client, name: name, consumer: "gone", clock)
        try await gone.append([message(1), message(2)])
        let stale = try await claim(gone)
        clock.advance(by: .seconds(60))
        let heir = try await RedisSendQueue.open(client, name: name, consumer: "heir", clock)
        let taken = try await claim(heir)
        #expect(taken.map(\.message) == stale.map(\.message) && taken.map(\.attempt) == [2, 2])
        let stream: RedisArgument = .text("{kpush:\(name)}:stream:\(lane.name)")
        let pending = try await client.send(["XPENDING", stream, "workers", "-", "+", "9"]).array ?? []
        #expect(pending.map { $0.array?[1].text } == ["heir", "heir"])
        try await gone.acknowledge(stale[0])
        for delivery in taken { try await heir.acknowledge(delivery) }
        let third = RedisSendQueue(
            client,
            name: name,
            consumer: "third",
            waiting: clock,
            time: clock.calendar,
            forgetting: .zero,
            logger: TestRedis.logger
        )
        #expect(try await claim(third).isEmpty)
        let consumers = try await client.send(["XINFO", "CONSUMERS", stream, "workers"]).array ?? []
        #expect(!consumers.contains { ["gone", "heir"].contains($0.array?[1].text) })
    }

    @Test func `what is done leaves nothing behind`() async throws {
        let name = TestRedis.name()
        let client = try await TestRedis.client()
        let queue = try await RedisSendQueue.open(client, name: name, clock)
        try await queue.append((1...300).map { message($0, run: 7) })
        try await queue.setSuspended(true, CampaignRunID(rawValue: 7))
        try await queue.setSuspended(false, CampaignRunID(rawValue: 7))
        for round in 0..<4 {
            for delivery in try await claim(queue, limit: 100) {
                if round == 0 {
                    try await queue.postpone(delivery, by: .zero, counted: true)
                } else {
                    try await queue.acknowledge(delivery)
                }
            }
        }
        #expect(try await queue.depths().isEmpty)
        let keys = try await client.send(["KEYS", .text("{kpush:\(name)}:*")]).array ?? []
        let kinds = Set(keys.compactMap(\.text?.components).map { $0.dropFirst(2).first ?? "" })
        #expect(kinds == ["stream", "order", "receipt"])
        let stream: RedisArgument = .text("{kpush:\(name)}:stream:\(lane.name)")
        #expect(try await client.send(["XLEN", stream]).integer == 0)
        #expect(try await client.send(["XPENDING", stream, "workers"]).array?.first?.integer == 0)
    }

    @Test func `every operation goes on after everything was flushed`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder)
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let queue = try await RedisSendQueue.open(client, clock)
        func flushed() async throws -> QueueDelivery {
            try await queue.append([message(1)])
            let delivery = try #require(try await claim(queue).first)
            _ = try await client.send([["FLUSHALL"], ["SCRIPT", "FLUSH"]])
            return delivery
        }
        try await queue.acknowledge(try await flushed())
        try await queue.postpone(try await flushed(), by: .zero, counted: true)
        try await queue.bury(try await flushed(), reason: "x")
        #expect(try await queue.extend(try await flushed(), visibility: .seconds(60)) == false)
        await #expect(throws: StoreError.self) { try await queue.revive(try await flushed().message.batch) }
        try await queue.setSuspended(true, CampaignRunID(rawValue: 1))
        _ = try await flushed()
        #expect(try await queue.suspendedRuns().isEmpty)
        #expect(try await queue.deadLetters(before: nil, limit: 9).isEmpty)
        #expect(try await queue.load(of: lane, atMost: 9) == 0)
        #expect(try await queue.depths().isEmpty)
        // A claim from before proves nothing about the same message from after.
        let stale = try await flushed()
        try await queue.append([message(1)])
        let fresh = try #require(try await claim(queue).first)
        #expect(fresh.receipt != stale.receipt)
        try await queue.acknowledge(stale)
        #expect(try await queue.depths()[lane] == QueueDepth(claimed: 1))
        await server.stop()
    }

    @Test func `who waits for a loss is told of a flush and of a new start, once`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder, settings: ["appendonly": "yes"])
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let queue = try await RedisSendQueue.open(client, clock)
        let time = ContinuousClock()
        #expect(await queue.waitForLoss(atMost: .milliseconds(1), on: time) == false)
        _ = try await client.send(["FLUSHALL"])
        #expect(await queue.waitForLoss(atMost: .seconds(20), on: time))
        #expect(await queue.waitForLoss(atMost: .milliseconds(1), on: time) == false)
        await server.kill()
        try await server.start()
        #expect(await queue.waitForLoss(atMost: .seconds(20), on: time))
        #expect(await queue.waitForLoss(atMost: .milliseconds(1), on: time) == false)
        await server.stop()
    }

    @Test func `a lane whose group is gone hands nothing out twice`() async throws {
        let name = TestRedis.name()
        let client = try await TestRedis.client()
        let queue = try await RedisSendQueue.open(client, name: name, clock)
        try await queue.append([message(1), message(2)])
        let held = try #require(try await claim(queue, limit: 1).first)
        _ = try await client.send([
            "XGROUP", "DESTROY", .text("{kpush:\(name)}:stream:\(lane.name)"), "workers",
        ])
        #expect(try await claim(queue).map(\.message.batch.rawValue) == [2])
        #expect(try await queue.extend(held, visibility: .seconds(60)))
        clock.advance(by: .seconds(60))
        #expect(try await claim(queue).map(\.attempt) == [2, 2])
    }

    @Test func `the server's clock decides when nobody hands in another`() async throws {
        let client = try await TestRedis.client()
        let queue = RedisSendQueue(
            client,
            name: TestRedis.name(),
            consumer: "one",
            waiting: ContinuousClock(),
            logger: TestRedis.logger
        )
        try await queue.append([message(1)])
        let claim = try await queue.claim(lane, limit: 9, visibility: .milliseconds(150))
        #expect(claim.count == 1)
        #expect(try await queue.claim(lane, limit: 9, visibility: .seconds(9)).isEmpty)
        var taken: [QueueDelivery] = []
        try await waited(for: "the claim does not end") {
            await queue.waitForWork(lane, atMost: .seconds(20))
            taken = try await queue.claim(lane, limit: 9, visibility: .seconds(9))
            return !taken.isEmpty
        }
        try await queue.postpone(try #require(taken.first), by: .milliseconds(100), counted: true)
        #expect(try await queue.depths()[lane] == QueueDepth(waiting: 1))
        try await waited(for: "the delay does not end") {
            await queue.waitForWork(lane, atMost: .seconds(20))
            return try await queue.claim(lane, limit: 9, visibility: .seconds(9)).map(\.attempt) == [3]
        }
    }

    @Test func `who waits while Redis is away is woken when it is back`() async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(
            in: folder,
            settings: ["appendonly": "yes", "appendfsync": "always"]
        )
        let client = RedisClient(try RedisSettings(address: server.address), logger: TestRedis.logger)
        let name = TestRedis.name()
        let queue = try await RedisSendQueue.open(client, name: name, clock)
        try await queue.append([message(1)])
        await server.kill()
        await #expect { try await claim(queue) } throws: { ($0 as? StoreError)?.isTransient == true }
        try await waking(.work, queue) { try await server.start() }
        try await waited(for: "the queue does not answer again") {
            (try? await claim(queue).map(\.message)) == [message(1)]
        }
        await server.stop()
    }

    private enum Wish {
        case work
        case room
    }

    /// Passes when somebody who waits up to a minute goes on after `cause`, which comes once they wait.
    private func waking(
        _ wish: Wish,
        _ queue: RedisSendQueue,
        by cause: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                switch wish {
                case .work: await queue.waitForWork(lane, atMost: .seconds(60))
                case .room: await queue.waitForRoom(lane, below: 1, atMost: .seconds(60))
                }
            }
            await clock.sleepers()
            try await cause()
            try await group.waitForAll()
        }
    }

    private func claim(_ queue: RedisSendQueue, limit: Int = 10) async throws -> [QueueDelivery] {
        try await queue.claim(lane, limit: limit, visibility: .seconds(60))
    }

    private func message(_ number: Int64, run: Int64? = nil) -> QueueMessage {
        QueueMessage(
            batch: BatchID(rawValue: number),
            lane: lane,
            campaignRun: run.map(CampaignRunID.init(rawValue:))
        )
    }
}

extension String {
    /// The parts of a key.
    fileprivate var components: [Substring] { split(separator: ":") }
}
