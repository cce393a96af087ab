/// Says dates and times in Chinese, the greatest unit first.
struct ChineseCronWords {
    let dates: CronDates
    let times: CronTimes

    /// The phrase.
    var text: String {
        let date = dates.isEveryDay && !isClock ? "" : dateText
        let time = timeText
        let touches = date.isEmpty || date.last == "）" || time.first?.isNumber == false
        return date + (touches ? "" : " ") + time
    }

    // MARK: Times

    /// Whether the times say nothing about how often they come.
    private var isClock: Bool {
        switch times {
        case .every, .everyFrom, .fields: false
        case .clock, .stretches: true
        }
    }

    private var timeText: String {
        switch times {
        case .every(let step): every(step)
        case .everyFrom(let first, let step): start(first, step)
        case .stretches(let stretches, let step, let singles): self.stretches(stretches, step, singles)
        case .clock(let times): list(times.map(clock(times)))
        case .fields(let seconds, let minutes, let hours): fields(seconds, minutes, hours)
        }
    }

    private func every(_ step: Int) -> String {
        let (count, unit) = CronWordUnits.split(step)
        let name =
            switch unit {
            case .second: "秒"
            case .minute: "分钟"
            case .hour: "小时"
            }
        return count == 1 ? "每\(name)" : "每 \(count) \(name)"
    }

    /// From when on, counted within the hour or the minute.
    private func start(_ first: Int, _ step: Int) -> String {
        let (minute, second) = (first / 60, first % 60)
        if step == 60 { return "每分钟第 \(second) 秒" }
        if step < 60 { return "每分钟第 \(second) 秒起\(every(step))" }
        let exact = "每小时第 \(minute) 分" + (second == 0 ? "" : " \(second) 秒")
        return step == 3_600 ? exact : "\(exact)起\(every(step))"
    }

    private func stretches(_ stretches: [CronTimes.Stretch], _ step: Int, _ singles: [Int]) -> String {
        let show = clock(stretches.flatMap { [$0.first, $0.last] } + singles)
        let spans = stretches.map { "\(show($0.first)) 至 \(show($0.last))" }
        let steps = "\(list(spans)) \(every(step))"
        return singles.isEmpty ? steps : "\(list(singles.map(show)))，以及 \(steps)"
    }

    private func fields(_ seconds: [Int], _ minutes: [Int], _ hours: [Int]) -> String {
        let ofHours = hours.count == 24 ? "每小时" : numbers(hours, "点")
        guard seconds != [0] else {
            if minutes.count == 60 { return "\(ofHours)的每分钟" }
            let pieces = NumberPiece.pieces(of: minutes)
            if pieces.count == 1, case .steps(let first, let last, let step) = pieces[0] {
                return "\(ofHours)第 \(first) 至 \(last) 分\(every(step * 60))"
            }
            return "\(ofHours)第 \(numbers(minutes, "分"))"
        }
        let ofSeconds =
            CronWordUnits.evenStep(ofMinute: seconds).map { "的\(every($0))" } ?? "第 \(numbers(seconds, "秒"))"
        if minutes.count == 60 { return (hours.count == 24 ? "" : ofHours) + "每分钟" + ofSeconds }
        return "\(ofHours)第 \(numbers(minutes, "分"))\(ofSeconds)"
    }

    /// `8 点`, `8 至 17、20 点`, `0 至 20（间隔 5）点`.
    private func numbers(_ numbers: [Int], _ unit: String) -> String {
        let pieces = NumberPiece.pieces(of: numbers)
            .map { piece in
                switch piece {
                case .one(let number): "\(number)"
                case .run(let first, let last): "\(first) 至 \(last)"
                case .steps(let first, let last, let step): "\(first) 至 \(last)（间隔 \(step)）"
                }
            }
        let text = list(pieces)
        return text + (text.last?.isNumber == true ? " " : "") + unit
    }

    private func clock(_ times: [Int]) -> (Int) -> String {
        let withSeconds = times.contains { $0 % 60 != 0 }
        return { CronTimes.clock($0, withSeconds: withSeconds) }
    }

    // MARK: Dates

    private var dateText: String {
        let days = dates.isDaily ? "每天" : list([weekdays, monthDays].filter { !$0.isEmpty })
        guard !dates.months.isEmpty else { return join(years, days) }
        let months = list(dates.months.map(month))
        let isOneMonth = if dates.months.count == 1, case .one = dates.months[0] { true } else { false }
        let joint = isOneMonth && dates.weekdays.isEmpty && !dates.isDaily ? "" : "的"
        return join(years.isEmpty ? "每年" : years, join(months + joint, days))
    }

    /// A blank before a number.
    private func gap(_ text: String) -> String { text.first?.isNumber == true ? " " : "" }

    private func join(_ head: String, _ tail: String) -> String {
        head + (head.isEmpty ? "" : gap(tail)) + tail
    }

    private var weekdays: String {
        dates.weekdays.isEmpty ? "" : "每" + list(dates.weekdays.map(weekday))
    }

    private func weekday(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let day): Self.weekdays[day]
        case .run(let first, let last): "\(Self.weekdays[first])至\(Self.weekdays[last])"
        case .steps(let first, let last, let step):
            list(stride(from: first, through: last, by: step).map { Self.weekdays[$0] })
        }
    }

    private var monthDays: String {
        let days = list(dates.monthDays.flatMap(monthDay))
        return dates.months.isEmpty && !days.isEmpty ? join("每月", days) : days
    }

    private func monthDay(_ day: CronDates.MonthDay) -> [String] {
        switch day {
        case .numbers(let pieces): pieces.map(number)
        case .weekdayNearest(let day): ["离 \(day) 日最近的工作日（周一至周五）"]
        case .beforeLast(let days): [fromEnd(days)]
        case .weekdayBeforeLast(0): ["最后一个工作日（周一至周五）"]
        case .weekdayBeforeLast(let days): ["离\(fromEnd(days))最近的工作日（周一至周五）"]
        case .nthWeekday(let weekday, let occurrence): ["第 \(occurrence) 个\(Self.weekdays[weekday])"]
        case .lastWeekday(let weekday): ["最后一个\(Self.weekdays[weekday])"]
        }
    }

    private func number(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let day): "\(day) 日"
        case .run(let first, let last): "\(first) 日至 \(last) 日"
        case .steps(let first, let last, let step): "\(first) 日至 \(last) 日（每 \(step) 天）"
        }
    }

    /// The day that lies so many days before the last, which Chinese counts from the end.
    private func fromEnd(_ days: Int) -> String { days == 0 ? "最后一天" : "倒数第 \(days + 1) 天" }

    private func month(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let month): "\(month) 月"
        case .run(let first, let last): "\(first) 月至 \(last) 月"
        case .steps(let first, let last, let step):
            list(stride(from: first, through: last, by: step).map { "\($0) 月" })
        }
    }

    private var years: String {
        list(
            dates.years.map { piece in
                switch piece {
                case .one(let year): "\(year) 年"
                case .run(let first, YearSet.range.upperBound): "\(first) 年起"
                case .run(let first, let last): "\(first) 年至 \(last) 年"
                case .steps(let first, let last, let step): "\(first) 年至 \(last) 年（每 \(step) 年）"
                }
            }
        )
    }

    // MARK: Words

    private static let weekdays = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]

    private func list(_ items: [String]) -> String { items.joined(separator: "、") }
}
