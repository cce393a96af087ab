import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

/// A program ends with everything that it started, however it ends.
@Suite(.timeLimit(.minutes(5))) final class ProgramTreeTests: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("tree")
    }

    /// Starts children that ignore SIGTERM, in the session and out of it, writes their numbers, and waits.
    private static let stubborn = """
        stay='trap "" TERM; echo $$; while :; do sleep 1; done'
        bash -c "$stay" &
        setsid bash -c "$stay" &
        env -i setsid bash -c "$stay" &
        wait
        """

    @Test func `killing a job ends children that ignore SIGTERM, and those that left the session`()
        async throws
    {
        try await ProgramBench.serve(in: folder.path) { bench in
            #expect(await bench.accept(1, Self.stubborn) == .accepted)
            let children = try await bench.output(count: 3)
            #expect(children.allSatisfy(runs))
            #expect(await bench.runner.runner.kill(JobID(rawValue: 1)))
            await bench.clock.sleepers()
            #expect(await bench.runner.runner.undelivered(limit: 1).isEmpty)
            #expect(children.allSatisfy(runs), "they are given time to end")
            bench.clock.advance(by: .seconds(3))
            #expect(try await bench.runner.outcomes(1)[1] == .killed("killed by an operator"))
            for child in children { #expect(!runs(child)) }
        }
    }

    @Test func `a time limit ends a script as a kill does`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            #expect(await bench.accept(1, Self.stubborn, timeout: 5) == .accepted)
            let children = try await bench.output(count: 3)
            bench.runner.clock.advance(by: .seconds(5))
            await bench.clock.sleepers()
            bench.clock.advance(by: .seconds(3))
            #expect(try await bench.runner.outcomes(1)[1] == .timedOut("timed out after 5.0 s"))
            for child in children { #expect(!runs(child)) }
        }
    }

    @Test func `who ends when asked is not killed`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let source = "trap 'echo tidy; exit 0' TERM\necho ready\nwhile :; do sleep 0.01; done"
            #expect(await bench.accept(1, source) == .accepted)
            _ = try await bench.output(count: 1)
            #expect(await bench.runner.runner.kill(JobID(rawValue: 1)))
            // Nobody moves the clock: it ends by itself.
            #expect(try await bench.runner.outcomes(1)[1] == .killed("killed by an operator"))
            #expect(try await bench.output().last == "tidy")
        }
    }

    @Test func `what a script leaves behind ends with it`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let source = "sleep 600 & echo $!\nsetsid sleep 600 & echo $!\nexit 0"
            #expect(try await bench.outcome(source) == .succeeded(nil))
            let children = try await bench.output()
            #expect(children.count == 2)
            for child in children { #expect(!runs(child)) }
        }
    }

    @Test func `a script that closes its output goes on to its end`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            let outcome = try await bench.outcome("exec >&- 2>&-; sleep 0.1; exit 7")
            #expect(outcome == .failed("script exit value(7) is failed"))
        }
    }

    @Test func `no child is left that nobody has reaped`() async throws {
        try await ProgramBench.serve(in: folder.path) { bench in
            for run in 1...20 as ClosedRange<Int64> {
                #expect(await bench.accept(run, job: run, "echo $$; exit \(run % 2)") == .accepted)
            }
            let outcomes = try await bench.runner.outcomes(20)
            #expect(outcomes.values.count { $0 == .succeeded(nil) } == 10)
            for run in 1...20 as ClosedRange<Int64> {
                let leader = try #require(try await bench.output(run).first)
                #expect(!isThere(leader))
            }
        }
    }

    @Test func `more scripts than may run wait for their turn, and can be killed meanwhile`() async throws {
        var settings = ProgramBench.settings
        settings.width = 1
        try await ProgramBench.serve(in: folder.path, settings) { bench in
            #expect(await bench.accept(1, job: 1, "echo on; sleep 600") == .accepted)
            _ = try await bench.output(1, count: 1)
            #expect(await bench.accept(2, job: 2, "echo never") == .accepted)
            #expect(await bench.accept(3, job: 3, "echo later") == .accepted)
            try await eventually("the second is at its seat") {
                _ = await bench.runner.runner.showLog(of: RunID(rawValue: 2))
                return try bench.runner.log(2).contains("run started")
            }
            #expect(await bench.runner.runner.kill(JobID(rawValue: 2)))
            #expect(try await bench.runner.outcomes(1) == [2: .killed("killed by an operator")])
            #expect(await bench.runner.runner.kill(JobID(rawValue: 1)))
            #expect(try await bench.runner.outcomes(3)[3] == .succeeded(nil))
            #expect(try await bench.output(2).isEmpty)
            #expect(try await bench.output(3) == ["later"])
        }
    }

    @Test func `what outlived an executor that was killed ends before its runs are told to have failed`()
        async throws
    {
        let settings = ProgramBench.settings
        let source = "echo KPUSH_EXECUTOR=$KPUSH_EXECUTOR"
        let mark = try await ProgramBench.serve(in: folder.path, settings) { bench in
            #expect(await bench.accept(1, source) == .accepted)
            return try #require(try await bench.output(count: 1).first)
        }
        // As a child of a script that died with its executor: in a session of its own, and adopted.
        let orphan = Process()
        orphan.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        orphan.arguments = ["-i", mark, "/bin/sh", "-c", "sleep 600 & exec sleep 600"]
        try orphan.run()
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        other.arguments = ["-i", mark + "0", "/bin/sleep", "600"]
        try other.run()
        defer { other.terminate() }
        try await ProgramBench.serve(in: folder.path, settings) { _ in
            orphan.waitUntilExit()
            #expect(orphan.terminationReason == .uncaughtSignal)
            #expect(other.isRunning)
        }
    }
}
