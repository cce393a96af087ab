import Groundwork

/// Which days of a month match: what the day-of-month and the day-of-week field say, taken together.
///
/// At most one of the two fields names days (both may say `*`), so together means any that either names.
struct DayRule: Hashable, Sendable {
    private static let weekdaysInMonth: UInt64 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28

    /// Days by number.
    private(set) var numbers = BitSet()
    /// `nW`: the n.
    private(set) var nearestWeekdays = BitSet()
    /// `L`, `L-n`: how many days before the last.
    private(set) var beforeLast = BitSet()
    /// `LW`, `L-nW`: how many days before the last.
    private(set) var weekdaysBeforeLast = BitSet()
    /// Weekdays, 1 for Sunday to 7 for Saturday.
    private(set) var weekdays = BitSet()
    /// `nL`: weekdays whose last occurrence counts.
    private(set) var lastWeekdays = BitSet()
    /// `n#k`: at index k - 1 the weekdays whose k-th occurrence counts.
    private(set) var nthWeekdays = [BitSet](repeating: BitSet(), count: 5)

    mutating func insertDays(_ days: BitSet) { numbers.formUnion(days) }

    mutating func insertWeekdays(_ days: BitSet) { weekdays.formUnion(days) }

    mutating func insert(_ item: CronItem) {
        switch item {
        case .nearestWeekday(let day): nearestWeekdays.insert(day)
        case .beforeLast(let days, false): beforeLast.insert(days)
        case .beforeLast(let days, true): weekdaysBeforeLast.insert(days)
        case .lastWeekday(let weekday): lastWeekdays.insert(weekday)
        case .nthWeekday(let weekday, let occurrence): nthWeekdays[occurrence - 1].insert(weekday)
        case .undecided, .values: break
        }
    }

    /// The matching days of `month` in `year`.
    func days(ofMonth month: Int, year: Int) -> BitSet {
        let length = CivilDate.length(ofMonth: month, year: year)
        var days = numbers
        if namesWeekdays || !nearestWeekdays.isEmpty || !weekdaysBeforeLast.isEmpty {
            let first = CivilDate(year: year, month: month, day: 1).weekday
            addWeekdays(to: &days, first: first, length: length)
            for day in nearestWeekdays where day <= length {
                days.insert(Self.weekday(nearestTo: day, first: first, length: length))
            }
            for offset in weekdaysBeforeLast where offset < length {
                days.insert(Self.weekday(nearestTo: length - offset, first: first, length: length))
            }
        }
        for offset in beforeLast where offset < length { days.insert(length - offset) }
        return days.intersection(BitSet(1...length))
    }

    private var namesWeekdays: Bool {
        !weekdays.isEmpty || !lastWeekdays.isEmpty || nthWeekdays.contains { !$0.isEmpty }
    }

    /// Adds the days that fall on the rule's weekdays, in a month whose day 1 is the weekday `first`.
    private func addWeekdays(to days: inout BitSet, first: Int, length: Int) {
        /// The wanted weekdays as the days 0 to 6 of a month's first seven.
        func firstSeven(_ wanted: BitSet) -> UInt64 {
            let week = wanted.bits >> 1
            return (week >> UInt64(first - 1) | week << UInt64(8 - first)) & 0x7F
        }
        days.formUnion(BitSet(bits: firstSeven(weekdays) * Self.weekdaysInMonth << 1))
        for (index, wanted) in nthWeekdays.enumerated() where !wanted.isEmpty {
            days.formUnion(BitSet(bits: firstSeven(wanted) << UInt64(7 * index + 1)))
        }
        if !lastWeekdays.isEmpty {
            let everyWeek = BitSet(bits: firstSeven(lastWeekdays) * Self.weekdaysInMonth << 1)
            days.formUnion(everyWeek.intersection(BitSet(length - 6...length)))
        }
    }

    /// The day from Monday to Friday nearest to `day` without leaving the month.
    private static func weekday(nearestTo day: Int, first: Int, length: Int) -> Int {
        switch (first - 1 + day - 1) % 7 {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == length ? day - 2 : day + 1
        default: day
        }
    }
}
