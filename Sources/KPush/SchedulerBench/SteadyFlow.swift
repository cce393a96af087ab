import Groundwork
import Scheduler

/// Runs that become due evenly, so many each second, and how many of them are done.
struct SteadyFlow: Sendable {
    let site: SchedulerSite
    /// How many are due each second, each of a job of its own.
    let due: Int
    /// How long it is counted.
    let span: Duration

    /// How long it is waited until one second is like the next: runs are planned ahead, and connections opened.
    private static let warmUp = Duration.seconds(5)

    /// A little more a second than is `asked`: no more can be done than is due.
    init(site: SchedulerSite, asked: Int, span: Duration) {
        (self.site, self.span) = (site, span)
        due = asked * 26 / 25
    }

    /// Makes the jobs, and counts.
    ///
    /// - Parameter done: how many runs are done so far.
    /// - Returns: how many are done a second.
    /// - Throws: `DemoError` when the jobs are not stored in time.
    func perSecond(_ done: () -> Int) async throws -> Double {
        let start = SystemClock().now + .seconds(5 + due / 400)
        try await site.make(due) { [due] number in
            .bench("steady-\(number)", .eachSecond(from: start + .seconds(1) * number / due))
        }
        guard SystemClock().now < start else { throw DemoError("\(due) jobs are not stored in time") }
        try await (start + Self.warmUp).reached()
        let before = (count: done(), at: BenchExecutor.now)
        try await (start + Self.warmUp + span).reached()
        let after = (count: done(), at: BenchExecutor.now)
        return Double(after.count - before.count) * 1_000_000 / Double(after.at - before.at)
    }
}
