import Conformance
import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import RedisDriver

/// The push engine's Redis forms keep what their ports promise, on a real server.
@Suite struct RedisPushTests {
    @Test(arguments: SendQueueConformance.clauses)
    func `the queue keeps`(clause: Clause<QueueRig>) async throws {
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_775_016_000))
        let queue = try await RedisSendQueue.open(TestRedis.client(), clock)
        try await clause.check(QueueRig(queue: queue, clock: clock))
    }
}

extension RedisSendQueue {
    /// A queue that goes by `clock` and has begun to listen.
    static func open(
        _ client: RedisClient,
        name: String = TestRedis.name(),
        consumer: String = TestRedis.name(),
        _ clock: ManualClock
    ) async throws -> RedisSendQueue {
        let queue = RedisSendQueue(
            client,
            name: name,
            consumer: consumer,
            waiting: clock,
            time: clock.calendar,
            logger: TestRedis.logger
        )
        try await waited(for: "the queue does not listen") { queue.isListening }
        return queue
    }
}
