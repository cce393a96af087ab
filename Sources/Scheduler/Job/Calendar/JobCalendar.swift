package import Groundwork

/// On which civil days something may be due: a list of days off, and of days that count again.
///
/// A calendar speaks only for the years that it covers. Beyond them it says so: next year's holidays are not
/// known before they are announced, and a guess would run a job on a holiday.
package struct JobCalendar: Hashable, Sendable {
    /// What a calendar says of a day.
    package enum Verdict: Hashable, Sendable {
        /// Things are due as on any other day.
        case counted
        /// Nothing is due.
        case excluded
        /// The calendar does not know.
        case notCovered
    }

    /// All years in which anything can be due.
    package static let everyYear: ClosedRange<Int> = YearSet.range

    /// What schedules know it by: 1 to 64 of lower-case letters, digits and dashes.
    package let name: String
    /// For people, up to 1000 characters.
    package let summary: String
    /// The years it speaks for.
    package let years: ClosedRange<Int>
    /// Whether Saturdays and Sundays are off unless they are `included`.
    package let excludesWeekends: Bool

    /// Days off, as counted from 1970-01-01.
    let excludedDays: Set<Int>
    /// Days that count though they would be off.
    let includedDays: Set<Int>

    /// Makes a calendar.
    ///
    /// - Parameters:
    ///   - name: what schedules know it by.
    ///   - summary: for people.
    ///   - years: the years it speaks for; all that schedules know of by default.
    ///   - excludesWeekends: whether Saturdays and Sundays are off.
    ///   - excluded: days off, within the years.
    ///   - included: days that count though they are Saturdays or Sundays, within the years.
    /// - Throws: `CalendarError` naming the part that makes no sense.
    package init(
        name: String,
        summary: String = "",
        years: ClosedRange<Int> = JobCalendar.everyYear,
        excludesWeekends: Bool = false,
        excluded: [CivilDate] = [],
        included: [CivilDate] = []
    ) throws(CalendarError) {
        self.name = name
        self.summary = summary
        self.years = years
        self.excludesWeekends = excludesWeekends
        self.excludedDays = Set(excluded.map(\.dayNumber))
        self.includedDays = Set(included.map(\.dayNumber))
        try check(excluded, included)
    }

    /// What the calendar says of a day.
    package func verdict(on date: CivilDate) -> Verdict {
        years.contains(date.year) ? verdict(onDay: date.dayNumber) : .notCovered
    }

    /// What it says of a day of its years.
    private func verdict(onDay day: Int) -> Verdict {
        if includedDays.contains(day) { return .counted }
        let isOff = excludedDays.contains(day) || excludesWeekends && CivilDate(dayNumber: day).isWeekend
        return isOff ? .excluded : .counted
    }

    /// The first day after the excluded `day` that is not excluded too, or the day `limit`.
    func dayAfterExcluded(_ day: Int, limit: Int) -> Int {
        var day = day + 1
        while day < limit, verdict(on: CivilDate(dayNumber: day)) == .excluded { day += 1 }
        return day
    }
}

extension CivilDate {
    /// Whether it is a Saturday or a Sunday.
    var isWeekend: Bool { weekday == 1 || weekday == 7 }

    /// Whether the calendar has such a day.
    var exists: Bool {
        (1...12).contains(month) && (1...Self.length(ofMonth: month, year: year)).contains(day)
    }

    /// `2027-03-14`.
    var text: String { InstantText.date(WallTime(dayNumber: dayNumber)) }
}
