import Foundation
import Scheduler
import TestKit

/// A random cron expression together with what it means, known from making it rather than from reading it.
struct ReferenceCron {
    /// The expression's text.
    let text: String
    private let seconds: [Int]
    /// Indexed by the minute and the hour.
    private let minutes: [Bool]
    private let hours: [Bool]
    private let months: Set<Int>
    private let dayMatches: (MonthDay) -> Bool

    /// Makes an expression whose clock fields are likely to meet clock changes.
    init(using random: inout SeededGenerator) {
        // Few seconds a minute, so that a window holds thousands of fires rather than hundreds of thousands.
        let second =
            ["0", "0", "0", "30", "0,30", "17-19", "59-0", "40/10"].randomElement(using: &random) ?? "0"
        let minute = Self.field(0...59, often: ["0", "30", "0,30", "*/20", "*"], &random)
        let hour = Self.field(0...23, often: ["0", "1", "2", "2,3", "0-3", "*", "23"], &random)
        let month = Self.field(1...12, often: ["*", "*", "*"], &random)
        let days = Self.days(&random)
        text = [second, minute, hour, days.month, month, days.week].joined(separator: " ")
        seconds = Self.values(second, 0...59).sorted()
        minutes = (0...59).map(Self.values(minute, 0...59).contains)
        hours = (0...23).map(Self.values(hour, 0...23).contains)
        months = Self.values(month, 1...12)
        dayMatches = days.matches
    }

    /// Whether the clock fields follow real time rather than name fixed times.
    var isInterval: Bool {
        text.split(separator: " ")[..<3].joined().contains { "*/-".contains($0) }
    }

    /// The seconds of `timeline` at which a job with this expression is to start.
    func fires(on timeline: Timeline, policy: DaylightPolicy) -> [Int] {
        let catchesUp = !isInterval && (policy == .vixie || policy == .both)
        var fires: Set<Int> = []
        var matchesDay: [Int: Bool] = [:]
        func matches(_ wallMinute: Int) -> Bool {
            let day = wallMinute.quotientAndRemainder(dividingBy: 1_440)
            guard minutes[day.remainder % 60], hours[day.remainder / 60] else {
                return false
            }
            if let known = matchesDay[day.quotient] { return known }
            let answer = matchesDate(day.quotient)
            matchesDay[day.quotient] = answer
            return answer
        }
        for minute in timeline.minutes {
            if catchesUp, minute.missed.contains(where: matches) { fires.insert(minute.start) }
            let counts =
                switch policy {
                case .vixie: isInterval || !minute.isRepeat
                case .skip: !minute.isRepeat
                case .both: true
                case .quartz: !minute.comesAgain
                }
            guard counts, matches(minute.wall) else { continue }
            for second in seconds { fires.insert(minute.start + second) }
        }
        return fires.filter { timeline.window.contains($0) }.sorted()
    }

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private func matchesDate(_ dayNumber: Int) -> Bool {
        let calendar = Self.calendar
        let date = Date(timeIntervalSince1970: Double(dayNumber) * 86_400)
        let parts = calendar.dateComponents([.day, .month, .weekday], from: date)
        let length = calendar.range(of: .day, in: .month, for: date)?.count ?? 0
        guard let day = parts.day, let month = parts.month, let weekday = parts.weekday else { return false }
        return months.contains(month) && dayMatches(MonthDay(day: day, weekday: weekday, length: length))
    }
}

extension ReferenceCron {
    private static func field(
        _ range: ClosedRange<Int>,
        often: [String],
        _ random: inout SeededGenerator
    ) -> String {
        if Int.random(in: 0..<10, using: &random) < 6 { return often.randomElement(using: &random) ?? "*" }
        func any() -> Int { Int.random(in: range, using: &random) }
        return switch Int.random(in: 0..<4, using: &random) {
        case 0: "\(any())"
        case 1: "\(any()),\(any()),\(any())"
        case 2: "\(any())-\(any())"
        default: "\(any())/\(Int.random(in: 1...7, using: &random))"
        }
    }

    /// What a field of values means, element by element.
    private static func values(_ text: String, _ range: ClosedRange<Int>) -> Set<Int> {
        var values: Set<Int> = []
        for element in text.split(separator: ",") {
            let parts = element.split(separator: "/")
            let step = parts.count > 1 ? Int(parts[1]) ?? 1 : 1
            let ends = parts[0].split(separator: "-").compactMap { Int($0) }
            if parts[0] == "*" {
                values.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
            } else if ends.count == 2 {
                var value = ends[0]
                values.insert(value)
                while value != ends[1] {
                    value = value == range.upperBound ? range.lowerBound : value + 1
                    values.insert(value)
                }
            } else if let start = ends.first {
                let end = parts.count > 1 ? range.upperBound : start
                values.formUnion(stride(from: start, through: end, by: step))
            }
        }
        return values
    }

    private typealias Days = (month: String, week: String, matches: (MonthDay) -> Bool)

    private static func days(_ random: inout SeededGenerator) -> Days {
        let day = Int.random(in: 1...28, using: &random)
        let weekday = Int.random(in: 1...7, using: &random)
        let nth = Int.random(in: 1...4, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return ("L", "?", { $0.day == $0.length })
        case 1: return ("L-\(nth)", "?", { $0.day == $0.length - nth })
        case 2: return ("\(day),L", "?", { $0.day == day || $0.day == $0.length })
        case 3: return ("?", "\(weekday)", { $0.weekday == weekday })
        case 4: return ("?", "\(weekday)#\(nth)", { $0.weekday == weekday && ($0.day - 1) / 7 == nth - 1 })
        case 5: return ("?", "\(weekday)L", { $0.weekday == weekday && $0.day + 7 > $0.length })
        case 6: return ("?", "SAT-MON", { $0.weekday == 7 || $0.weekday <= 2 })
        case 7: return ("\(day)W", "?", { $0.isWeekday(nearestTo: day) })
        default: return ("*", "?", { _ in true })
        }
    }
}

/// A day as a rule about days sees it.
private struct MonthDay {
    let day: Int
    /// 1 is Sunday.
    let weekday: Int
    /// How many days the month has.
    let length: Int

    /// Whether of all the month's days from Monday to Friday this one is nearest to day `target`.
    func isWeekday(nearestTo target: Int) -> Bool {
        func isWorkday(_ other: Int) -> Bool { !(weekday - 1 + other - day + 70).isWeekend }
        let workdays = (1...length).filter(isWorkday)
        // A Saturday has its Friday nearer than its Monday, a Sunday its Monday: never a tie.
        return workdays.min { abs($0 - target) < abs($1 - target) } == day
    }
}

extension Int {
    /// Whether the day that lies so many days after some Sunday is a Saturday or a Sunday.
    fileprivate var isWeekend: Bool { self % 7 == 0 || self % 7 == 6 }
}

/// The minutes that a clock in some zone shows around a window of time, watched one by one.
struct Timeline {
    /// One minute of real time.
    struct Minute {
        /// Its first second since the epoch.
        let start: Int
        /// What clocks show, in minutes since they showed 1970-01-01 00:00.
        let wall: Int
        /// Whether clocks have shown it before.
        let isRepeat: Bool
        /// Whether clocks will show it again.
        var comesAgain = false
        /// What clocks left out just before.
        let missed: Range<Int>
    }

    /// The seconds that the window holds.
    let window: ClosedRange<Int>
    /// The minutes of the window and of two days on each side.
    let minutes: [Minute]

    /// Watches the clocks of `zone`, whose offsets are whole minutes throughout the window.
    init(window: ClosedRange<Int>, zone: TimeZone) {
        var minutes: [Minute] = []
        var front: Int?
        for start in stride(from: window.lowerBound - 172_800, to: window.upperBound + 172_800, by: 60) {
            let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(start)))
            let wall = (start + offset) / 60
            let expected = front ?? wall
            let missed = min(expected, wall)..<wall
            minutes.append(Minute(start: start, wall: wall, isRepeat: wall < expected, missed: missed))
            front = max(expected, wall + 1)
        }
        var later: Set<Int> = []
        for index in minutes.indices.reversed() {
            minutes[index].comesAgain = !later.insert(minutes[index].wall).inserted
        }
        self.window = window
        self.minutes = minutes
    }

    /// Whether clocks are put forward by exactly an hour, or not at all: what Quartz is made for.
    var hasOnlyHourGaps: Bool {
        minutes.allSatisfy { $0.missed.isEmpty || $0.missed.count == 60 }
    }
}
