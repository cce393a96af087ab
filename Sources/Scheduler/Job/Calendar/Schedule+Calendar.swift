package import Foundation
package import Groundwork

extension Schedule {
    /// The longest time without a counted day that is looked through.
    private static let longestRest = 3_660

    /// The first trigger after `instant` on a civil day that `calendar` counts; nil when there is none.
    ///
    /// Excluded days are passed over as a whole, however many triggers they have. A schedule all of whose
    /// triggers in ten years, counted from the first, fall on excluded days is taken to have ended. After a fixed
    /// delay that ends on an excluded day, the job is due when the next counted day begins.
    ///
    /// - Parameters:
    ///   - instant: as for ``nextTrigger(after:)``.
    ///   - calendar: the days on which triggers count.
    ///   - zone: where these days begin and end.
    /// - Returns: the trigger, or nil.
    /// - Throws: `CalendarError` when the first trigger that is not excluded falls on a day that the calendar does
    ///   not cover.
    package func nextTrigger(
        after instant: Moment,
        calendar: JobCalendar,
        zone: TimeZone
    ) throws(CalendarError) -> Moment? {
        try nextTrigger(after: instant, calendar: calendar, in: ZoneRules(of: zone))
    }

    /// The first trigger after `instant`, on the days of a calendar if there is one.
    func nextTrigger(
        after instant: Moment,
        on days: (calendar: JobCalendar, zone: TimeZone)?
    ) throws(CalendarError) -> Moment? {
        guard let days else { return nextTrigger(after: instant) }
        return try nextTrigger(after: instant, calendar: days.calendar, zone: days.zone)
    }

    /// As `nextTrigger(after:calendar:zone:)`, with the zone's rules.
    func nextTrigger(
        after instant: Moment,
        calendar: JobCalendar,
        in rules: ZoneRules
    ) throws(CalendarError) -> Moment? {
        let next = nextTrigger(after: instant, unlessExcludedBy: calendar, in: rules)
        guard let next else { return nil }
        let date = rules.date(at: next)
        guard calendar.verdict(on: date) == .counted else { throw calendar.notCovered(date) }
        return next
    }

    /// The first trigger after `instant` on a day that `calendar` does not exclude, also where it knows nothing of the day.
    func nextTrigger(
        after instant: Moment,
        unlessExcludedBy calendar: JobCalendar,
        in rules: ZoneRules
    ) -> Moment? {
        guard var trigger = nextTrigger(after: instant) else { return nil }
        let limit = rules.day(at: trigger) + Self.longestRest
        while true {
            let day = rules.day(at: trigger)
            guard day < limit else { return nil }
            guard calendar.verdict(on: CivilDate(dayNumber: day)) == .excluded else { return trigger }
            let resumption = rules.resumption(
                after: trigger,
                onDay: calendar.dayAfterExcluded(day, limit: limit)
            )
            guard let next = firstTrigger(from: resumption) else { return nil }
            trigger = next
        }
    }

    /// The first trigger at or after `instant`; a delay that is over is due then.
    private func firstTrigger(from instant: Moment) -> Moment? {
        if case .fixedDelay = self { return instant }
        return nextTrigger(after: Moment(millisecondsSinceEpoch: instant.millisecondsSinceEpoch - 1))
    }
}

extension ZoneRules {
    /// The civil date at `moment`.
    func date(at moment: Moment) -> CivilDate { CivilDate(dayNumber: day(at: moment)) }

    /// The civil day at `moment`, counted from 1970-01-01.
    fileprivate func day(at moment: Moment) -> Int {
        wall(at: Int(moment.secondsSinceEpoch)).dayNumber
    }

    /// When clocks that have shown an earlier day at `moment` show `day`, or are changed before that.
    ///
    /// A change of clocks may bring an earlier day back for a while; whoever stops there looks again.
    fileprivate func resumption(after moment: Moment, onDay day: Int) -> Moment {
        let span = spans[index(at: Int(moment.secondsSinceEpoch))]
        let midnight = WallTime(dayNumber: day).seconds - span.offset
        return Moment(secondsSinceEpoch: Int64(min(midnight, span.end)))
    }
}
