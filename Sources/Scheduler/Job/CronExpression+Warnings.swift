import Groundwork

extension CronExpression {
    /// Whether the hour field leaves no hour out.
    var isEveryHour: Bool { hours == BitSet(0...23) }

    /// What the expression does, in any zone, that its author may not expect.
    var warnings: [ScheduleWarning] {
        [everySecond, onlyOnLeapDay].compactMap(\.self) + missingMonths + dayNotes
    }

    private var everySecond: ScheduleWarning? {
        guard seconds == BitSet(0...59) else { return nil }
        let everyMinute = minutes == BitSet(0...59) && isEveryHour
        return everyMinute
            ? ScheduleWarning("fires every second", "每秒触发")
            : ScheduleWarning(
                "fires every second of each matching minute: write 0 as the second for once a minute",
                "在符合的每一分钟内每秒触发：每分钟一次请将秒写为 0"
            )
    }

    private var onlyOnLeapDay: ScheduleWarning? {
        let days = matchingDays()
        let onlyFebruary = (1...12).allSatisfy { $0 == 2 || days[$0].isEmpty }
        guard onlyFebruary, days[2] == BitSet(29...29) else { return nil }
        return ScheduleWarning("fires only on 29 February", "仅在 2 月 29 日触发")
    }

    /// What months of the expression are left out, wholly or by one of its days.
    private var missingMonths: [ScheduleWarning] {
        var sentences: [ScheduleWarning] = []
        var explained = BitSet()
        for day in days.nearestWeekdays where day > 28 {
            let without = months.filter { CivilDate.length(ofMonth: $0, year: 2000) < day }
            for month in without { explained.insert(month) }
            if !without.isEmpty {
                sentences.append(
                    ScheduleWarning(
                        "\(day)W never fires in \(Self.list(without))",
                        "\(day)W 在 \(Self.chineseList(without)) 从不触发"
                    )
                )
            }
            if day == 29, months.contains(2) {
                sentences.append(
                    ScheduleWarning("29W fires in February of leap years only", "29W 仅在闰年的 2 月触发")
                )
            }
        }
        let days = matchingDays()
        let empty = months.filter { days[$0].isEmpty && !explained.contains($0) }
        if !empty.isEmpty {
            sentences.append(
                ScheduleWarning(
                    "never fires in \(Self.list(empty)): no such day",
                    "在 \(Self.chineseList(empty)) 从不触发：没有这样的日期"
                )
            )
        }
        return sentences
    }

    /// What the day fields mean where the letters may be read otherwise.
    private var dayNotes: [ScheduleWarning] {
        let fields = text.uppercased().split { $0 == " " || $0 == "\t" }
        var notes: [ScheduleWarning] = []
        for offset in days.beforeLast where offset > 0 {
            let length = "\(31 - offset) in a month of 31 days"
            notes.append(
                ScheduleWarning(
                    "L-\(offset) is \(offset == 1 ? "the day" : "\(offset) days") before the last: \(length)",
                    "L-\(offset) 指最后一天之前 \(offset) 天：31 天的月份为 \(31 - offset) 日"
                )
            )
        }
        if fields[5].split(separator: ",").contains("L") {
            notes.append(
                ScheduleWarning(
                    "L alone in day of week is every Saturday: write FRIL for the last Friday of the month",
                    "星期字段中单独的 L 表示每个星期六：每月最后一个星期五请写 FRIL"
                )
            )
        }
        if fields[3] == "*", fields[5] == "*" {
            notes.append(
                ScheduleWarning("both day fields are *: fires every day", "日与星期字段均为 *：每天触发")
            )
        }
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

    private static func chineseList(_ months: [Int]) -> String {
        months.map { "\($0) 月" }.joined(separator: "、")
    }
}
