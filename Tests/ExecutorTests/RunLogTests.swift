import Foundation
import Groundwork
import Logging
import TestKit
import Testing

@testable import Executor

private let run = RunID(rawValue: 42)
private let noon = Moment(millisecondsSinceEpoch: 1_795_597_200_123)  // 2026-11-25 09:00:00.123 UTC

@Suite final class RunLogTests: Sendable {
    private let folder: TemporaryFolder
    private let clock = ManualClock(noon)

    init() throws {
        folder = try TemporaryFolder("run-log")
    }

    private func logs(limit: Int = 16 << 20, zone: String = "UTC") throws -> RunLogFolder {
        RunLogFolder(path: folder.path, zone: try #require(TimeZone(identifier: zone)), limit: limit)
    }

    private func open(_ logs: RunLogFolder) -> RunLog {
        RunLog(logs, run: run, plannedAt: noon, clock: clock.calendar)
    }

    private func page(_ logs: RunLogFolder, from line: Int, isOver: Bool = false) throws -> LogPage {
        try logs.page(run, plannedAt: noon, fromLine: line, isOver: isOver)
    }

    /// Reads a log to its end as a scheduler does.
    private func readAll(_ logs: RunLogFolder) throws -> (lines: [String], pages: Int) {
        var content = ""
        var next = 1
        var pages = 0
        while true {
            let page = try page(logs, from: next, isOver: true)
            if page.toLine < next { break }
            content += page.content
            next = page.nextLine(after: next)
            pages += 1
        }
        return (content.split(separator: "\n").map(String.init), pages)
    }

    @Test func `a line has its instant, its level, its text and its keys`() throws {
        let logs = try logs()
        let log = open(logs)
        log.write(.info, "text", ["b": "two words", "a": "1"])
        #expect(
            try page(logs, from: 1).content == "2026-11-25 09:00:00.123 [info] text a=1 b=\"two words\"\n"
        )
        #expect(FileManager.default.fileExists(atPath: folder.file("2026-11-25/42.log")))
    }

    @Test func `the zone decides the instant and the day`() throws {
        let logs = try logs(zone: "Pacific/Kiritimati")
        open(logs).write(.error, "x")
        #expect(FileManager.default.fileExists(atPath: folder.file("2026-11-25/42.log")))
        #expect(try page(logs, from: 1).content == "2026-11-25 23:00:00.123 [error] x\n")
        let later = noon + .seconds(3_600)
        #expect(logs.stamp.day(later) == "2026-11-26")
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00.000"), (-1, "1969-12-31 23:59:59.999"),
        (951_782_400_000, "2000-02-29 00:00:00.000"), (4_107_542_399_999, "2100-02-28 23:59:59.999"),
        (4_107_542_400_000, "2100-03-01 00:00:00.000"),
    ])
    func `instants are written by the Gregorian calendar`(milliseconds: Int64, text: String) {
        let stamp = LogStamp(zone: .gmt)
        #expect(stamp.instant(Moment(millisecondsSinceEpoch: milliseconds)) == text)
    }

    @Test(arguments: [Int64.min, -62_198_755_200_000, .max], ["Asia/Shanghai", "America/New_York"])
    func `an instant that no calendar has is written as the nearest that has a name`(
        milliseconds: Int64,
        zone: String
    ) throws {
        let stamp = LogStamp(zone: try #require(TimeZone(identifier: zone)))
        #expect(stamp.instant(Moment(millisecondsSinceEpoch: milliseconds)).utf8.count == 23)
    }

    @Test func `a text of several lines cannot pass for lines of its own`() throws {
        let logs = try logs()
        open(logs).write(.info, "one\n2026-11-25 09:00:00.123 [info] forged\r\nthree")
        let lines = try page(logs, from: 1).content.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("    ") })
    }

    @Test func `when there is nothing new the last line is before the first`() throws {
        let logs = try logs()
        let log = open(logs)
        log.write(.info, "one")
        log.write(.info, "two")
        let first = try page(logs, from: 1)
        #expect((first.fromLine, first.toLine, first.isEnd) == (1, 2, false))
        let nothing = try page(logs, from: 3)
        #expect((nothing.fromLine, nothing.toLine, nothing.content, nothing.isEnd) == (3, 2, "", false))
        log.write(.info, "three")
        #expect(try page(logs, from: 3).content.hasSuffix("three\n"))
        #expect(try page(logs, from: 3, isOver: true).isEnd)
    }

    @Test func `runs of which there is nothing to tell share a file and keep their lines apart`() throws {
        let logs = try logs()
        let runs = [42, 4_200, 1_042, 2_100_042].map { RunID(rawValue: $0) }
        for run in runs {
            let log = RunLog(logs, run: run, plannedAt: noon, clock: clock.calendar)
            log.note("run accepted")
            log.note("run started")
            log.end("run ended", ["outcome": "succeeded \(run)"])
        }
        for run in runs {
            let page = try logs.page(run, plannedAt: noon, fromLine: 1, isOver: true)
            let lines = page.content.split(separator: "\n")
            #expect(
                lines.map { $0.split(separator: "] ").last } == [
                    "run accepted", "run started", "run ended outcome=\"succeeded \(run)\"",
                ]
            )
            #expect((page.fromLine, page.toLine, page.isEnd) == (1, 3, true))
            let last = try logs.page(run, plannedAt: noon, fromLine: 3, isOver: true)
            #expect((last.toLine, last.content.split(separator: "\n").count) == (3, 1))
            let none = try logs.page(run, plannedAt: noon, fromLine: 4, isOver: true)
            #expect((none.fromLine, none.toLine, none.content, none.isEnd) == (4, 3, "", true))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("2026-11-25")).sorted()
        #expect(names == ["quiet-0.log", "quiet-21.log"])
    }

    @Test func `what is kept back of a log comes with the first line of the handler, or when it is read`()
        throws
    {
        let logs = try logs()
        let told = open(logs)
        told.note("run accepted")
        #expect(!FileManager.default.fileExists(atPath: folder.file("2026-11-25/42.log")))
        told.write(.info, "hello")
        told.end("run ended", [:])
        let lines = try page(logs, from: 1).content.split(separator: "\n")
            .map { $0.split(separator: "] ").last }
        #expect(lines == ["run accepted", "hello", "run ended"])

        let read = RunLog(logs, run: RunID(rawValue: 7), plannedAt: noon, clock: clock.calendar)
        read.note("run accepted")
        read.show()
        read.show()
        read.end("run ended", [:])
        let page = try logs.page(RunID(rawValue: 7), plannedAt: noon, fromLine: 1, isOver: true)
        #expect((page.toLine, page.isEnd) == (2, true))
        #expect(page.content.hasSuffix("[info] run ended\n"))
    }

    @Test func `a log that is not there says so and is over`() throws {
        let page = try page(try logs(), from: 1)
        #expect(
            page == LogPage(fromLine: 1, toLine: 0, content: "readLog fail, logFile not exists", isEnd: true)
        )
    }

    @Test func `a page has at most a thousand lines`() throws {
        let logs = try logs()
        let log = open(logs)
        for number in 1...2_500 { log.write(.info, "line \(number)") }
        #expect(try page(logs, from: 1).toLine == 1_000)
        #expect(try !page(logs, from: 1, isOver: true).isEnd)
        #expect(try page(logs, from: 2_001, isOver: true).isEnd)
        let all = try readAll(logs)
        #expect(all.pages == 3)
        #expect(all.lines.count == 2_500)
        #expect(all.lines.enumerated().allSatisfy { $1.hasSuffix("line \($0 + 1)") })
    }

    @Test func `a page has at most a mebibyte, and a line at most its share`() throws {
        let logs = try logs()
        let log = open(logs)
        for _ in 0..<24 { log.write(.info, String(repeating: "字", count: 22_000)) }
        let page = try page(logs, from: 1)
        #expect(page.content.utf8.count <= RunLogFolder.pageBytes)
        #expect(page.toLine > 10)
        #expect(
            try readAll(logs).lines
                .allSatisfy { $0.utf8.count <= RunLogFolder.lineBytes && $0.hasSuffix("[cut]") }
        )
        #expect(try readAll(logs).lines.count == 24)
    }

    @Test func `a log that outgrows its limit keeps its beginning, its end and its numbers`() throws {
        let limit = 64 << 10
        let logs = try logs(limit: limit)
        let log = open(logs)
        for number in 1...10_000 { log.write(.info, "line \(number)") }
        let all = try readAll(logs).lines
        #expect(all.first?.hasSuffix("line 1") == true)
        #expect(all.last?.hasSuffix("line 10000") == true)
        let note = try #require(all.firstIndex { $0.hasPrefix(LogPage.droppedNote) })
        #expect(all[note - 1].hasSuffix("line \(note)"))
        let sizes = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .compactMap { try FileManager.default.attributesOfItem(atPath: folder.file($0)) }
            .filter { $0[.type] as? FileAttributeType == .typeRegular }
            .compactMap { $0[.size] as? Int }
        #expect(sizes.reduce(0, +) <= limit)
        #expect(try page(logs, from: 9_999).content.hasSuffix("line 10000\n"))
    }

    @Test func `a log goes on after a crash, also behind a torn line`() throws {
        let logs = try logs()
        open(logs).write(.info, "before")
        let path = folder.file("2026-11-25/42.log")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        handle.seekToEndOfFile()
        handle.write(Data("torn".utf8))
        try handle.close()
        #expect(try page(logs, from: 1).toLine == 1)
        open(logs).write(.info, "after")
        let lines = try readAll(logs).lines
        #expect(lines.count == 3)
        #expect(lines[1] == "torn")
        #expect(lines[2].hasSuffix("after"))
    }

    @Test func `a rolled log goes on after a crash where it was`() throws {
        let logs = try logs(limit: 64 << 10)
        let first = open(logs)
        for number in 1...3_000 { first.write(.info, "line \(number)") }
        let second = open(logs)
        for number in 3_001...6_000 { second.write(.info, "line \(number)") }
        #expect(try page(logs, from: 6_000).content.hasSuffix("line 6000\n"))
        #expect(logs.segments(run, plannedAt: noon).count == RunLogFolder.segments)
    }

    @Test func `lines that cannot be written are counted and told`() throws {
        let logs = try logs()
        // A file in the place of the day's folder: nothing can be written below it.
        #expect(FileManager.default.createFile(atPath: folder.file("2026-11-25"), contents: nil))
        let log = open(logs)
        log.write(.info, "lost")
        log.write(.info, "lost too")
        try FileManager.default.removeItem(atPath: folder.file("2026-11-25"))
        log.write(.info, "kept")
        let lines = try readAll(logs).lines
        #expect(lines.first?.hasSuffix("[error] 2 lines could not be written") == true)
        #expect(lines.last?.hasSuffix("kept") == true)
        #expect(lines.count == 2)
    }

    @Test func `days beyond the retention are removed, those of open runs and all others stay`() throws {
        let logs = try logs()
        for name in [
            "2026-11-25", "2026-11-23", "2026-11-22", "2025-12-31", "journal", "2026-1-1", "2026-11-2x",
        ] {
            try FileManager.default.createDirectory(
                atPath: folder.file(name),
                withIntermediateDirectories: true
            )
        }
        let open = noon - .seconds(3 * 86_400)
        #expect(try logs.prune(keeping: 2, now: noon, openSince: open) == ["2025-12-31"])
        #expect(try logs.prune(keeping: 2, now: noon, openSince: noon) == ["2026-11-22"])
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(left == ["2026-1-1", "2026-11-23", "2026-11-25", "2026-11-2x", "journal"])
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func `read in pages of any start, a log is what was written`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let logs = try logs()
        var log = open(logs)
        var written: [String] = []
        for number in 0..<200 {
            if Int.random(in: 0..<50, using: &random) == 0 { log = open(logs) }
            let text = "\(number) " + String(repeating: "é", count: Int.random(in: 0...9_000, using: &random))
            log.write(.info, text)
            written.append(text)
        }
        for _ in 0..<20 {
            let from = Int.random(in: 1...201, using: &random)
            let page = try page(logs, from: from)
            let lines = page.content.split(separator: "\n")
                .map { String($0.dropFirst("2026-11-25 09:00:00.123 [info] ".count)) }
            #expect(lines == Array(written[(from - 1)..<page.toLine]))
        }
    }

    @Test func `a handler's logger writes to the run's log and to the executor's`() throws {
        let logs = try logs()
        let recorder = LogRecorder()
        var executor = Logger(label: "executor") { _ in recorder }
        executor[metadataKey: "run"] = "42"
        var logger = Logger(label: "run") { _ in RunLogHandler(open(logs), executor: executor) }
        logger[metadataKey: "own"] = "x"
        logger.info("hello", metadata: ["n": "1"])
        logger.debug("not at this level")
        #expect(try page(logs, from: 1).content == "2026-11-25 09:00:00.123 [info] hello n=1 own=x\n")
        #expect(recorder.lines == ["hello n=1 own=x run=42"])
    }
}
