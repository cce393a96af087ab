import Foundation
import Groundwork
import PushEngine
import Scheduler

/// A schedule in words, for people who do not read cron.
struct ScheduleWords: Sendable {
    let text: String
    /// The expression behind the words, where there is one.
    let expression: String?
    /// The zone it is read in, where that is not the zone of the page.
    let zone: String?

    init(_ schedule: ScheduleText, _ say: Voice) {
        guard let read = try? Schedule(schedule) else {
            self.init(schedule.conf, expression: nil, zone: nil)
            return
        }
        switch read {
        case .none: self.init(say("schedule-none"), expression: nil, zone: nil)
        case .once(let moment):
            self.init(say("schedule-once", ["at": say.stamp(moment).text]), expression: nil, zone: nil)
        case .fixedRate(let period, _):
            self.init(say("schedule-every", ["span": say.duration(period)]), expression: nil, zone: nil)
        case .fixedDelay(let delay):
            self.init(say("schedule-after", ["span": say.duration(delay)]), expression: nil, zone: nil)
        case .cron(let expression, let zone, _):
            self.init(
                CronWords(expression.text)?.text(say) ?? say("schedule-cron"),
                expression: expression.text,
                zone: zone.identifier == say.zone.identifier ? nil : zone.identifier
            )
        }
    }

    init(_ schedule: CampaignSchedule, _ say: Voice) {
        switch schedule {
        case .manual: self.init(say("schedule-none"), expression: nil, zone: nil)
        case .once(let moment):
            self.init(say("schedule-once", ["at": say.stamp(moment).text]), expression: nil, zone: nil)
        case .cron(let expression, let zone):
            self.init(ScheduleText(type: ScheduleType.cron.rawValue, conf: expression, zone: zone), say)
        }
    }

    private init(_ text: String, expression: String?, zone: String?) {
        self.text = text
        self.expression = expression
        self.zone = zone
    }
}

/// The cron expressions that people write most, taken apart; rarer ones are left as they are.
struct CronWords: Hashable, Sendable {
    /// On which days.
    enum Days: Hashable, Sendable {
        case all
        case workdays
        case weekdays([Int])
        case ofMonth([Int])
    }

    /// When on these days.
    enum Times: Hashable, Sendable {
        case every(Int, unit: String)
        case minuteOfHour(Int)
        case at([String])
    }

    let days: Days
    let times: Times

    /// Nil when the expression is not one of those.
    init?(_ expression: String) {
        var fields = expression.split(whereSeparator: \.isWhitespace).map { $0.uppercased() }
        if fields.count == 7, fields[6] == "*" { fields.removeLast() }
        guard fields.count == 6, fields[4] == "*", let days = Self.days(fields[3], fields[5]),
            let times = Self.times(fields[0], fields[1], fields[2])
        else { return nil }
        if case .every = times, days != .all { return nil }
        self.days = days
        self.times = times
    }

    /// The words.
    func text(_ say: Voice) -> String {
        switch times {
        case .every(1, let unit): say("cron-each-\(unit)")
        case .every(let count, let unit): say("cron-every-\(unit)", ["n": "\(count)"])
        case .minuteOfHour(let minute): say("cron-hourly", ["days": dayText(say), "n": "\(minute)"])
        case .at(let times):
            say("cron-at", ["days": dayText(say), "times": times.joined(separator: say("comma"))])
        }
    }

    private func dayText(_ say: Voice) -> String {
        switch days {
        case .all: say("cron-daily")
        case .workdays: say("cron-workdays")
        case .weekdays(let days):
            say("cron-weekdays", ["days": days.map { say("weekday-\($0)") }.joined(separator: say("comma"))])
        case .ofMonth(let days):
            say("cron-monthly", ["days": days.map(String.init).joined(separator: say("comma"))])
        }
    }

    private static let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    private static func days(_ ofMonth: String, _ ofWeek: String) -> Days? {
        let isAny = { (field: String) in field == "*" || field == "?" }
        if isAny(ofMonth), isAny(ofWeek) { return .all }
        if isAny(ofWeek) { return numbers(ofMonth, 1...31).map(Days.ofMonth) }
        guard isAny(ofMonth) else { return nil }
        if ofWeek == "MON-FRI" || ofWeek == "2-6" { return .workdays }
        var days: [Int] = []
        for part in ofWeek.split(separator: ",", omittingEmptySubsequences: false) {
            // Quartz counts the days of a week from Sunday, which is 1.
            guard let day = names.firstIndex(of: String(part)) ?? numbers(part, 1...7).map({ $0[0] - 1 })
            else { return nil }
            days.append(day)
        }
        return .weekdays(days)
    }

    private static func times(_ second: String, _ minute: String, _ hour: String) -> Times? {
        if minute == "*", hour == "*" {
            return step(second, below: 60).map { .every($0, unit: "second") } ?? each(second)
        }
        guard let second = numbers(second, 0...59), second.count == 1 else { return nil }
        if hour == "*" {
            if second[0] == 0, let step = step(minute, below: 60) { return .every(step, unit: "minute") }
            guard second[0] == 0, let minute = numbers(minute, 0...59), minute.count == 1 else { return nil }
            return .minuteOfHour(minute[0])
        }
        guard let minutes = numbers(minute, 0...59), minutes.count == 1 else { return nil }
        if second[0] == 0, minutes[0] == 0, let step = step(hour, below: 24) {
            return .every(step, unit: "hour")
        }
        guard let hours = numbers(hour, 0...23) else { return nil }
        let clock = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        let tail = second[0] == 0 ? "" : ":" + clock(second[0])
        return .at(hours.map { "\(clock($0)):\(clock(minutes[0]))\(tail)" })
    }

    /// `0 * * ...` is each minute.
    private static func each(_ second: String) -> Times? {
        second == "0" ? .every(1, unit: "minute") : nil
    }

    /// `*`, `*/n` and `0/n`, when the steps come out even.
    private static func step(_ field: String, below limit: Int) -> Int? {
        if field == "*" { return 1 }
        guard field.hasPrefix("*/") || field.hasPrefix("0/"), let step = Int(field.dropFirst(2)), step > 0,
            limit.isMultiple(of: step)
        else { return nil }
        return step
    }

    private static func numbers(_ field: some StringProtocol, _ range: ClosedRange<Int>) -> [Int]? {
        let numbers = field.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let known = numbers.compactMap { $0.flatMap { range.contains($0) ? $0 : nil } }
        return known.count == numbers.count && !known.isEmpty ? known : nil
    }
}
