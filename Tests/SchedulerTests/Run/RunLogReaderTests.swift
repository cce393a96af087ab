import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct RunLogReaderTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test(arguments: FakeExecutor.Generation.allCases)
    func `every line is read once, while the run goes on and after`(
        generation: FakeExecutor.Generation
    ) async throws {
        let executor = try await rig.executor(at: "one", generation)
        let (run, _) = try await rig.running()
        let reader = RunLogReader(rig.parts)
        var text = ""
        var line = 1
        func read() async throws -> RunLogPage {
            let page = try await reader.page(run.id, from: line)
            text += page.text
            line = page.next
            return page
        }
        #expect(try await !read().isComplete)
        executor.setLog("one\ntwo\n")
        #expect(try await !read().isComplete)
        #expect(try await !read().isComplete)
        executor.setLog("one\ntwo\n\nfour\n")
        await rig.callBack(run.id)
        #expect(try await !read().isComplete)
        #expect(try await read().isComplete)
        #expect(text == "one\ntwo\n\nfour\n")
        #expect(line == 5)
    }

    @Test func `a line that is still being written waits`() async throws {
        let run = try await runningRun()
        let page = LogPage(fromLine: 3, toLine: 3, content: "three\nfou", isEnd: true)
        let read = RunLogPage(page, from: 3, of: run)
        #expect(read.text == "three\n")
        #expect(read.next == 4)
        #expect(!read.isComplete)
    }

    @Test(arguments: [999, 3 << 20])
    func `a page has no more than a MiB, and the next goes on behind it`(length: Int) async throws {
        let run = try await runningRun()
        let line = String(repeating: "x", count: length) + "\n"
        let content = String(repeating: line, count: 3_000_000 / length + 1)
        let page = LogPage(fromLine: 1, toLine: 3_000_000 / length + 1, content: content, isEnd: false)
        let read = RunLogPage(page, from: 1, of: run)
        #expect(read.text.utf8.count <= (1 << 20) + 1)
        #expect(read.text.hasSuffix("x\n"))
        #expect(read.next == 1 + max(1, (1 << 20) / line.utf8.count))
        #expect(!read.isComplete)
    }

    @Test func `an executor's remark that it has no log is read once, at the end`() async throws {
        let (run, remark) = (try await runningRun(), "readLog fail, logFile not exists")
        let page = LogPage(fromLine: 1, toLine: 0, content: remark, isEnd: true)
        #expect(
            RunLogPage(page, from: 1, of: run) == RunLogPage(from: 1, next: 1, text: "", isComplete: false)
        )
        await rig.callBack(run.id)
        let ended = try await rig.runs.run(run.id)
        #expect(
            RunLogPage(page, from: 1, of: ended)
                == RunLogPage(from: 1, next: 1, text: remark + "\n", isComplete: true)
        )
    }

    @Test func `a run that reached nobody has an empty log`() async throws {
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        let reader = RunLogReader(rig.parts)
        #expect(try await !reader.page(run.id, from: 1).isComplete)
        _ = try await rig.runs.kill(run.id)
        #expect(try await reader.page(run.id, from: 1).isComplete)
    }

    @Test func `an executor that does not answer is an error, not an end`() async throws {
        let executor = try await rig.executor()
        let (run, _) = try await rig.running()
        executor.setDeaf(true)
        let error = await #expect(throws: SchedulerError.self) {
            try await RunLogReader(rig.parts).page(run.id, from: 1)
        }
        guard case .executor = error else {
            Issue.record("must be the executor's")
            return
        }
    }

    private func runningRun() async throws -> JobRun {
        try await rig.executor()
        return try await rig.running().0
    }

    @Test(arguments: [Int64.min, -1, .max], ["", "x", "[lines dropped", "x\n"])
    func `no answer of an executor stops the reader`(line: Int64, content: String) async throws {
        let run = try await runningRun()
        let body: WireObject = [
            "fromLineNum": .integer(line), "toLineNum": .integer(line), "logContent": .text(content),
        ]
        let page = try LogPage(wire: .object(body))
        for from in [1, LogPage.lastLine] {
            let read = RunLogPage(page, from: from, of: run)
            #expect((from...LogPage.lastLine + 1).contains(read.next))
        }
    }

    @Test func `a carriage return neither ends a line nor hides one`() async throws {
        let run = try await runningRun()
        let page = LogPage(fromLine: 1, toLine: 3, content: "a\r\n10 %\r20 %\nb\r\n", isEnd: true)
        let read = RunLogPage(page, from: 1, of: run)
        #expect(read.text == "a\n10 % 20 %\nb\n")
        #expect(read.next == 4)
    }
}
