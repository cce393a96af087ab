import Synchronization
import TestKit
import Testing

@testable import RedisDriver

@Suite(.timeLimit(.minutes(1))) struct RedisWakeLineTests {
    @Test func `a word wakes the other processes, and not the one that told`() async throws {
        let name = TestRedis.name()
        let (one, other) = (try await line(name, "one"), try await line(name, "other"))
        let (atOne, atOther) = (Ear(), Ear())
        one.listen { atOne.hear() }
        other.listen { atOther.hear() }
        try await eventually("both listen") { one.isListening && other.isListening }
        // That it begins to listen is news as well: there may have been words before.
        #expect(atOne.count == 1)
        #expect(atOther.count == 1)
        await one.tell()
        try await eventually("the word comes") { atOther.count == 2 }
        await other.tell()
        // Words keep their order, so its own would have come before the other's.
        try await eventually("the answer comes") { atOne.count == 2 }
        #expect(atOne.count == 2)
    }

    @Test func `clusters of different names do not wake each other`() async throws {
        let name = TestRedis.name()
        let (teller, friend) = (try await line(name, "one"), try await line(name, "other"))
        let stranger = try await line(TestRedis.name(), "stranger")
        let (atFriend, atStranger) = (Ear(), Ear())
        friend.listen { atFriend.hear() }
        stranger.listen { atStranger.hear() }
        try await eventually("both listen") { friend.isListening && stranger.isListening }
        await teller.tell()
        try await eventually("the word comes") { atFriend.count == 2 }
        #expect(atStranger.count == 1)
    }

    private func line(_ name: String, _ process: String) async throws -> RedisWakeLine {
        RedisWakeLine(
            try await TestRedis.client(),
            name: name,
            process: process,
            logger: TestRedis.logger
        )
    }
}

/// Counts what it hears.
private final class Ear: Sendable {
    private let heard = Mutex(0)

    var count: Int { heard.withLock { $0 } }

    func hear() {
        heard.withLock { $0 += 1 }
    }
}
