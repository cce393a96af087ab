import Conformance
import Groundwork
import PushEngine
import SQLiteDriver
import TestKit
import Testing

/// What becomes of a queue whose process ends.
final class SQLiteSendQueueTests {
    private let folder: TemporaryFolder
    private let clock = ManualClock(PushRig.noon)
    private let lane = Lane(channel: .sms, type: .marketing)

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `what a process had claimed is ready at once for the next, its attempt counted`() async throws
    {
        let before = try open(recoverClaims: true)
        try await before.append([message(1), message(2)])
        let stale = try #require(try await claim(before, limit: 1).first)
        let after = try open(recoverClaims: true)
        #expect(try await claim(after).map(\.attempt) == [2, 1])
        try await after.acknowledge(stale)
        #expect(try await after.depths()[lane] == QueueDepth(claimed: 2))
    }

    @Test func `where others may live, their claims last until their time`() async throws {
        let other = try open(recoverClaims: true)
        try await other.append([message(1)])
        _ = try await claim(other)
        let mine = try open(recoverClaims: false)
        #expect(try await claim(mine).isEmpty)
        clock.advance(by: .seconds(60))
        #expect(try await claim(mine).map(\.attempt) == [2])
    }

    @Test func `postponed, suspended and dead messages stay what they are`() async throws {
        let before = try open(recoverClaims: true)
        try await before.append([message(1), message(2), message(3)])
        let deliveries = try await claim(before, limit: 2)
        try await before.postpone(deliveries[0], by: .seconds(30), counted: true)
        try await before.bury(deliveries[1], reason: "broken")
        try await before.setSuspended(true, CampaignRunID(rawValue: 3))
        let after = try open(recoverClaims: true)
        #expect(try await claim(after).isEmpty)
        #expect(try await after.depths()[lane] == QueueDepth(waiting: 1, suspended: 1))
        #expect(try await after.deadLetters(before: nil, limit: 9).map(\.reason) == ["broken"])
        clock.advance(by: .seconds(30))
        #expect(try await claim(after).map(\.message.batch.rawValue) == [1])
    }

    private func open(recoverClaims: Bool) throws -> SQLiteSendQueue {
        try SQLiteSendQueue(
            path: folder.file("queue.db"),
            recoverClaims: recoverClaims,
            clock: clock.calendar,
            waiting: clock
        )
    }

    private func claim(_ queue: SQLiteSendQueue, limit: Int = 10) async throws -> [QueueDelivery] {
        try await queue.claim(lane, limit: limit, visibility: .seconds(60))
    }

    private func message(_ number: Int64) -> QueueMessage {
        QueueMessage(
            batch: BatchID(rawValue: number),
            lane: lane,
            campaignRun: CampaignRunID(rawValue: number)
        )
    }
}
