import Groundwork

extension CronExpression {
    /// Whether the hour field leaves no hour out.
    var isEveryHour: Bool { hours == BitSet(0...23) }

    /// What the expression does, in any zone, that its author may not expect.
    var warnings: [String] {
        [everySecond, onlyOnLeapDay].compactMap(\.self) + missingMonths + dayNotes
    }

    private var everySecond: String? {
        guard seconds == BitSet(0...59) else { return nil }
        let everyMinute = minutes == BitSet(0...59) && isEveryHour
        return everyMinute
            ? "fires every second"
            : "fires every second of each matching minute: write 0 as the second for once a minute"
    }

    private var onlyOnLeapDay: String? {
        let days = matchingDays()
        let onlyFebruary = (1...12).allSatisfy { $0 == 2 || days[$0].isEmpty }
        return onlyFebruary && days[2] == BitSet(29...29) ? "fires only on 29 February" : nil
    }

    /// What months of the expression are left out, wholly or by one of its days.
    private var missingMonths: [String] {
        var sentences: [String] = []
        var explained = BitSet()
        for day in days.nearestWeekdays where day > 28 {
            let without = months.filter { CivilDate.length(ofMonth: $0, year: 2000) < day }
            for month in without { explained.insert(month) }
            if !without.isEmpty { sentences.append("\(day)W never fires in \(Self.list(without))") }
            if day == 29, months.contains(2) { sentences.append("29W fires in February of leap years only") }
        }
        let days = matchingDays()
        let empty = months.filter { days[$0].isEmpty && !explained.contains($0) }
        if !empty.isEmpty { sentences.append("never fires in \(Self.list(empty)): no such day") }
        return sentences
    }

    /// What the day fields mean where the letters may be read otherwise.
    private var dayNotes: [String] {
        let fields = text.uppercased().split { $0 == " " || $0 == "\t" }
        var notes: [String] = []
        for offset in days.beforeLast where offset > 0 {
            let length = "\(31 - offset) in a month of 31 days"
            notes.append(
                "L-\(offset) is \(offset == 1 ? "the day" : "\(offset) days") before the last: \(length)"
            )
        }
        if fields[5].split(separator: ",").contains("L") {
            notes.append(
                "L alone in day of week is every Saturday: write FRIL for the last Friday of the month"
            )
        }
        if fields[3] == "*", fields[5] == "*" { notes.append("both day fields are *: fires every day") }
        return notes
    }

    /// Which days can match, by month; index 0 is unused.
    private func matchingDays() -> [BitSet] {
        var matching = [BitSet](repeating: BitSet(), count: 13)
        // Years repeat their weekdays and leap days every 28 years.
        for month in months {
            for year in 2000..<2028 { matching[month].formUnion(days.days(ofMonth: month, year: year)) }
        }
        return matching
    }

    private static func list(_ months: [Int]) -> String {
        months.map { EnglishCronWords.months[$0 - 1] }.joined(separator: ", ")
    }
}
