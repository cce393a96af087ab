/// Says dates and times in English.
struct EnglishCronWords {
    let dates: CronDates
    let times: CronTimes

    /// The phrase.
    var text: String { timeText + dayText + monthText + yearText }

    // MARK: Times

    private var timeText: String {
        switch times {
        case .every(let step): every(step)
        case .everyFrom(let first, let step): every(step) + " " + start(first, step)
        case .stretches(let stretches, let step, let singles): self.stretches(stretches, step, singles)
        case .clock(let times): daily + "at " + list(times.map(clock(times)))
        case .fields(let seconds, let minutes, let hours): fields(seconds, minutes, hours)
        }
    }

    /// Times alone would be read as happening once.
    private var daily: String { dates.isDaily ? "every day " : "" }

    private func every(_ step: Int) -> String {
        let (count, unit) = CronWordUnits.split(step)
        return count == 1 ? "every \(unit)" : "every \(count) \(unit)s"
    }

    /// From when on, counted within the hour or the minute.
    private func start(_ first: Int, _ step: Int) -> String {
        let (minute, second) = (first / 60, first % 60)
        if step == 60 { return "at second \(second)" }
        if step < 60 { return "from second \(second) of the minute on" }
        let exact = second == 0 ? "minute \(minute)" : "minute \(minute), second \(second)"
        return step == 3_600 ? "at \(exact)" : "from \(exact) of the hour on"
    }

    private func stretches(_ stretches: [CronTimes.Stretch], _ step: Int, _ singles: [Int]) -> String {
        let show = clock(stretches.flatMap { [$0.first, $0.last] } + singles)
        let spans = stretches.map { "from \(show($0.first)) to \(show($0.last))" }
        let steps = "\(every(step)) \(list(spans))"
        return singles.isEmpty ? steps : "\(daily)at \(list(singles.map(show))), and \(steps)"
    }

    private func fields(_ seconds: [Int], _ minutes: [Int], _ hours: [Int]) -> String {
        let ofHours = hours.count == 24 ? "of every hour" : "of \(numbered("hour", hours))"
        guard seconds != [0] else {
            let pieces = NumberPiece.pieces(of: minutes)
            if minutes.count == 60 { return "every minute \(ofHours)" }
            if pieces.count == 1, case .steps(let first, let last, let step) = pieces[0] {
                return "every \(step) minutes from minute \(first) to \(last) \(ofHours)"
            }
            return "at \(numbered("minute", minutes)) \(ofHours)"
        }
        let start =
            CronWordUnits.evenStep(ofMinute: seconds).map(every) ?? "at " + numbered("second", seconds)
        let ofMinutes = minutes.count == 60 ? "every minute" : numbered("minute", minutes)
        return minutes.count == 60 && hours.count == 24
            ? "\(start) of every minute" : "\(start) of \(ofMinutes) \(ofHours)"
    }

    /// `hour 8`, `hours 8 to 17 and 20`, `every 5th hour from 0 to 20`.
    private func numbered(_ unit: String, _ numbers: [Int]) -> String {
        let pieces = NumberPiece.pieces(of: numbers)
        if pieces.count == 1, case .steps(let first, let last, let step) = pieces[0] {
            return "every \(ordinal(step)) \(unit) from \(first) to \(last)"
        }
        return (numbers.count == 1 ? unit : unit + "s") + " " + list(pieces.map(number))
    }

    private func number(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let number): "\(number)"
        case .run(let first, let last): "\(first) to \(last)"
        case .steps(let first, let last, let step): "every \(ordinal(step)) from \(first) to \(last)"
        }
    }

    private func clock(_ times: [Int]) -> (Int) -> String {
        let withSeconds = times.contains { $0 % 60 != 0 }
        return { CronTimes.clock($0, withSeconds: withSeconds) }
    }

    // MARK: Days

    private var dayText: String {
        if dates.monthDays.isEmpty, dates.weekdays.count == 1,
            case .run(let first, let last) = dates.weekdays[0]
        {
            return ", \(Self.weekdays[first]) to \(Self.weekdays[last])"
        }
        var phrases: [String] = []
        if !dates.weekdays.isEmpty { phrases.append("on " + list(dates.weekdays.map(weekday))) }
        if !dates.monthDays.isEmpty { phrases.append(monthDays + " of " + ownMonths) }
        return phrases.isEmpty ? "" : " " + phrases.joined(separator: " and ")
    }

    private func weekday(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let day): Self.weekdays[day] + "s"
        case .run(let first, let last): "\(Self.weekdays[first])s to \(Self.weekdays[last])s"
        case .steps(let first, let last, let step):
            list(stride(from: first, through: last, by: step).map { Self.weekdays[$0] + "s" })
        }
    }

    private var monthDays: String {
        let named = dates.monthDays.flatMap(named)
        return list((named.isEmpty ? [] : ["on " + list(named)]) + dates.monthDays.flatMap(counted))
    }

    /// Days that follow an "on".
    private func named(_ day: CronDates.MonthDay) -> [String] {
        switch day {
        case .numbers(let pieces):
            pieces.compactMap { piece in
                switch piece {
                case .one(let day): "the " + ordinal(day)
                case .run(let first, let last): "the \(ordinal(first)) to the \(ordinal(last))"
                case .steps: nil
                }
            }
        case .weekdayNearest(let day): ["the weekday nearest to the \(ordinal(day))"]
        case .beforeLast(let days): ["the \(fromEnd(days)) day"]
        case .weekdayBeforeLast(0): ["the last weekday"]
        case .weekdayBeforeLast(let days): ["the weekday nearest to the \(fromEnd(days)) day"]
        case .nthWeekday(let weekday, let occurrence):
            ["the \(ordinal(occurrence)) \(Self.weekdays[weekday])"]
        case .lastWeekday(let weekday): ["the last \(Self.weekdays[weekday])"]
        }
    }

    /// Days that do not.
    private func counted(_ day: CronDates.MonthDay) -> [String] {
        guard case .numbers(let pieces) = day else { return [] }
        return pieces.compactMap { piece in
            guard case .steps(let first, let last, let step) = piece else { return nil }
            return "every \(step) days from the \(ordinal(first)) to the \(ordinal(last))"
        }
    }

    /// The place of the day that lies so many days before the last.
    private func fromEnd(_ days: Int) -> String { days == 0 ? "last" : ordinal(days + 1) + "-to-last" }

    // MARK: Months and years

    /// The months of days of the month; those of anything else follow at the end.
    private var ownMonths: String { endsWithMonths ? "the month" : list(dates.months.map(month)) }

    private var endsWithMonths: Bool {
        if dates.monthDays.isEmpty || !dates.weekdays.isEmpty { return true }
        if case .run = dates.months.first { return true }
        return dates.months.isEmpty
    }

    private var monthText: String {
        guard endsWithMonths, let first = dates.months.first else { return "" }
        if case .run = first { return ", " + month(first) }
        return (dates.monthDays.isEmpty ? " in " : ", in ") + list(dates.months.map(month))
    }

    private func month(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let month): Self.months[month - 1]
        case .run(let first, let last): "\(Self.months[first - 1]) to \(Self.months[last - 1])"
        case .steps(let first, let last, let step):
            list(stride(from: first, through: last, by: step).map { Self.months[$0 - 1] })
        }
    }

    private var yearText: String {
        dates.years.isEmpty ? "" : ", " + list(dates.years.map(year))
    }

    private func year(_ piece: NumberPiece) -> String {
        switch piece {
        case .one(let year): "in \(year)"
        case .run(let first, YearSet.range.upperBound): "from \(first) on"
        case .run(let first, let last): "from \(first) to \(last)"
        case .steps(let first, let last, let step): "every \(step) years from \(first) to \(last)"
        }
    }

    // MARK: Words

    private static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]

    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]

    /// `a`, `a and b`, `a, b and c`.
    private func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }

    /// `1st`, `2nd`, `3rd`, `4th`.
    private func ordinal(_ number: Int) -> String {
        switch (number % 10, number % 100) {
        case (_, 11...13): "\(number)th"
        case (1, _): "\(number)st"
        case (2, _): "\(number)nd"
        case (3, _): "\(number)rd"
        default: "\(number)th"
        }
    }
}
