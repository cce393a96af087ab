import Groundwork

/// Which readings of the clock a job is due at, in Quartz's dialect of cron.
///
/// Six or seven fields, separated by blanks, in upper or lower case:
///
///     second  minute  hour  day-of-month  month  day-of-week  [year]
///
/// - Everywhere: `*`, `a`, `a-b`, `a/n` (from a on), `a-b/n`, `*/n`, `/n`, and lists of these with commas.
///   A range may go round (`22-2`, `FRI-MON`, `NOV-FEB`), except of years. Months are 1 to 12 or JAN to DEC.
/// - Day of week: **1 is Sunday, 7 is Saturday**, or SUN to SAT. `n#k` is the k-th such day of the month, `nL`
///   the last one, `L` alone Saturday. Lists may contain these: each element adds its days.
/// - Day of month: `L` the last day, `L-n` n days before it, `nW` the weekday nearest to day n without leaving
///   the month, `LW` and `L-nW` likewise. A month without day n has no `nW` and a month of n days or fewer no
///   `L-n`. Lists may contain these too.
/// - One of the two day fields is `?`: the other decides. As an extension both may be `*`, every day.
/// - Year: 1970 to 2199. Nothing fires outside these years, whatever today's date.
///
/// Stricter than Quartz where Quartz guesses: a step of 0, a stray comma, a long name, a year beyond the horizon
/// and whatever cannot fire on any date of the horizon are errors.
package struct CronExpression: Hashable, Sendable, CustomStringConvertible {
    /// The expression as it was written.
    package let text: String
    /// Whether the second, minute or hour field has a `*`, `/` or `-`; ``DaylightPolicy`` says what follows.
    package let isInterval: Bool

    let seconds: BitSet
    let minutes: BitSet
    let hours: BitSet
    let months: BitSet
    let days: DayRule
    let years: YearSet

    /// Reads `text`.
    ///
    /// - Throws: `CronSyntaxError` when the text is not an expression or describes no date from 1970 to 2199.
    package init(_ text: String) throws(CronSyntaxError) {
        let parser = CronParser(text)
        let fields = try parser.fields()
        self.text = text
        self.isInterval = parser.looksLikeInterval(fields)
        self.seconds = try parser.set(of: .second, in: fields)
        self.minutes = try parser.set(of: .minute, in: fields)
        self.hours = try parser.set(of: .hour, in: fields)
        let dayOfMonth = try parser.items(of: .dayOfMonth, in: fields)
        self.months = try parser.set(of: .month, in: fields)
        let dayOfWeek = try parser.items(of: .dayOfWeek, in: fields)
        self.years = try parser.years(in: fields)
        self.days = try parser.dayRule(dayOfMonth, dayOfWeek, in: fields)
        guard nextDay(from: 0) == nil else { return }
        throw parser.neverFires(
            fields,
            matchesInOtherYears: nextDay(from: 0, in: CronParser.everyYear) != nil
        )
    }

    /// The expression as it was written.
    package var description: String { text }
}

extension CronExpression {
    /// The first matching reading of the clock at or after `wall`; nil after the horizon.
    func nextReading(from wall: WallTime) -> WallTime? {
        let day = wall.dayNumber
        guard let matching = nextDay(from: day) else { return nil }
        if matching == day, let second = nextSecondOfDay(from: wall.secondOfDay) {
            return WallTime(dayNumber: day, secondOfDay: second)
        }
        guard let later = matching == day ? nextDay(from: day + 1) : matching else { return nil }
        return nextSecondOfDay(from: 0).map { WallTime(dayNumber: later, secondOfDay: $0) }
    }

    /// The first matching day at or after `day`, both counted from 1970-01-01.
    func nextDay(from day: Int) -> Int? {
        nextDay(from: day, in: years)
    }

    private func nextDay(from day: Int, in years: YearSet) -> Int? {
        let start = CivilDate(dayNumber: day)
        var year = start.year
        var month = start.month
        var firstDay = start.day
        while let matchingYear = years.first(from: year) {
            if matchingYear != year { (month, firstDay) = (1, 1) }
            year = matchingYear
            while let matchingMonth = months.first(from: month) {
                if matchingMonth != month { firstDay = 1 }
                month = matchingMonth
                if let found = days.days(ofMonth: month, year: year).first(from: firstDay) {
                    return CivilDate(year: year, month: month, day: found).dayNumber
                }
                month += 1
                firstDay = 1
            }
            year += 1
            (month, firstDay) = (1, 1)
        }
        return nil
    }

    /// The first matching second of a day at or after `second`.
    private func nextSecondOfDay(from second: Int) -> Int? {
        let hour = second / 3_600
        let minute = second / 60 % 60
        guard let matchingHour = hours.first(from: hour) else { return nil }
        if matchingHour == hour, let within = nextSecondOfHour(minute: minute, second: second % 60) {
            return hour * 3_600 + within
        }
        let laterHour = matchingHour == hour ? hours.first(from: hour + 1) : matchingHour
        guard let laterHour, let first = nextSecondOfHour(minute: 0, second: 0) else { return nil }
        return laterHour * 3_600 + first
    }

    /// The first matching second of an hour at or after `minute` and `second`.
    private func nextSecondOfHour(minute: Int, second: Int) -> Int? {
        guard let matchingMinute = minutes.first(from: minute) else { return nil }
        if matchingMinute == minute, let within = seconds.first(from: second) {
            return minute * 60 + within
        }
        let laterMinute = matchingMinute == minute ? minutes.first(from: minute + 1) : matchingMinute
        guard let laterMinute, let first = seconds.first else { return nil }
        return laterMinute * 60 + first
    }
}
