package import Groundwork

/// A day of the run report.
package struct RunDay: RawRepresentable, Hashable, Comparable, Sendable {
    /// Year, month and day as one number, such as 20300115.
    package let rawValue: Int64

    /// Nil when it names no day from 1970 to 9999.
    package init?(rawValue: Int64) {
        guard (1970_01_01...9999_12_31).contains(rawValue) else { return nil }
        let day = RunDay(checked: rawValue)
        // A day that its month does not have comes back as another one.
        guard RunDay(CivilDate(dayNumber: day.date.dayNumber)) == day else { return nil }
        self = day
    }

    package init(_ date: CivilDate) {
        rawValue = Int64(date.year * 10_000 + date.month * 100 + date.day)
    }

    /// Reads what `text` writes; nil when it names no day.
    package init?(text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], let number = Int64(parts.joined()) else { return nil }
        self.init(rawValue: number)
    }

    private init(checked rawValue: Int64) {
        self.rawValue = rawValue
    }

    package var date: CivilDate {
        let number = Int(rawValue)
        return CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// Such as `2030-01-15`.
    package var text: String {
        let digits = String(rawValue)
        return "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))"
    }

    /// The first day of its month.
    package var monthStart: RunDay { RunDay(CivilDate(year: date.year, month: date.month, day: 1)) }

    /// The day that is `days` later, or earlier when below 0.
    package func adding(_ days: Int) -> RunDay { RunDay(CivilDate(dayNumber: date.dayNumber + days)) }

    /// How many days it is from `self` to `other`.
    package func distance(to other: RunDay) -> Int { other.date.dayNumber - date.dayNumber }

    package static func < (left: RunDay, right: RunDay) -> Bool { left.rawValue < right.rawValue }
}

/// Says which day of the run report an instant belongs to: the days of one zone.
package struct RunCalendar: Sendable {
    private let rules: ZoneRules

    package init(_ rules: ZoneRules = .utc) {
        self.rules = rules
    }

    /// The zone's name.
    package var zone: String { rules.identifier }

    /// The day whose span holds `moment`.
    package func day(of moment: Moment) -> RunDay {
        let wall = rules.wall(at: Int(moment.secondsSinceEpoch))
        let day = RunDay(CivilDate(dayNumber: wall.dayNumber))
        // Clocks that are put back across midnight show a day again after the next has begun.
        if moment < start(of: day) { return day.adding(-1) }
        return moment < start(of: day.adding(1)) ? day : day.adding(1)
    }

    /// The instant that `text` names, by the clocks of the report where it names no offset; nil when it is none.
    package func moment(_ text: String) -> Moment? { InstantText.moment(text, in: rules) }

    /// From the first instant at which clocks show `day` to the first at which they show the next.
    package func span(of day: RunDay) -> Range<Moment> {
        start(of: day)..<start(of: day.adding(1))
    }

    private func start(of day: RunDay) -> Moment {
        let second = rules.firstSecond(showing: WallTime(dayNumber: day.date.dayNumber))
        return Moment(secondsSinceEpoch: Int64(second))
    }
}
