import Groundwork
import LocalServers
import Scheduler

/// Runs a second over xxl-job's wire, while a little more are due each second than is asked: planned, handed over, done, called
/// back, stored.
struct RateBench: Sendable {
    let site: SchedulerSite
    /// A divisor of what is asked, for a quick look.
    let divisor: Int
    let span: Duration

    /// What is asked of a size, in runs a second.
    private var asked: Int { (site.size == .embedded ? 3_000 : 2_500) / divisor }

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            // Before there is anything else to do.
            let posts = try await MachineLimits(site: site).posts(to: executor)
            let flow = SteadyFlow(site: site, asked: asked, span: span)
            let perSecond = try await flow.perSecond { executor.stored }
            let planned = executor.arrivals.map { [$0.job.rawValue, $0.plannedAt.millisecondsSinceEpoch] }
            let doubled = planned.count - Set(planned).count
            guard doubled == 0 else { throw DemoError("\(doubled) runs doubled") }
            return [
                SchedulerBenchLine(
                    row: "rate",
                    size: site.size.rawValue,
                    what: "runs/s over xxl-job's wire, \(flow.due.grouped) due each second",
                    measured: Int(perSecond).grouped,
                    asked: asked.grouped,
                    limit: posts.text,
                    verdict: perSecond >= Double(asked) ? .met : .short
                )
            ]
        }
    }
}
