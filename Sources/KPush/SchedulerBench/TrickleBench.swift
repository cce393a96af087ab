import Groundwork
import LocalServers
import Scheduler
import Synchronization

/// How soon a run comes to its executor that a program asks for, now and then, over the API.
struct TrickleBench: Sendable {
    let site: SchedulerSite
    let count: Int

    /// The pause between two of them.
    private static let pause = Duration.milliseconds(10)

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let job = try await site.service.create(.bench("trickle", .manual))
            let client = APIClient(server: site.url, token: site.apiToken)
            defer { client.shutdown() }
            var times: [Int64] = []
            for turn in 0..<count + 5 {
                let asked = BenchExecutor.now
                _ = try await client.post("/api/v1/jobs/\(job.id)/trigger")
                try await waited(for: "a run stays away", atMost: .seconds(10)) {
                    executor.stored > turn
                }
                guard let arrival = executor.arrivals.last else { throw DemoError("no run came") }
                // The first ones open connections.
                if turn >= 5 { times.append(arrival.at - asked) }
                try await ContinuousClock().sleep(for: Self.pause)
            }
            let pickUp = Percentiles(times)
            let (p50, p99) = (pickUp.milliseconds(0.5), pickUp.milliseconds(0.99))
            let limits = MachineLimits(site: site)
            let posts = try await limits.posts(
                to: executor,
                atOnce: 1,
                for: .seconds(3),
                every: Self.pause
            )
            let commits = try await limits.commit(every: Self.pause)
            return [
                line("p50", p50.asMilliseconds, "2 ms", "\(posts.middle), \(commits)", p50 <= 2),
                line("p99", p99.asMilliseconds, "10 ms", posts.last, p99 <= 10),
            ]
        }
    }

    private func line(
        _ share: String,
        _ measured: String,
        _ asked: String,
        _ limit: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "trickle",
            size: site.size.rawValue,
            what: "pick-up of a job triggered over the API: \(share)",
            measured: measured,
            asked: asked,
            limit: limit,
            verdict: isMet ? .met : .short
        )
    }
}
