package import Foundation
package import Groundwork

/// What somebody who saves a schedule should see first: the next triggers, and what may surprise.
package struct SchedulePreview: Hashable, Sendable {
    /// The next triggers, in order; fewer than asked for where the schedule ends.
    package let instants: [Moment]
    /// What the schedule does that its author may not expect.
    package let surprises: [ScheduleWarning]

    /// The same as sentences in English.
    package var warnings: [String] { surprises.map(\.english) }

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
        var surprises = Self.surprises(schedule, after: instant)
        do {
            while instants.count < count,
                let next = try schedule.nextTrigger(after: instants.last ?? instant, on: days)
            {
                instants.append(next)
            }
            if let days, instants.isEmpty, count > 0, schedule.nextTrigger(after: instant) != nil {
                let name = days.calendar.name
                surprises.append(
                    ScheduleWarning(
                        "never fires: calendar \(name) excludes every day on which it would",
                        "从不触发：日历 \(name) 排除了所有会触发的日期"
                    )
                )
            }
        } catch {
            surprises.append(ScheduleWarning(error.description, error.description))
        }
        self.instants = instants
        self.surprises = surprises
    }

    /// Looks ahead on a job's own days and within its own bounds.
    ///
    /// - Parameters:
    ///   - rhythm: the job's schedule with what holds it back.
    ///   - instant: where to begin.
    ///   - count: how many triggers to look for; the first of which nobody knows whether it counts ends the look.
    init(of rhythm: Rhythm, after instant: Moment, count: Int) {
        var instants: [Moment] = []
        var surprises = Self.surprises(rhythm.schedule, after: instant)
        while instants.count < count, let next = rhythm.start(after: instants.last ?? instant) {
            if let doubt = rhythm.warning(of: next) {
                surprises.append(doubt)
                break
            }
            instants.append(next)
        }
        self.instants = instants
        self.surprises = surprises
    }

    /// What may surprise about a schedule that begins at `instant`, for who is about to save it; nothing where it is none.
    package static func surprises(of text: ScheduleText, at instant: Moment) -> [ScheduleWarning] {
        guard let rhythm = try? Rhythm(text, since: instant) else { return [] }
        return SchedulePreview(of: rhythm, after: instant, count: 1).surprises
    }

    private static func never(after instant: Moment, in rules: ZoneRules) -> ScheduleWarning {
        let shown = InstantText.local(instant, in: rules)
        return ScheduleWarning("never fires: nothing is due after \(shown)", "从不触发：\(shown) 之后没有触发时间")
    }

    private static func surprises(_ schedule: Schedule, after instant: Moment) -> [ScheduleWarning] {
        switch schedule {
        case .none: []
        case .once, .fixedRate, .fixedDelay:
            schedule.nextTrigger(after: instant) == nil ? [never(after: instant, in: .utc)] : []
        case .cron(let expression, let zone, let daylight):
            surprises(expression, in: ZoneRules(of: zone), daylight: daylight, after: instant)
        }
    }

    private static func surprises(
        _ expression: CronExpression,
        in rules: ZoneRules,
        daylight: DaylightPolicy,
        after instant: Moment
    ) -> [ScheduleWarning] {
        guard expression.next(after: instant, in: rules, policy: daylight) != nil else {
            return [never(after: instant, in: rules)]
        }
        let changes = ClockChanges(expression: expression, rules: rules, daylight: daylight)
        let clockWarnings = [changes.nextGap(after: instant), changes.nextOverlap(after: instant)]
        return expression.warnings + clockWarnings.compactMap { $0?.warning }
    }
}
