import Groundwork

extension CivilDate {
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

extension Comparable {
    /// The value itself, or the bound that it lies beyond.
    func clamped(to range: ClosedRange<Self>) -> Self {
        min(max(self, range.lowerBound), range.upperBound)
    }
}
