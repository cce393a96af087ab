import CurlDriver
import Executor
import Foundation
import Groundwork
import Logging
import Scheduler
import Synchronization

/// Runs a second with an executor of KPush's own, which fetches its runs over a call that it holds, and keeps a journal and
/// logs of them: planned, handed over, done, told, stored.
struct OwnExecutorBench: Sendable {
    let site: SchedulerSite
    let count: Int
    /// The executor's folder.
    let folder: String

    /// What is asked of a size, in runs a second.
    private var asked: Int { site.size == .embedded ? 15_000 : 12_000 }
    /// How many runs the executor holds at most.
    private static let seats = 4_000

    func lines() async throws -> [SchedulerBenchLine] {
        let handler = BenchHandler(site)
        let outcome = try await withThrowingTaskGroup(of: Drain.Outcome?.self) { group in
            group.addTask {
                try await serve(handler)
                return nil
            }
            group.addTask { try await Drain(site: site, count: count).perform(handler).whole }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw DemoError("the executor ended")
        }
        let store = try await MachineLimits(site: site).stores(handler.arrivals.map(\.job))
        let stages = [outcome.committed, outcome.came, outcome.stored].map(\.asMilliseconds)
        return [
            line(
                "runs/s with KPush's executor, which fetches them, \(count.grouped) runs",
                Int(outcome.perSecond).grouped,
                asked.grouped,
                store,
                outcome.perSecond >= Double(asked) ? .met : .short
            ),
            line("of these: all planned, begun, stored after", stages.joined(separator: ", "), "", "", .note),
        ]
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
private final class BenchHandler: JobHandler, DrainedExecutor {
    private let site: SchedulerSite
    private let begun = Mutex<[BenchExecutor.Arrival]>([])

    init(_ site: SchedulerSite) {
        self.site = site
    }

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

    var arrivals: [BenchExecutor.Arrival] { begun.withLock { $0 } }

    func stored(of count: Int) async throws -> (count: Int, lastAt: Int64) {
        guard begun.withLock({ $0.count }) >= count else { return (0, 0) }
        let open = RunFilter(group: BenchExecutor.group, states: .open)
        guard try await site.runs.runs(open, after: nil, limit: 1).elements.isEmpty else { return (0, 0) }
        let now = BenchExecutor.now
        var (completed, last): (Int, RunID?) = (0, nil)
        repeat {
            let page = try await site.runs.runs(
                RunFilter(group: BenchExecutor.group),
                after: last,
                limit: 500
            )
            completed += page.elements.count { $0.end?.reason == .completed }
            last = page.next
        } while last != nil
        return (completed, now)
    }
}
