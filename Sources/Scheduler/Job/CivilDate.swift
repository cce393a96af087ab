/// A date of the proleptic Gregorian calendar, and the count of days it stands for.
struct CivilDate: Hashable, Sendable {
    static let secondsPerDay = 86_400

    var year: Int
    var month: Int
    var day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date that is `dayNumber` days after 1970-01-01.
    ///
    /// Counts in eras of 400 years whose years begin in March, so that the leap day is the last of a year.
    init(dayNumber: Int) {
        let shifted = dayNumber + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01; negative before.
    var dayNumber: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredQuotient(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The weekday as Quartz counts it: 1 is Sunday, 7 is Saturday.
    var weekday: Int {
        let sinceSunday = dayNumber + 4
        return sinceSunday - sinceSunday.flooredQuotient(by: 7) * 7 + 1
    }

    static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// How many days `month` of `year` has.
    static func length(ofMonth month: Int, year: Int) -> Int {
        if month == 2 { return isLeap(year) ? 29 : 28 }
        return 30 + (month + month / 8) % 2
    }
}

/// What a clock on a wall shows, as seconds since it showed 1970-01-01 00:00:00.
///
/// Not an instant: it becomes one, or none, or two, only together with a zone.
struct WallTime: Hashable, Comparable, Sendable {
    /// The first reading after the horizon of every schedule.
    static let horizonEnd = WallTime(
        dayNumber: CivilDate(year: YearSet.range.upperBound + 1, month: 1, day: 1).dayNumber
    )

    var seconds: Int

    init(seconds: Int) {
        self.seconds = seconds
    }

    init(dayNumber: Int, secondOfDay: Int = 0) {
        self.seconds = dayNumber * CivilDate.secondsPerDay + secondOfDay
    }

    var dayNumber: Int { seconds.flooredQuotient(by: CivilDate.secondsPerDay) }

    var secondOfDay: Int { seconds - dayNumber * CivilDate.secondsPerDay }

    var date: CivilDate { CivilDate(dayNumber: dayNumber) }

    static func < (left: WallTime, right: WallTime) -> Bool { left.seconds < right.seconds }

    static func + (wall: WallTime, seconds: Int) -> WallTime { WallTime(seconds: wall.seconds + seconds) }
}

extension Int {
    /// The quotient rounded towards minus infinity; `divisor` is positive.
    func flooredQuotient(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Comparable {
    /// The value itself, or the bound that it lies beyond.
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
