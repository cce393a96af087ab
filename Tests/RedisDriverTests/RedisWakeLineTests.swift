import Groundwork
import Scheduler
import Synchronization
import TestKit
import Testing

@testable import RedisDriver

@Suite(.timeLimit(.minutes(1))) struct RedisWakeLineTests {
    @Test func `a word wakes the other processes, and not the one that told`() async throws {
        let name = TestRedis.name()
        let (one, other) = (try await line(name, "one"), try await line(name, "other"))
        let (atOne, atOther) = (Ear(), Ear())
        one.listen { atOne.hear($0) }
        other.listen { atOther.hear($0) }
        try await eventually("both listen") { one.isListening && other.isListening }
        // That it begins to listen is news as well: there may have been words before.
        #expect(atOne.count == 1)
        #expect(atOther.count == 1)
        await one.tell(.runsMayGo)
        try await eventually("the word comes") { atOther.count == 2 }
        await other.tell(.runsMayGo)
        // Words keep their order, so its own would have come before the other's.
        try await eventually("the answer comes") { atOne.count == 2 }
        #expect(atOne.count == 2)
    }

    @Test func `clusters of different names do not wake each other`() async throws {
        let name = TestRedis.name()
        let (teller, friend) = (try await line(name, "one"), try await line(name, "other"))
        let stranger = try await line(TestRedis.name(), "stranger")
        let (atFriend, atStranger) = (Ear(), Ear())
        friend.listen { atFriend.hear($0) }
        stranger.listen { atStranger.hear($0) }
        try await eventually("both listen") { friend.isListening && stranger.isListening }
        await teller.tell(.runsMayGo)
        try await eventually("the word comes") { atFriend.count == 2 }
        #expect(atStranger.count == 1)
    }

    @Test func `words arrive as they were said, in their order`() async throws {
        let name = TestRedis.name()
        let (one, other) = (try await line(name, "one"), try await line(name, "other"))
        let ear = Ear()
        other.listen { ear.hear($0) }
        try await eventually("it listens") { other.isListening }
        let address = ExecutorAddress(stored: "kpush-pull://a b\"c")
        let request = LogRequest(run: RunID(rawValue: 7), plannedAt: .noon, fromLine: 3)
        let page = LogPage(fromLine: 3, toLine: 3, content: "a line, 中文\n", isEnd: false)
        let words: [WakeWord] = [
            .mayBeTold([address, ExecutorAddress(stored: "kpush-pull://d")]),
            .question(PullQuestion(id: "q", request: request), at: address),
            .page(PulledPage(id: "q", page: page)),
            .page(PulledPage(id: "r", page: nil, message: "no such file")),
            .runsMayGo,
        ]
        for word in words { await one.tell(word) }
        try await eventually("all have come") { ear.count == 1 + words.count }
        #expect(ear.words == [.runsMayGo] + words)
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

/// Remembers what it hears.
private final class Ear: Sendable {
    private let heard = Mutex<[WakeWord]>([])

    var words: [WakeWord] { heard.withLock { $0 } }
    var count: Int { words.count }

    func hear(_ word: WakeWord) {
        heard.withLock { $0.append(word) }
    }
}
