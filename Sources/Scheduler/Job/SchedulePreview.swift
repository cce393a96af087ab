package import Foundation
package import Groundwork

/// What somebody who saves a schedule should see first: the next triggers, and what may surprise.
package struct SchedulePreview: Hashable, Sendable {
    /// The next triggers, in order; fewer than asked for where the schedule ends.
    package let instants: [Moment]
    /// Sentences about what the schedule does that its author may not expect.
    package let warnings: [String]

    /// Looks ahead from `instant`.
    ///
    /// A fixed delay is shown as if each run took no time.
    ///
    /// - Parameters:
    ///   - schedule: the schedule.
    ///   - instant: where to begin.
    ///   - count: how many triggers to look for.
    ///   - days: the calendar whose days alone count, and the zone in which they begin; nil for all days. What
    ///     it does not cover ends the preview with a warning.
    package init(
        of schedule: Schedule,
        after instant: Moment,
        count: Int,
        on days: (calendar: JobCalendar, zone: TimeZone)? = nil
    ) {
        var instants: [Moment] = []
        var warnings = Self.warnings(schedule, after: instant)
        do {
            while instants.count < count,
                let next = try schedule.nextTrigger(after: instants.last ?? instant, on: days)
            {
                instants.append(next)
            }
            if let days, instants.isEmpty, count > 0, schedule.nextTrigger(after: instant) != nil {
                warnings.append(
                    "never fires: calendar \(days.calendar.name) excludes every day on which it would"
                )
            }
        } catch {
            warnings.append(error.description)
        }
        self.instants = instants
        self.warnings = warnings
    }

    /// Looks ahead on a job's own days and within its own bounds.
    ///
    /// - Parameters:
    ///   - rhythm: the job's schedule with what holds it back.
    ///   - instant: where to begin.
    ///   - count: how many triggers to look for; the first of which nobody knows whether it counts ends the look.
    init(of rhythm: Rhythm, after instant: Moment, count: Int) {
        var instants: [Moment] = []
        var warnings = Self.warnings(rhythm.schedule, after: instant)
        while instants.count < count, let next = rhythm.start(after: instants.last ?? instant) {
            if let doubt = rhythm.doubt(about: next) {
                warnings.append(doubt)
                break
            }
            instants.append(next)
        }
        self.instants = instants
        self.warnings = warnings
    }

    private static func warnings(_ schedule: Schedule, after instant: Moment) -> [String] {
        switch schedule {
        case .none: []
        case .once, .fixedRate, .fixedDelay:
            schedule.nextTrigger(after: instant) == nil
                ? ["never fires: nothing is due after \(InstantText.local(instant, in: .utc))"] : []
        case .cron(let expression, let zone, let daylight):
            warnings(expression, in: ZoneRules(of: zone), daylight: daylight, after: instant)
        }
    }

    private static func warnings(
        _ expression: CronExpression,
        in rules: ZoneRules,
        daylight: DaylightPolicy,
        after instant: Moment
    ) -> [String] {
        guard expression.next(after: instant, in: rules, policy: daylight) != nil else {
            return ["never fires: nothing is due after \(InstantText.local(instant, in: rules))"]
        }
        let changes = ClockChanges(expression: expression, rules: rules, daylight: daylight)
        let clockWarnings = [changes.nextGap(after: instant), changes.nextOverlap(after: instant)]
        return expression.warnings + clockWarnings.compactMap { $0?.sentence }
    }
}
