import Foundation
import Groundwork
import Scheduler

/// What carries out the runs of a drain.
protocol DrainedExecutor: Sendable {
    /// The runs that came, in the order in which they did.
    var arrivals: [BenchExecutor.Arrival] { get }

    /// How many results are stored, and when the last of them was, in microseconds since 1970; may be zero while they are
    /// fewer than `count`.
    ///
    /// - Throws: `StoreError` when the store cannot be asked.
    func stored(of count: Int) async throws -> (count: Int, lastAt: Int64)
}

/// Jobs that are all due at one instant, and how they get away.
struct Drain: Sendable {
    /// How long the last of them took, from the instant at which all were due, in milliseconds.
    struct Outcome: Sendable {
        let count: Int
        /// When the first run was stored: before that instant, and so negative.
        let begun: Double
        /// Until no job was due any more: all runs are committed.
        let committed: Double
        let lateness: Percentiles
        /// Until the last run came to the executor.
        let came: Double
        /// Until the last result was stored.
        let stored: Double
        let missing: Int
        /// Runs that came beyond the jobs.
        let doubled: Int

        /// Runs a second, from when the first of them was planned: what is done ahead counts as well.
        var perSecond: Double { Double(count - missing) / max(0.001, (stored - begun) / 1_000) }

        /// Itself, when each job had its run, once.
        ///
        /// - Throws: `DemoError` when not.
        var whole: Outcome {
            get throws {
                guard missing == 0, doubled == 0 else {
                    throw DemoError("\(missing) runs missing, \(doubled) doubled")
                }
                return self
            }
        }
    }

    let site: SchedulerSite
    let count: Int

    /// How long is waited for the last run.
    private static let patience = Duration.seconds(120)

    /// Makes the jobs and waits until all is stored.
    func perform(_ executor: some DrainedExecutor) async throws -> Outcome {
        let due = try await makeJobs()
        let begunAt = try await begun(before: due)
        try await due.reached()
        async let committedAt = committed(after: due)
        // Whatever does not come is counted as missing.
        let (stored, lastAt) = try await results(executor)
        let start = due.millisecondsSinceEpoch * 1_000
        let arrivals = executor.arrivals
        let lateness = Percentiles(arrivals.map(\.lateness))
        let jobs = Set(arrivals.map(\.job)).count
        return Outcome(
            count: count,
            begun: Double(begunAt - start) / 1_000,
            committed: Double(try await committedAt - start) / 1_000,
            lateness: lateness,
            came: lateness.milliseconds(1),
            stored: Double(lastAt - start) / 1_000,
            missing: count - min(jobs, stored),
            doubled: arrivals.count - jobs
        )
    }

    /// How many results are stored, and when the last of them was, once all are or it takes too long.
    private func results(_ executor: some DrainedExecutor) async throws -> (count: Int, lastAt: Int64) {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while true {
            let stored = try await executor.stored(of: count)
            if stored.count >= count || clock.now >= end { return stored }
            try await clock.sleep(for: .milliseconds(10))
        }
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

    /// When the first run was stored, in microseconds since 1970.
    private func begun(before due: Moment) async throws -> Int64 {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        try await (due - SchedulerSettings().planner.headStart).reached()
        while clock.now < end {
            let filter = RunFilter(group: BenchExecutor.group)
            if try await !site.runs.runs(filter, after: nil, limit: 1).elements.isEmpty {
                return BenchExecutor.now
            }
            try await clock.sleep(for: .milliseconds(5))
        }
        throw DemoError("nothing was planned")
    }

    /// When no job was due any more, in microseconds since 1970.
    private func committed(after due: Moment) async throws -> Int64 {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            let next = try await site.jobs.upcoming(limit: 1).first?.nextTriggerAt
            if next.map({ $0 > due }) ?? true { return BenchExecutor.now }
            try await clock.sleep(for: .milliseconds(5))
        }
        throw DemoError("jobs stay due")
    }
}
