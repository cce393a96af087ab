import Foundation
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
    private let days: (calendar: JobCalendar, zone: ZoneRules)?
    /// Those of a cron expression's zone, looked up once.
    private let rules: ZoneRules
    private let from: Moment?
    private let until: Moment?

    /// Reads a schedule as it is written down.
    ///
    /// - Parameters:
    ///   - text: what is written.
    ///   - start: when the job was enabled; what a fixed rate counts from unless its text says so.
    /// - Throws: `ScheduleError` that names the part which makes no sense.
    init(_ text: ScheduleText, since start: Moment) throws(ScheduleError) {
        let schedule = try Schedule(text)
        try text.limits.check()
        if text.limits.from != nil || text.limits.until != nil || text.limits.hasDays, schedule.waitsForRun {
            throw ScheduleError(
                field: "calendar",
                reason: "a fixed delay has neither days nor bounds of its own"
            )
        }
        guard let zone = ZoneRules(named: text.zone) else { throw .unknownZone }
        days = try text.limits.days().map { ($0, zone) }
        rules = zone
        from = text.limits.from
        until = text.limits.until
        if case .fixedRate(let period, Moment(millisecondsSinceEpoch: 0)) = schedule {
            self.schedule = .fixedRate(period: period, anchor: start)
        } else {
            self.schedule = schedule
        }
    }

    /// The first trigger after `now` of a job that has not run yet; nil when it will never be due.
    func start(after now: Moment) -> Moment? {
        next(after: now)
    }

    /// Why nobody knows whether a trigger counts; nil where it does.
    ///
    /// A calendar whose years are over must neither stop a job in silence nor have it run on a holiday: its triggers come and
    /// are recorded as skipped, for this reason.
    func doubt(about trigger: Moment) -> String? {
        warning(of: trigger)?.english
    }

    /// The same in each language, for who looks ahead.
    func warning(of trigger: Moment) -> ScheduleWarning? {
        guard let days else { return nil }
        let date = days.zone.date(at: trigger)
        return days.calendar.verdict(on: date) == .notCovered ? days.calendar.warning(of: date) : nil
    }

    /// The trigger that follows the one planned at `planned`; nil when there is none, or not until a run has
    /// ended.
    func following(_ planned: Moment) -> Moment? {
        schedule.waitsForRun ? nil : next(after: planned)
    }

    /// The first trigger after `now` when the one planned at `planned` is not made up for.
    func resuming(_ planned: Moment, after now: Moment) -> Moment? {
        next(after: max(planned, now))
    }

    private func next(after instant: Moment) -> Moment? {
        let start = from.map { max(instant, $0 - .milliseconds(1)) } ?? instant
        let next =
            if let days {
                schedule.nextTrigger(after: start, unlessExcludedBy: days.calendar, in: days.zone)
            } else if case .cron(let expression, _, let daylight) = schedule {
                expression.next(after: start, in: rules, policy: daylight)
            } else {
                schedule.nextTrigger(after: start)
            }
        return next.flatMap { next in until.map { next <= $0 } ?? true ? next : nil }
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
