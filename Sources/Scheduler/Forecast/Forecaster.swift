package import Groundwork

/// Lets the schedules of jobs run ahead on a clock of their own, with the code by which the leader plans.
///
/// Jobs of one pace are counted together, and an hour at a time of all jobs: so the space it takes grows with the jobs and not
/// with their triggers.
package struct Forecaster: Sendable {
    let from: Moment
    let until: Moment
    private let rules: ZoneRules

    /// How many herds are told of.
    private static let herds = 10

    /// Makes a forecast's bounds.
    ///
    /// - Parameters:
    ///   - from: the first instant, cut to whole seconds.
    ///   - span: how long from there; at least a second.
    ///   - rules: the zone of its hours and days.
    package init(from: Moment, span: Duration, in rules: ZoneRules) {
        self.from = Moment(secondsSinceEpoch: from.secondsSinceEpoch)
        until = self.from + .seconds(max(1, span.components.seconds))
        self.rules = rules
    }

    /// Counts the triggers of `jobs`.
    ///
    /// - Parameter jobs: the jobs; all are taken to be enabled.
    /// - Returns: the counts.
    /// - Throws: `ScheduleError` for a schedule that cannot be read; `CancellationError`.
    package func forecast(_ jobs: [ForecastJob]) async throws -> Forecast {
        let groups = Dictionary(grouping: jobs) { ForecastPace(of: $0, from: from) }
        var walks: [ForecastWalk] = []
        var names: [[JobName]] = []
        for (pace, jobs) in groups {
            walks.append(try ForecastWalk(pace, from: from))
            names.append(jobs.map(\.spec.fullName))
        }
        var surprises = SurpriseList(from: from, until: until)
        for (walk, names) in zip(walks, names) { surprises.addBeforehand(walk, names) }
        let tally = try await tally(&walks, names.map(\.count))
        for (walk, names) in zip(walks, names) { surprises.addAfterwards(walk, names) }
        let manual = zip(walks, names).filter { $0.0.rhythm.schedule == .none }.map(\.1.count).reduce(0, +)
        return Forecast(
            from: from,
            until: until,
            scheduled: jobs.count - manual,
            manual: manual,
            triggers: zip(walks, names).reduce(0) { $0 + $1.0.triggers * $1.1.count },
            busiestHour: tally.busiestHour,
            days: tally.days,
            herds: tally.herds(limit: Self.herds).map { herd($0, walks, names) },
            overlaps: overlaps(walks, names),
            surprises: surprises.inOrder
        )
    }

    /// The walk of one job, at its beginning.
    func walk(_ job: ForecastJob) throws(ScheduleError) -> ForecastWalk {
        try ForecastWalk(ForecastPace(of: job, from: from), from: from)
    }

    private func tally(_ walks: inout [ForecastWalk], _ weights: [Int]) async throws -> ForecastTally {
        var tally = ForecastTally(from: from, until: until, in: rules)
        // Most jobs are not due in most hours: that is told without touching them.
        var nexts = walks.map { $0.next?.millisecondsSinceEpoch ?? .max }
        repeat {
            try Task.checkCancellation()
            await Task.yield()
            let end = Moment(secondsSinceEpoch: Int64(tally.hour.end))
            for index in walks.indices where nexts[index] < end.millisecondsSinceEpoch {
                let weight = weights[index]
                let isScattered = walks[index].rhythm.schedule.waitsForRun
                walks[index]
                    .walk(before: end) { due in
                        if isScattered { tally.scatter(weight) } else { tally.add(weight, at: due) }
                    }
                nexts[index] = walks[index].next?.millisecondsSinceEpoch ?? .max
            }
        } while tally.turn()
        return tally
    }

    private func herd(
        _ herd: (second: Moment, triggers: Int, times: Int),
        _ walks: [ForecastWalk],
        _ names: [[JobName]]
    ) -> Forecast.Herd {
        let due = zip(walks, names).filter { $0.0.isDue(inSecond: herd.second, from: from) }
        return Forecast.Herd(
            second: herd.second,
            triggers: herd.triggers,
            times: herd.times,
            jobs: Forecast.Names(due.flatMap(\.1))
        )
    }

    private func overlaps(_ walks: [ForecastWalk], _ names: [[JobName]]) -> [Forecast.Overlap] {
        var overlaps: [Forecast.Overlap] = []
        for (walk, names) in zip(walks, names) {
            guard let overlap = walk.overlaps, let first = overlap.first, let duration = walk.pace.duration
            else { continue }
            for name in names {
                overlaps.append(
                    Forecast.Overlap(
                        job: name,
                        policy: walk.pace.overlap,
                        duration: duration,
                        count: overlap.count,
                        triggers: walk.triggers,
                        first: first,
                        longestWait: overlap.longestWait
                    )
                )
            }
        }
        return overlaps.sorted { ($1.count, "\($0.job)") < ($0.count, "\($1.job)") }
    }
}

extension Forecast.Names {
    /// The names in their order.
    init(_ names: [JobName]) {
        for name in names.sorted(by: { "\($0)" < "\($1)" }) { add(name) }
    }
}
