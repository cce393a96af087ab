import Foundation
package import Groundwork

/// One of the installation's days, and the instants between which it lies.
package struct DaySpan: Hashable, Sendable {
    package let day: CalendarDay
    package let start: Moment
    /// The first instant after it.
    package let end: Moment

    package init(day: CalendarDay, start: Moment, end: Moment) {
        self.day = day
        self.start = start
        self.end = end
    }

    /// Whether it is the same day in China, where most suppliers count theirs.
    package var isChinas: Bool {
        let begin = CivilTime(start, offset: CivilTime.china)
        return begin.compactDate == String(day.number) && end == start + .seconds(86_400)
            && (begin.hour, begin.minute, begin.second) == (0, 0, 0)
    }
}

extension BusinessCalendar {
    /// The day `days` before that of `moment`, and where it lies.
    package func span(before moment: Moment, days: Int) -> DaySpan? {
        let calendar = gregorian
        let instant = Date(timeIntervalSince1970: Double(moment.millisecondsSinceEpoch) / 1_000)
        guard let start = calendar.date(byAdding: .day, value: -days, to: calendar.startOfDay(for: instant))
        else { return nil }
        return span(from: start, calendar)
    }

    /// Where a day lies; nil when the zone has no such day.
    package func span(of day: CalendarDay) -> DaySpan? {
        let calendar = gregorian
        let parts = DateComponents(
            year: day.number / 10_000,
            month: day.number / 100 % 100,
            day: day.number % 100,
            hour: 12
        )
        return calendar.date(from: parts).flatMap { span(from: calendar.startOfDay(for: $0), calendar) }
    }

    private var gregorian: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        return calendar
    }

    private func span(from start: Date, _ calendar: Calendar) -> DaySpan? {
        let first = Self.moment(start)
        guard let end = calendar.date(byAdding: .day, value: 1, to: start),
            let day = CalendarDay(number: day(of: first))
        else { return nil }
        // Where a day begins at one o'clock, the one before it ends there.
        return DaySpan(day: day, start: first, end: Self.moment(calendar.startOfDay(for: end)))
    }

    private static func moment(_ date: Date) -> Moment {
        Moment(secondsSinceEpoch: Int64(date.timeIntervalSince1970.rounded()))
    }
}
