import Foundation
import Groundwork
import Logging
import TestKit
import Testing

@testable import Executor

/// A runner at work in a folder, and what a test needs to drive it.
struct RunnerBench: Sendable {
    static let planned = Moment(millisecondsSinceEpoch: 1_795_597_200_000)

    let runner: JobRunner
    let logs: RunLogFolder
    let clock: ManualClock

    /// Runs `body` while a runner carries out what it accepts; its tasks end with `body`.
    static func serve<Result: Sendable>(
        in folder: String,
        settings: JobRunner.Settings = JobRunner.Settings(),
        handlers: HandlerCatalogue,
        _ body: @Sendable (RunnerBench) async throws -> Result
    ) async throws -> Result {
        let clock = ManualClock(planned)
        let logs = RunLogFolder(path: folder, zone: .gmt, limit: 1 << 20)
        let runner = try JobRunner(
            settings: settings,
            handlers: handlers,
            logs: logs,
            journalFolder: folder + "/journal",
            clock: clock,
            calendar: clock.calendar,
            logger: silent
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await runner.run() }
            defer { group.cancelAll() }
            return try await body(RunnerBench(runner: runner, logs: logs, clock: clock))
        }
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Hands a run in.
    func accept(
        _ run: Int64,
        job: Int64 = 1,
        handler: String = "work",
        params: String = "",
        _ strategy: BlockStrategy = .serial,
        timeout: Int = 0
    ) async -> JobRunner.Answer {
        await runner.accept(
            RunRequest(
                job: JobID(rawValue: job),
                run: RunID(rawValue: run),
                handler: handler,
                params: params,
                blockStrategy: strategy,
                timeoutSeconds: timeout,
                plannedAt: RunnerBench.planned
            )
        )
    }

    /// The outcomes so far, once there are `count`.
    func outcomes(_ count: Int) async throws -> [Int64: RunOutcome] {
        try await eventually("\(count) outcomes") { await runner.undelivered(limit: .max).count >= count }
        let items = await runner.undelivered(limit: .max)
        return Dictionary(items.map { ($0.run.rawValue, $0.outcome) }) { first, _ in
            .failed("two outcomes for one run, the first was \(first)")
        }
    }

    /// The lines of a run's log.
    func log(_ run: Int64) throws -> String {
        let run = RunID(rawValue: run)
        let page = try logs.page(run, plannedAt: RunnerBench.planned, fromLine: 1, isOver: false)
        // Without a line there is but a remark.
        return page.toLine > 0 ? page.content : ""
    }
}
