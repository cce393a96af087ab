import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import Console

/// The run report on the first page.
@Suite struct RunReportPageTests {
    @Test(arguments: [
        (
            Language.english,
            ["Runs today", "Jobs failing now", "Executors alive", "Succeeded", "Switched on"]
        ),
        (Language.chinese, ["今日执行", "当前失败的任务", "存活执行器", "成功", "已启用"]),
    ])
    func `today's runs are counted, drawn and lead to the list`(
        language: Language,
        words: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.executor()
            await bench.finish(try await bench.running())
            try await bench.count()
            var browser = try await Browser.signedIn(bench, language)
            let page = try await browser.get("/")
            for word in words { #expect(page.words.contains(word), "\(word)") }
            let columns = page.text.matches(of: /<a href="\/runs\?from=([0-9-]+)&amp;to=[0-9-]+">/)
            #expect(columns.map { String($0.1) } == (9...15).map { "2030-01-\($0 < 10 ? "0" : "")\($0)" })
            #expect(page.text.matches(of: /<rect class="delivered" x="[0-9.]+" y="10.0"/).count == 1)
            #expect(page.words.contains("2030-01-15 11:58:00"))
            #expect(try await browser.get("/?range=month").text.contains("from=2030-01-01&amp;to=2030-01-01"))
            let other = try await browser.get("/?range=today&group=other")
            #expect(other.words.contains(language == .english ? "No run in these days." : "这段时间没有执行。"))
        }
    }

    @Test func `a count that nobody made is no number`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            let page = try await browser.get("/")
            #expect(page.words.contains("No run in these days."))
            #expect(!page.text.contains("class=\"chart\""))
            #expect(!page.words.contains("Ends are counted up to"))
        }
    }

    @Test func `a report that cannot be read is told, and nothing is shown as none`() async throws {
        let broken = RunReportView(
            try RunRange(days: [2030_01_09, 2030_01_15]),
            trouble: Trouble(SchedulerError.store(StoreError(.unavailable, during: "read counts of runs"))),
            try Voice.sample()
        )
        #expect(broken.trouble != nil)
        #expect(broken.tiles.isEmpty && broken.chart == nil && !broken.isEmpty)
    }

    @Test(arguments: [
        (0, 1), (1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (25, 5), (26, 10), (99, 20), (1_000_001, 500_000),
    ])
    func `lines across stand at round numbers`(most: Int, step: Int) {
        #expect(RunChart.step(upTo: most) == step)
    }

    @Test(arguments: [
        (0, "0"), (9_999, "9,999"), (10_000, "1万"), (12_345, "1.23万"), (99_999_999, "9,999.99万"),
        (100_000_000, "1亿"), (150_000_000, "1.5亿"), (105_000_000, "1.05亿"),
    ])
    func `large numbers are said by 万 and 亿, and exactly beside it`(number: Int, text: String) throws {
        let figure = try Voice.sample(.chinese).figure(number)
        #expect(figure.text == text)
        #expect(figure.exact == (try Voice.sample().number(number)))
        #expect(try Voice.sample().figure(number).text == figure.exact)
    }
}

extension RunRange {
    /// From the first of `days` to the last.
    fileprivate init(days: [Int64]) throws {
        let found = days.compactMap { RunDay(rawValue: $0) }
        self.init(try #require(found.first)...(try #require(found.last)), name: nil)
    }
}

extension Voice {
    fileprivate static func sample(_ language: Language = .english) throws -> Voice {
        Voice(
            language: language,
            words: try PageLibrary().words,
            zone: .gmt,
            now: Moment(secondsSinceEpoch: 1_894_680_000)
        )
    }
}
