import CurlDriver
import Executor
import Foundation
import Groundwork
import LocalServers
import Logging
import Scheduler

/// Runs a second over xxl-job's wire: planned, handed over, done, called back, stored.
struct RateBench: Sendable {
    let site: SchedulerSite
    let count: Int

    /// What is asked of a size, in runs a second.
    private var asked: Int { site.size == .embedded ? 3_000 : 2_500 }

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let outcome = try await Drain(site: site, count: count).perform(executor)
            guard outcome.missing == 0, outcome.doubled == 0 else {
                throw DemoError("\(outcome.missing) runs missing, \(outcome.doubled) doubled")
            }
            let posts = try await MachineLimits(site: site).posts(to: executor)
            return [
                SchedulerBenchLine(
                    row: "rate",
                    size: site.size.rawValue,
                    what: "runs/s over xxl-job's wire, \(count.grouped) runs",
                    measured: Int(outcome.perSecond).grouped,
                    asked: asked.grouped,
                    limit: posts.text,
                    verdict: outcome.perSecond >= Double(asked) ? .met : .short
                )
            ]
        }
    }
}

/// The same with an executor of KPush's own, which keeps journals and logs of its runs.
struct OwnExecutorBench: Sendable {
    let site: SchedulerSite
    let count: Int
    /// The executor's folder.
    let folder: String

    /// What is asked of a size, in runs a second.
    private var asked: Int { site.size == .embedded ? 15_000 : 12_000 }

    func lines() async throws -> [SchedulerBenchLine] {
        let rate = try await withThrowingTaskGroup(of: Double?.self) { group in
            group.addTask {
                try await serve()
                return nil
            }
            group.addTask { try await drain() }
            defer { group.cancelAll() }
            while let rate = try await group.next() {
                if let rate { return rate }
            }
            throw DemoError("the executor ended")
        }
        return [
            SchedulerBenchLine(
                row: "own",
                size: site.size.rawValue,
                what: "runs/s with KPush's executor, \(count.grouped) runs",
                measured: Int(rate).grouped,
                asked: asked.grouped,
                verdict: rate >= Double(asked) ? .met : .short
            )
        ]
    }

    private func serve() async throws {
        var logger = Logger(label: "kpush.bench")
        // It is cancelled in the end, which servers complain about.
        logger.logLevel = .critical
        var settings = ExecutorSettings(
            appName: BenchExecutor.group,
            schedulers: [site.url],
            folder: "\(folder)-\(site.size.rawValue)"
        )
        settings.port = 0
        settings.token = site.executorToken
        settings.drainLimit = .seconds(1)
        settings.flushLimit = .seconds(1)
        var handlers = HandlerCatalogue()
        handlers.add("nothing") { _ in nil }
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        try await ExecutorService(settings: settings, handlers: handlers, http: http, logger: logger).run()
    }

    private func drain() async throws -> Double {
        let due = try await Drain(site: site, count: count).makeJobs()
        try await due.reached()
        let open = RunFilter(group: BenchExecutor.group, states: .open)
        try await waited(for: "runs stay open", atMost: .seconds(120)) {
            let next = try await site.jobs.upcoming(limit: 1).first?.nextTriggerAt
            guard next.map({ $0 > due }) ?? true else { return false }
            return try await site.runs.runs(open, after: nil, limit: 1).elements.isEmpty
        }
        return Double(count) / (SystemClock().now - due).inSeconds
    }
}
