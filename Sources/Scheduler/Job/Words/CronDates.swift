/// On which days an expression fires, in the shape in which people would say it.
struct CronDates: Hashable, Sendable {
    /// Days of every matching month that are told by their place in the month.
    enum MonthDay: Hashable, Sendable {
        case numbers([NumberPiece])
        /// The weekday nearest to this day.
        case weekdayNearest(Int)
        /// So many days before the last day.
        case beforeLast(Int)
        /// The weekday nearest to the day that is so many days before the last.
        case weekdayBeforeLast(Int)
        /// The k-th such weekday, counted from Monday as 0.
        case nthWeekday(Int, occurrence: Int)
        /// The last such weekday, counted from Monday as 0.
        case lastWeekday(Int)
    }

    /// Weekdays, counted from Monday as 0; empty when every day matches.
    let weekdays: [NumberPiece]
    /// Places in the month; empty when every day matches.
    let monthDays: [MonthDay]
    /// Empty when all months match.
    let months: [NumberPiece]
    /// Empty when all years match.
    let years: [NumberPiece]

    /// Whether every day of the matching months matches.
    let isDaily: Bool

    /// Whether every day of every year matches.
    var isEveryDay: Bool { isDaily && months.isEmpty && years.isEmpty }

    /// Reads the day, month and year fields of `expression`.
    init(_ expression: CronExpression) {
        let rule = expression.days
        isDaily = rule.numbers == BitSet(1...31) || rule.weekdays == BitSet(1...7)
        weekdays = isDaily ? [] : NumberPiece.pieces(of: Self.fromMonday(rule.weekdays), cycle: 0...6)
        monthDays = isDaily ? [] : Self.monthDays(rule)
        let months = Array(expression.months)
        self.months = months.count == 12 ? [] : Self.monthPieces(months)
        years =
            expression.years == CronParser.everyYear
            ? [] : NumberPiece.pieces(of: expression.years.members)
    }

    private static func monthDays(_ rule: DayRule) -> [MonthDay] {
        var days: [MonthDay] = []
        if !rule.numbers.isEmpty { days.append(.numbers(NumberPiece.pieces(of: Array(rule.numbers)))) }
        days += rule.nearestWeekdays.map(MonthDay.weekdayNearest)
        days += rule.weekdaysBeforeLast.reversed().map(MonthDay.weekdayBeforeLast)
        for (index, weekdays) in rule.nthWeekdays.enumerated() {
            days += fromMonday(weekdays).map { .nthWeekday($0, occurrence: index + 1) }
        }
        days += fromMonday(rule.lastWeekdays).map(MonthDay.lastWeekday)
        days += rule.beforeLast.reversed().map(MonthDay.beforeLast)
        return days
    }

    /// One run if it is one, else every month by its name: there are few, and their names are short.
    private static func monthPieces(_ months: [Int]) -> [NumberPiece] {
        let pieces = NumberPiece.pieces(of: months, cycle: 1...12)
        if pieces.count == 1, case .run = pieces[0] { return pieces }
        return months.map(NumberPiece.one)
    }

    /// Quartz's numbers, 1 for Sunday to 7 for Saturday, as 0 for Monday to 6 for Sunday, in that order.
    private static func fromMonday(_ weekdays: BitSet) -> [Int] {
        weekdays.map { ($0 + 5) % 7 }.sorted()
    }
}

extension YearSet {
    /// The years in ascending order.
    fileprivate var members: [Int] {
        var members: [Int] = []
        var from = Self.range.lowerBound
        while let year = first(from: from) {
            members.append(year)
            from = year + 1
        }
        return members
    }
}
