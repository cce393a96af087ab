import Foundation
import Groundwork
import Scheduler

/// Jobs that are all due at one instant, and how they get away.
struct Drain: Sendable {
    /// How long the last of them took, from the instant at which all were due, in milliseconds.
    struct Outcome: Sendable {
        let count: Int
        /// Until no job was due any more: all runs are committed.
        let committed: Double
        let lateness: Percentiles
        /// Until the last run came to the executor.
        let came: Double
        let missing: Int
        /// Runs that came beyond the jobs.
        let doubled: Int
    }

    let site: SchedulerSite
    let count: Int

    /// How long is waited for the last run.
    private static let patience = Duration.seconds(120)

    /// Makes the jobs and waits until all is stored.
    func perform(_ executor: BenchExecutor) async throws -> Outcome {
        let due = try await makeJobs()
        try await due.reached()
        async let committedAt = committed(after: due)
        // Whatever does not come is counted as missing.
        let stored = try await results(executor)
        let start = due.millisecondsSinceEpoch * 1_000
        let arrivals = executor.arrivals
        let lateness = Percentiles(arrivals.map(\.lateness))
        let jobs = Set(arrivals.map(\.job)).count
        return Outcome(
            count: count,
            committed: Double(try await committedAt - start) / 1_000,
            lateness: lateness,
            came: lateness.milliseconds(1),
            missing: count - min(jobs, stored),
            doubled: arrivals.count - jobs
        )
    }

    /// How many results are stored once all are, or it takes too long.
    private func results(_ executor: BenchExecutor) async throws -> Int {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while executor.stored < count, clock.now < end {
            try await clock.sleep(for: .milliseconds(10))
        }
        return executor.stored
    }

    /// Makes jobs that are due at the same second, with some time for that.
    func makeJobs() async throws -> Moment {
        // Even a busy disk stores this many jobs a second.
        let lead = Duration.seconds(5 + count / 600)
        let due = (SystemClock().now + lead).nextSecond
        let schedule = ScheduleText.cron(at: due)
        try await site.make(count) { .bench("drain-\($0)", schedule) }
        guard SystemClock().now + SchedulerSettings().planner.headStart < due else {
            throw DemoError("\(count) jobs are not stored within \(lead)")
        }
        return due
    }

    /// When no job was due any more, in microseconds since 1970.
    private func committed(after due: Moment) async throws -> Int64 {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            if try await site.jobs.upcoming(until: due, limit: 1).isEmpty { return BenchExecutor.now }
            try await clock.sleep(for: .milliseconds(5))
        }
        throw DemoError("jobs stay due")
    }
}
