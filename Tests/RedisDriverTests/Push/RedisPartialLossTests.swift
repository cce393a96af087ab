import Groundwork
import LocalServers
import Logging
import PushEngine
import TestKit
import Testing

@testable import RedisDriver

/// A server that lost some of a queue's keys and kept the others.
@Suite(.timeLimit(.minutes(2))) struct RedisPartialLossTests {
    private let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_016_000))
    private let lane = Lane(channel: .sms, type: .marketing)
    private let name = TestRedis.name()
    private let run = CampaignRunID(rawValue: 9)

    private static let losses: [[String]] = [
        [], ["stream"], ["claims"], ["later"], ["parked"], ["run"], ["stream", "claims"],
        ["stream", "claims", "later", "parked", "run"],
    ]

    @Test(arguments: losses)
    func `what is appended again is where it was, once`(lost: [String]) async throws {
        let (queue, held) = try await filled()
        try await lose(lost)
        for _ in 0..<3 { try await queue.append(messages) }
        #expect(
            try await queue.depths()[lane] == QueueDepth(ready: 2, claimed: 2, waiting: 2, suspended: 1)
        )
        #expect(try await claimAndFinish(queue) == [5, 6])
        // Who was at work goes on undisturbed.
        #expect(try await queue.extend(held[0], visibility: .seconds(60)))
        clock.advance(by: .seconds(30))
        try await queue.append(messages.filter { ![5, 6].contains($0.batch.rawValue) })
        #expect(try await claimAndFinish(queue) == [1, 2])
        try await queue.acknowledge(held[0])
        clock.advance(by: .seconds(29))
        #expect(try await claim(queue).isEmpty)
        clock.advance(by: .seconds(1))
        let taken = try await claim(queue)
        #expect(taken.map(\.message.batch.rawValue) == [4])
        #expect(taken.map(\.attempt) == [2] && taken.map(\.lapses) == [1])
        for delivery in taken { try await queue.acknowledge(delivery) }
        try await queue.setSuspended(false, run)
        #expect(try await claimAndFinish(queue) == [7])
        try await expectNothingLeft(queue)
    }

    @Test func `a campaign whose run was lost is suspended once its messages are appended again`()
        async throws
    {
        let queue = try await RedisSendQueue.open(TestRedis.client(), name: name, clock)
        try await queue.append([message(1, run: 9), message(2, run: 9)])
        try await lose(["run"])
        try await queue.append([message(1, run: 9), message(2, run: 9)])
        try await queue.setSuspended(true, run)
        #expect(try await queue.depths()[lane] == QueueDepth(suspended: 2))
        try await queue.setSuspended(false, run)
        #expect(try await claimAndFinish(queue) == [1, 2])
        try await expectNothingLeft(queue)
    }

    @Test func `claims that were lost are known again by themselves, and nobody spins meanwhile`()
        async throws
    {
        let queue = try await RedisSendQueue.open(TestRedis.client(), name: name, clock)
        try await queue.append([message(1), message(2)])
        let held = try await claim(queue)
        try await lose(["claims"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await queue.waitForWork(lane, atMost: .seconds(5)) }
            // Who were told that there is work would not be asleep.
            await clock.sleepers()
            group.cancelAll()
        }
        #expect(try await claim(queue).isEmpty)
        #expect(try await queue.depths()[lane] == QueueDepth(claimed: 2))
        clock.advance(by: .seconds(40))
        #expect(try await queue.extend(held[0], visibility: .seconds(60)))
        clock.advance(by: .seconds(20))
        #expect(try await claimAndFinish(queue) == [2])
        try await queue.acknowledge(held[0])
        try await expectNothingLeft(queue)
    }

    @Test func `a lane whose messages alone were lost hands each out once, and keeps nothing of before`()
        async throws
    {
        let (queue, held) = try await filled()
        try await lose(["messages"])
        try await queue.append(messages)
        #expect(try await queue.extend(held[0], visibility: .seconds(60)) == false)
        let taken = try await claim(queue)
        #expect(taken.map(\.message.batch.rawValue).sorted() == [1, 2, 3, 4, 5, 6])
        clock.advance(by: .seconds(40))
        #expect(try await claim(queue).isEmpty)
        for delivery in taken { try await queue.acknowledge(delivery) }
        try await queue.setSuspended(false, run)
        #expect(try await claimAndFinish(queue) == [7])
        #expect(try await claim(queue).isEmpty)
        try await expectNothingLeft(queue)
    }

    @Test(arguments: [
        (["maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"], 1),
        (["maxmemory": "100mb", "maxmemory-policy": "noeviction"], 0),
        (["maxmemory-policy": "allkeys-lru"], 0),
        (["maxmemory": "100mb", "maxmemory-policy": "volatile-ttl", "rename-command": "CONFIG HIDDEN"], 0),
    ])
    func `a server that removes keys to make room is warned of`(
        settings: [String: String],
        warnings: Int
    ) async throws {
        let folder = try ServerFolder()
        let server = try await RedisServer(in: folder, settings: settings)
        let recorder = LogRecorder()
        let client = RedisClient(
            try RedisSettings(address: server.address),
            logger: Logger(label: "test") { _ in recorder }
        )
        _ = try await client.send(["PING"])
        let lines = recorder.lines.filter { $0.contains("set its maxmemory-policy to noeviction") }
        #expect(lines.count == warnings, "\(recorder.lines)")
        client.close()
        await server.stop()
    }

    /// Two that were postponed, two that are claimed, two that are ready, and one that is suspended.
    private func filled() async throws -> (RedisSendQueue, held: [QueueDelivery]) {
        let queue = try await RedisSendQueue.open(TestRedis.client(), name: name, clock)
        try await queue.setSuspended(true, run)
        try await queue.append(messages)
        let deliveries = try await claim(queue, limit: 4)
        for delivery in deliveries.prefix(2) {
            try await queue.postpone(delivery, by: .seconds(30), counted: true)
        }
        return (queue, Array(deliveries.suffix(2)))
    }

    private var messages: [QueueMessage] { (1...7).map { message($0, run: $0 == 7 ? 9 : nil) } }

    private func message(_ number: Int64, run: Int64? = nil) -> QueueMessage {
        QueueMessage(
            batch: BatchID(rawValue: number),
            lane: lane,
            campaignRun: run.map(CampaignRunID.init(rawValue:))
        )
    }

    private func claim(_ queue: RedisSendQueue, limit: Int = 10) async throws -> [QueueDelivery] {
        try await queue.claim(lane, limit: limit, visibility: .seconds(60))
    }

    /// Claims all that is ready and acknowledges it; tells what it was.
    private func claimAndFinish(_ queue: RedisSendQueue) async throws -> [Int64] {
        let deliveries = try await claim(queue)
        for delivery in deliveries { try await queue.acknowledge(delivery) }
        return deliveries.map(\.message.batch.rawValue).sorted()
    }

    private func lose(_ keys: [String]) async throws {
        let client = try await TestRedis.client()
        for key in keys {
            let rest = key == "messages" ? "" : key == "run" ? ":\(run.rawValue)" : ":\(lane.name)"
            // Each is there to be lost.
            #expect(try await client.send(["DEL", .text("{kpush:\(name)}:\(key)\(rest)")]).integer == 1)
        }
    }

    private func expectNothingLeft(_ queue: RedisSendQueue) async throws {
        #expect(try await queue.depths().isEmpty)
        let client = try await TestRedis.client()
        let keys = try await client.send(["KEYS", .text("{kpush:\(name)}:*")]).array ?? []
        let kinds = Set(keys.compactMap { $0.text?.split(separator: ":").dropFirst(2).first })
        #expect(kinds == ["stream", "order", "receipt"] || kinds == ["stream", "receipt"])
        let stream: RedisArgument = .text("{kpush:\(name)}:stream:\(lane.name)")
        #expect(try await client.send(["XLEN", stream]).integer == 0)
        #expect(try await client.send(["XPENDING", stream, "workers"]).array?.first?.integer == 0)
    }
}
