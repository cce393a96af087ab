package import Groundwork

/// The stages of a run's way, each counted from the end of the one before it.
package enum RunStage: String, Hashable, Sendable, CaseIterable {
    /// From the instant at which it is due to the row that records it; nothing where that comes first. Only metrics know it: rows do
    /// not say when they were written.
    case planned
    /// From the instant at which it is due to when it was written as sent: the wait for an earlier run of a serial job, and for an
    /// executor that has room, is in it.
    case sent
    /// From then to its acceptance by an executor.
    case accepted
    /// From then to its end: the wait in the executor's queue is in it, because the wire does not tell when a queued run starts.
    case ended
}

extension JobRun {
    /// How long each stage took that it has behind it, but for `planned`.
    ///
    /// - Parameter due: when it was due.
    /// - Returns: the durations; none before it was sent.
    package func stages(due: Moment) -> [RunStage: Duration] {
        guard let dispatchedAt else { return [:] }
        // It is written as sent a little before it is due.
        let sent = max(dispatchedAt, due)
        var stages: [RunStage: Duration] = [.sent: sent - due]
        guard let startedAt else { return stages }
        let accepted = max(startedAt, sent)
        stages[.accepted] = accepted - sent
        if let end { stages[.ended] = max(end.at, accepted) - accepted }
        return stages
    }
}

/// How long the stages of a job's runs took.
package struct StageReport: Hashable, Sendable {
    /// How durations are spread.
    package struct Spread: Hashable, Sendable {
        /// Half of them are no longer.
        package let median: Duration
        /// 99 in 100 of them are no longer.
        package let percentile99: Duration
        package let longest: Duration

        /// Takes durations in any order; nil when there are none.
        init?(_ durations: [Duration]) {
            let sorted = durations.sorted()
            guard let last = sorted.last else { return nil }
            median = sorted[(sorted.count - 1) / 2]
            // The nearest rank: of fewer than 100 it is the longest.
            percentile99 = sorted[(sorted.count * 99 + 99) / 100 - 1]
            longest = last
        }
    }

    /// How many runs were looked at: first attempts that a schedule made and that were sent.
    package let runs: Int
    /// The planned instants of the first and the last of them; nil when there were none.
    package let span: ClosedRange<Moment>?
    /// From when each was due to its acceptance: how late they were.
    package let start: Spread?
    package let stages: [RunStage: Spread]
    /// How many of the runs were accepted.
    let started: Int
    /// How many of those were accepted within the limit.
    let inTime: Int

    /// Looks at runs of one job.
    ///
    /// - Parameters:
    ///   - runs: any runs of the job, in any order.
    ///   - limit: within how long a run is accepted in time; nil where nobody says.
    ///   - due: says when a run was due.
    init(_ runs: [JobRun], limit: Duration? = nil, due: (JobRun) -> Moment) {
        let counted = runs.filter { run in
            run.plan.trigger == .schedule && run.plan.attempt == 1 && run.dispatchedAt != nil
        }
        self.runs = counted.count
        let instants = counted.map(\.plan.plannedAt)
        span = if let first = instants.min(), let last = instants.max() { first...last } else { nil }
        let ways = counted.map { $0.stages(due: due($0)) }
        let starts = ways.compactMap { way -> Duration? in
            guard let sent = way[.sent], let accepted = way[.accepted] else { return nil }
            return sent + accepted
        }
        start = Spread(starts)
        started = starts.count
        inTime = limit.map { limit in starts.count { $0 <= limit } } ?? starts.count
        var stages: [RunStage: Spread] = [:]
        for stage in RunStage.allCases { stages[stage] = Spread(ways.compactMap { $0[stage] }) }
        self.stages = stages
    }
}

extension Job {
    /// When a run that its schedule made was due: the planned instant, and what the schedule spreads it by now.
    func due(_ run: JobRun) -> Moment {
        let planned = run.plan.plannedAt
        return planned + TriggerPlanner.jitter(of: id, upTo: spec.schedule.limits.jitter, at: planned)
    }
}
