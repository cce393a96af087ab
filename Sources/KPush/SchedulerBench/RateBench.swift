import Groundwork
import Scheduler

/// Runs a second over xxl-job's wire: planned, handed over, done, called back, stored.
struct RateBench: Sendable {
    let site: SchedulerSite
    let count: Int

    /// What is asked of a size, in runs a second.
    private var asked: Int { site.size == .embedded ? 3_000 : 2_500 }

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let outcome = try await Drain(site: site, count: count).perform(executor).whole
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
