import CurlDriver
import Executor
import Foundation
import Groundwork
import Logging
import Scheduler
import Synchronization

/// Runs a second with an executor of KPush's own, which fetches its runs over a call that it holds, and keeps a journal and
/// logs of them, while a little more are due each second than is asked: planned, handed over, done, told, stored.
struct OwnExecutorBench: Sendable {
    let site: SchedulerSite
    /// A divisor of what is asked, for a quick look.
    let divisor: Int
    let span: Duration
    /// The executor's folder.
    let folder: String

    /// What is asked of a size, in runs a second.
    private var asked: Int { (site.size == .embedded ? 15_000 : 12_000) / divisor }
    /// How many runs the executor holds at most, until their results are stored.
    private static let seats = 4_000

    func lines() async throws -> [SchedulerBenchLine] {
        // Before there is anything else to do; nobody knows these jobs.
        let store = try await MachineLimits(site: site)
            .stores((1...30_000).map { JobID(rawValue: 1 << 40 + $0) })
        let handler = BenchHandler()
        let rate = try await withThrowingTaskGroup(of: Double?.self) { group in
            group.addTask {
                try await serve(handler)
                return nil
            }
            group.addTask { try await perSecond(handler) }
            defer { group.cancelAll() }
            while let rate = try await group.next() {
                if let rate { return rate }
            }
            throw DemoError("the executor ended")
        }
        return [
            line(
                "runs/s with KPush's executor, which fetches them, \(flow.due.grouped) due each second",
                Int(rate).grouped,
                asked.grouped,
                store,
                rate >= Double(asked) ? .met : .short
            )
        ]
    }

    private var flow: SteadyFlow { SteadyFlow(site: site, asked: asked, span: span) }

    /// What is done each second: no more begin than end, but for those that the executor holds.
    private func perSecond(_ handler: BenchHandler) async throws -> Double {
        let rate = try await flow.perSecond { handler.count }
        let begun = handler.arrivals
        let doubled = begun.count - Set(begun.map(\.run)).count
        guard doubled == 0 else { throw DemoError("\(doubled) runs doubled") }
        return rate
    }

    private func line(
        _ what: String,
        _ measured: String,
        _ asked: String,
        _ limit: String,
        _ verdict: SchedulerBenchLine.Verdict
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "own",
            size: site.size.rawValue,
            what: what,
            measured: measured,
            asked: asked,
            limit: limit,
            verdict: verdict
        )
    }

    private func serve(_ handler: BenchHandler) async throws {
        var logger = Logger(label: "kpush.bench")
        logger.logLevel = .warning
        var settings = ExecutorSettings(
            appName: BenchExecutor.group,
            schedulers: [site.url],
            folder: "\(folder)-\(site.size.rawValue)"
        )
        settings.mode = .pull
        settings.seats = Self.seats
        settings.token = site.executorToken
        settings.drainLimit = .seconds(1)
        settings.flushLimit = .seconds(1)
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        try await ExecutorService(
            settings: settings,
            handlers: HandlerCatalogue(["nothing": handler]),
            http: http,
            logger: logger
        )
        .runUntilCancelled(logger)
    }
}

/// Does nothing, and notes for which runs it was asked to.
private final class BenchHandler: JobHandler {
    private let begun = Mutex<[BenchExecutor.Arrival]>([])

    func run(_ context: JobContext) async throws -> String? {
        let arrival = BenchExecutor.Arrival(
            run: context.run,
            job: context.job,
            plannedAt: context.plannedAt,
            at: BenchExecutor.now
        )
        begun.withLock { $0.append(arrival) }
        return nil
    }

    var count: Int { begun.withLock { $0.count } }

    var arrivals: [BenchExecutor.Arrival] { begun.withLock { $0 } }
}
