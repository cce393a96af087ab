import Groundwork

/// Many cron jobs that are due in one second.
struct BurstBench: Sendable {
    let site: SchedulerSite
    let count: Int

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let outcome = try await Drain(site: site, count: count).perform(executor)
            let limits = MachineLimits(site: site)
            let inserts = try await limits.inserts(outcome.count)
            let posts = try await limits.posts(to: executor)
            let what = "\(count.grouped) cron jobs due in one second"
            let p99 = outcome.lateness.milliseconds(0.99)
            return [
                line(
                    "\(what): committed",
                    outcome.committed.asMilliseconds,
                    "500 ms",
                    inserts,
                    outcome.committed <= 500
                ),
                line(
                    "\(what): accepted",
                    outcome.came.asMilliseconds,
                    "2 s",
                    posts.text,
                    outcome.came <= 2_000
                ),
                line("\(what): p99 lateness", p99.asMilliseconds, "1 s", posts.text, p99 <= 1_000),
                line(
                    "\(what): missing, doubled",
                    "\(outcome.missing), \(outcome.doubled)",
                    "0, 0",
                    "",
                    outcome.missing == 0 && outcome.doubled == 0
                ),
            ]
        }
    }

    private func line(
        _ what: String,
        _ measured: String,
        _ asked: String,
        _ limit: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "burst",
            size: site.size.rawValue,
            what: what,
            measured: measured,
            asked: asked,
            limit: limit,
            verdict: isMet ? .met : .short
        )
    }
}
