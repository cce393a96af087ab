import Groundwork
import Logging
import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Clicks that are counted in memory arrive in the store, each once.
@Suite(.timeLimit(.minutes(5))) struct ClickCounterTests {
    private static let id = BusinessID(rawValue: 2_000_000_120_260_302)
    private static let codes = ["aaaaaaaa1", "bbbbbbbb1", "cccccccc1"]

    private func counts(_ store: SQLitePushStore) async throws -> [Int] {
        try await store.links(of: Self.id, after: nil, limit: 9).map(\.count)
    }

    private func use(
        _ body: (PushBench, SQLitePushStore) async throws -> Void
    ) async throws {
        try await PushBench.use { bench in
            let store = try await bench.open().store
            for code in Self.codes {
                let link = TrackedLink(
                    code: code,
                    url: "https://a.example/\(code)",
                    businessID: Self.id,
                    madeAt: bench.now
                )
                _ = try await store.keepLink(link)
            }
            try await body(bench, store)
        }
    }

    @Test func `no click is lost by an orderly end, however many count at once in two processes`()
        async throws
    {
        try await use { bench, store in
            let flaky = FlakyLinks(store)
            let counters = (0..<2)
                .map { _ in
                    ClickCounter(
                        store: flaky,
                        clock: bench.clock.calendar,
                        timer: bench.clock,
                        logger: PushBench.quiet
                    )
                }
            try await whileRunning(counters[0]) {
                try await whileRunning(counters[1]) {
                    await withTaskGroup { group in
                        for task in 0..<8 {
                            group.addTask {
                                for number in 0..<1_000 {
                                    counters[task % 2].count(Self.codes[number % 3])
                                    if number % 100 == 0 { await counters[task % 2].flush() }
                                }
                            }
                        }
                    }
                    flaky.heal()
                }
            }
            let sums = try await counts(store)
            #expect(sums == [334 * 8, 333 * 8, 333 * 8])
        }
    }

    @Test func `a second later they are in the store`() async throws {
        try await use { bench, store in
            let counter = ClickCounter(
                store: store,
                clock: bench.clock.calendar,
                timer: bench.clock,
                logger: PushBench.quiet
            )
            try await whileRunning(counter) {
                counter.count(Self.codes[0])
                try await eventually("the click is there") {
                    bench.clock.advance(by: .seconds(1))
                    return try await counts(store) == [1, 0, 0]
                }
            }
            #expect(try await counts(store) == [1, 0, 0])
        }
    }

    @Test func `only so many wait while the store does not answer, and what is more is told of`() async throws
    {
        try await use { bench, store async throws in
            let flaky = FlakyLinks(store, isSilent: true)
            let recorder = LogRecorder()
            let counter = ClickCounter(
                store: flaky,
                clock: bench.clock.calendar,
                timer: bench.clock,
                logger: Logger(label: "test") { _ in recorder }
            )
            for number in 0..<(ClickCounter.room + 5) { counter.count("code-\(number)") }
            #expect(await !counter.flush())
            #expect(recorder.lines.contains("clicks were lost: too many waited count=5"))
            flaky.heal()
            #expect(await counter.flush())
        }
    }

    @Test func `a code that is none asks no store, and one that is known is counted by hour`() async throws {
        try await use { bench, store in
            let counter = ClickCounter(
                store: store,
                clock: bench.clock.calendar,
                timer: bench.clock,
                logger: PushBench.quiet
            )
            let desk = LinkDesk(store: store, counter: counter)
            #expect(try await desk.follow("../etc", counts: true) == nil)
            #expect(try await desk.follow("zzzzzzzz1", counts: true) == nil)
            for step in 0..<3 {
                let url = try await desk.follow(Self.codes[1], counts: step != 2)
                #expect(url == "https://a.example/bbbbbbbb1")
                bench.clock.advance(by: .seconds(3_600))
            }
            await counter.flush()
            let links = try await store.links(of: Self.id, after: Self.codes[0], limit: 1)
            let noon = PushBench.noon
            let hours = [noon, noon + .seconds(3_600)].map { LinkClicks.Hour(start: $0, count: 1) }
            #expect(links.first?.hours == hours)
        }
    }

    @Test func `a short link leads nowhere but to the web, whatever was stored`() async throws {
        try await use { bench, store in
            let desk = LinkDesk(
                store: store,
                counter: ClickCounter(
                    store: store,
                    clock: bench.clock.calendar,
                    timer: bench.clock,
                    logger: PushBench.quiet
                )
            )
            for (number, url) in ["javascript:alert(1)", "//evil.example", "ftp://a.example/"].enumerated() {
                let code = "evil0000\(number)"
                let link = TrackedLink(code: code, url: url, businessID: Self.id, madeAt: bench.now)
                _ = try await store.keepLink(link)
                #expect(try await desk.follow(code, counts: true) == nil)
            }
        }
    }
}

/// Refuses every third write until it is healed, or all of them.
private final class FlakyLinks: LinkStore {
    private struct Mood {
        var writes = 0
        var isHealed = false
    }

    private let store: SQLitePushStore
    private let isSilent: Bool
    private let mood = Mutex(Mood())

    init(_ store: SQLitePushStore, isSilent: Bool = false) {
        self.store = store
        self.isSilent = isSilent
    }

    func heal() { mood.withLock { $0.isHealed = true } }

    func addClicks(_ clicks: [ClickHour: Int]) async throws(StoreError) {
        let fails = mood.withLock { mood in
            mood.writes += 1
            return !mood.isHealed && (isSilent || mood.writes.isMultiple(of: 3))
        }
        if fails { throw StoreError(.unavailable, during: "test") }
        try await store.addClicks(clicks)
    }

    func keepLink(_ link: TrackedLink) async throws(StoreError) -> TrackedLink {
        try await store.keepLink(link)
    }
    func link(_ code: String) async throws(StoreError) -> TrackedLink? { try await store.link(code) }
    func links(
        of businessID: BusinessID,
        after code: String?,
        limit: Int
    ) async throws(StoreError) -> [LinkClicks] {
        try await store.links(of: businessID, after: code, limit: limit)
    }
    func clicks(of run: CampaignRunID, limit: Int) async throws(StoreError) -> CampaignClicks? {
        try await store.clicks(of: run, limit: limit)
    }
}
