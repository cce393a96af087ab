import Groundwork
import LocalServers
import Scheduler

/// How late runs are that come evenly, from the planned instant to the request on the wire.
struct LatenessBench: Sendable {
    let site: SchedulerSite
    /// Jobs that are due each second.
    let count: Int
    let span: Duration

    /// For how long jobs come that are due at a single instant.
    private static let singleSpan = Duration.seconds(5)

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let singles = try await singles(executor)
            executor.forget()
            let start = SystemClock().now + .seconds(3 + count / 400)
            // Evenly over the second: what is due at one instant stands in line for a processor.
            try await site.make(count) { number in
                .bench("flow-\(number)", .eachSecond(from: start + .seconds(1) * number / count))
            }
            // What the first second costs, such as opening connections, is not what a second costs.
            let counted = (start + .seconds(2))..<(start + .seconds(2) + span)
            // What is due last is on its way for a moment.
            try await (counted.upperBound + .seconds(1)).reached()
            let arrivals = executor.arrivals.filter { counted.contains($0.plannedAt) }
            let seconds = Int(span.inSeconds)
            let lateness = Percentiles(arrivals.map(\.lateness))
            let (p50, p99) = (lateness.milliseconds(0.5), lateness.milliseconds(0.99))
            let what = "lateness, \(count.grouped) jobs each second"
            let posts = try await MachineLimits(site: site).posts(to: executor)
            return [
                line("\(what): p50", p50.asMilliseconds, "5 ms", posts.middle, p50 <= 5),
                line("\(what): p99", p99.asMilliseconds, "25 ms", posts.last, p99 <= 25),
                singles,
                SchedulerBenchLine(
                    row: "lateness",
                    size: site.size.rawValue,
                    what: "runs that came of \((count * seconds).grouped), latest",
                    measured: "\(arrivals.count.grouped), \(lateness.milliseconds(1).asMilliseconds)",
                    asked: "",
                    verdict: .note
                ),
            ]
        }
    }

    /// The same of jobs that are due once, as many each second.
    private func singles(_ executor: BenchExecutor) async throws -> SchedulerBenchLine {
        let all = count * Int(Self.singleSpan.inSeconds)
        let start = SystemClock().now + .seconds(5 + all / 400)
        try await site.make(all) { .bench("once-\($0)", .once(at: start + .seconds(1) * $0 / count)) }
        try await (start + Self.singleSpan + .seconds(1)).reached()
        let arrivals = executor.arrivals
        guard Set(arrivals.map(\.job)).count == all, arrivals.count == all else {
            throw DemoError("\(arrivals.count) runs came of \(all) that are due once")
        }
        let p99 = Percentiles(arrivals.map(\.lateness)).milliseconds(0.99)
        let what = "lateness, \(count.grouped) single instants each second: p99"
        return line(what, p99.asMilliseconds, "100 ms", "", p99 <= 100)
    }

    private func line(
        _ what: String,
        _ measured: String,
        _ asked: String,
        _ limit: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "lateness",
            size: site.size.rawValue,
            what: what,
            measured: measured,
            asked: asked,
            limit: limit,
            verdict: isMet ? .met : .short
        )
    }
}
