import Groundwork

/// The instants at which one job is due, one after the other.
///
/// Fixed rates are counted from when the job was enabled, so lateness never makes them drift; a fixed delay
/// knows no next instant before a run has ended.
struct Rhythm {
    /// The due instants up to a limit, and what follows them.
    struct Due {
        var instants: [Moment]
        var next: Moment?
    }

    let schedule: Schedule

    /// Reads a schedule as it is written down.
    ///
    /// - Parameters:
    ///   - text: what is written.
    ///   - start: when the job was enabled; what a fixed rate counts from unless its text says so.
    /// - Throws: `ScheduleError` that names the part which makes no sense.
    init(_ text: ScheduleText, since start: Moment) throws(ScheduleError) {
        let schedule = try Schedule(text)
        if case .fixedRate(let period, Moment(millisecondsSinceEpoch: 0)) = schedule {
            self.schedule = .fixedRate(period: period, anchor: start)
        } else {
            self.schedule = schedule
        }
    }

    /// The first trigger after `now` of a job that has not run yet; nil when it will never be due.
    func start(after now: Moment) -> Moment? {
        schedule.nextTrigger(after: now)
    }

    /// The trigger that follows the one planned at `planned`; nil when there is none, or not until a run has
    /// ended.
    func following(_ planned: Moment) -> Moment? {
        schedule.waitsForRun ? nil : schedule.nextTrigger(after: planned)
    }

    /// The first trigger after `now` when the one planned at `planned` is not made up for.
    func resuming(_ planned: Moment, after now: Moment) -> Moment? {
        schedule.nextTrigger(after: max(planned, now))
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
}
