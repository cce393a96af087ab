package import Groundwork

/// The instants at which one job is due, one after the other.
///
/// Fixed rates are counted from the instant planned before, so they never drift; a fixed delay knows no next instant
/// before a run has ended.
package struct Rhythm: Sendable {
    /// The due instants up to a limit, and what follows them.
    struct Due {
        var instants: [Moment]
        var next: Moment?
    }

    private let schedule: Schedule

    /// Reads a schedule as it is written down.
    ///
    /// - Throws: `ScheduleError` that names the field which makes no sense.
    package init(_ spec: ScheduleSpec) throws(ScheduleError) {
        schedule = try spec.read()
    }

    /// The first trigger of a job that is enabled at `now`; nil when it will never be due.
    package func start(at now: Moment) -> Moment? {
        switch schedule {
        case .cron: schedule.next(after: now)
        case .fixedRate(let period): now + period
        case .fixedDelay(let delay): now + delay
        case .once(let moment): moment > now ? moment : nil
        case .none: nil
        }
    }

    /// The trigger that follows the one planned at `planned`; nil when there is none, or not until a run has ended.
    package func following(_ planned: Moment) -> Moment? {
        switch schedule {
        case .cron: schedule.next(after: planned)
        case .fixedRate(let period): planned + period
        case .fixedDelay, .once, .none: nil
        }
    }

    /// The first trigger after `now` that keeps step with the one planned at `planned`, which is missed.
    func following(_ planned: Moment, after now: Moment) -> Moment? {
        switch schedule {
        case .cron: schedule.next(after: max(planned, now))
        case .fixedRate(let period):
            planned + .milliseconds(period.wholeMilliseconds * (steps(from: planned, to: now, period) + 1))
        case .fixedDelay, .once, .none: nil
        }
    }

    /// The first trigger after `now` when the one planned at `planned` is not made up for.
    func resuming(_ planned: Moment, after now: Moment) -> Moment? {
        if case .fixedDelay(let delay) = schedule { return now + delay }
        return following(planned, after: now)
    }

    /// The triggers from `planned`, which is due, up to `now`, at most `limit`.
    func triggers(from planned: Moment, through now: Moment, limit: Int) -> Due {
        var due = Due(instants: [planned], next: following(planned))
        while let next = due.next, next <= now, due.instants.count < limit {
            due.instants.append(next)
            due.next = following(next)
        }
        return due
    }

    private func steps(from planned: Moment, to now: Moment, _ period: Duration) -> Int64 {
        max(0, (now - planned).wholeMilliseconds) / max(1, period.wholeMilliseconds)
    }
}
