import Foundation
import Groundwork
import TestKit
import Testing

@testable import Executor

/// A runner whose jobs are scripts, and what a test needs to look at them.
struct ProgramBench: Sendable {
    let runner: RunnerBench
    /// Waits for scripts that were asked to end.
    let clock: ManualClock

    /// Settings that work here: root runs programs as somebody who may do nothing.
    static var settings: ProgramSettings {
        var settings = ProgramSettings()
        settings.user = geteuid() == 0 ? "nobody" : nil
        return settings
    }

    /// Runs `body` while a runner carries out scripts.
    static func serve<Result: Sendable>(
        in folder: String,
        _ settings: ProgramSettings = settings,
        _ body: @Sendable (ProgramBench) async throws -> Result
    ) async throws -> Result {
        let clock = ManualClock(RunnerBench.planned)
        var handlers = HandlerCatalogue()
        handlers.allowScripts(try ProgramRunner(settings, clock: clock))
        return try await RunnerBench.serve(in: folder, handlers: handlers) { runner in
            try await body(ProgramBench(runner: runner, clock: clock))
        }
    }

    static func request(
        _ run: Int64,
        job: Int64 = 1,
        _ source: String,
        type: String = "GLUE_SHELL",
        params: String = "",
        timeout: Int = 0
    ) -> RunRequest {
        var request = RunRequest(
            job: JobID(rawValue: job),
            run: RunID(rawValue: run),
            handler: "",
            params: params,
            timeoutSeconds: timeout,
            plannedAt: RunnerBench.planned,
            shardIndex: 2,
            shardTotal: 5
        )
        (request.glueType, request.glueSource) = (type, source)
        return request
    }

    /// Hands a script in.
    func accept(
        _ run: Int64,
        job: Int64 = 1,
        _ source: String,
        type: String = "GLUE_SHELL",
        params: String = "",
        timeout: Int = 0
    ) async -> JobRunner.Answer {
        await runner.runner.accept(
            Self.request(run, job: job, source, type: type, params: params, timeout: timeout)
        )
    }

    /// The outcome of a script that is handed in as run 1.
    func outcome(
        _ source: String,
        type: String = "GLUE_SHELL",
        params: String = ""
    ) async throws -> RunOutcome? {
        guard await accept(1, source, type: type, params: params) == .accepted else { return nil }
        return try await runner.outcomes(1)[1]
    }

    /// What a script wrote, line by line, once it has written `count` lines.
    func output(_ run: Int64 = 1, count: Int = 0) async throws -> [String] {
        try await eventually("\(count) lines") { try lines(run).count >= count }
        return try lines(run)
    }

    private func lines(_ run: Int64) throws -> [String] {
        let lines = try runner.log(run).split(separator: "\n").map { $0.split(separator: " ", maxSplits: 3) }
        let texts = lines.map { $0.count > 3 ? String($0[3]) : "" }
        return texts.filter { !$0.hasPrefix("run ") && !$0.hasPrefix("stop requested") }
    }
}

/// Whether a process runs; one that has ended and waits for its parent, which may be the host's first, does not.
func runs(_ pid: String) -> Bool {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
    return stat.split(separator: ") ").last?.hasPrefix("Z") == false
}

/// Whether a process is there, as one that runs or one that nobody has reaped.
func isThere(_ pid: String) -> Bool {
    FileManager.default.fileExists(atPath: "/proc/\(pid)")
}
