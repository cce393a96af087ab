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
    /// How long it is waited until one second is like the next: runs are planned ahead, and connections opened.
    private static let warmUp = Duration.seconds(5)

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            // Before there is anything else to do.
            let posts = try await MachineLimits(site: site).posts(to: executor)
            let count = asked * 26 / 25
            let start = SystemClock().now + .seconds(5 + count / 400)
            try await site.make(count) { number in
                .bench("steady-\(number)", .eachSecond(from: start + .seconds(1) * number / count))
            }
            guard SystemClock().now < start else { throw DemoError("\(count) jobs are not stored in time") }
            try await (start + Self.warmUp).reached()
            let before = (count: executor.stored, at: BenchExecutor.now)
            try await (start + Self.warmUp + span).reached()
            let after = (count: executor.stored, at: BenchExecutor.now)
            let perSecond = Double(after.count - before.count) * 1_000_000 / Double(after.at - before.at)
            let planned = executor.arrivals.map { [$0.job.rawValue, $0.plannedAt.millisecondsSinceEpoch] }
            let doubled = planned.count - Set(planned).count
            guard doubled == 0 else { throw DemoError("\(doubled) runs doubled") }
            return [
                SchedulerBenchLine(
                    row: "rate",
                    size: site.size.rawValue,
                    what: "runs/s over xxl-job's wire, \(count.grouped) due each second",
                    measured: Int(perSecond).grouped,
                    asked: asked.grouped,
                    limit: posts.text,
                    verdict: perSecond >= Double(asked) ? .met : .short
                )
            ]
        }
    }
}
