/// One of the blank-separated fields of a cron expression, in the order in which they are written.
enum CronField: String, CaseIterable, Sendable {
    case second
    case minute
    case hour
    case dayOfMonth
    case month
    case dayOfWeek
    case year

    /// The numbers the field may hold.
    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 1...7
        case .year: YearSet.range
        }
    }

    /// The largest step that still means something (Quartz's limits).
    var largestStep: Int {
        switch self {
        case .second, .minute: 59
        case .hour: 23
        case .dayOfMonth: 31
        case .month: 12
        case .dayOfWeek: 7
        case .year: YearSet.range.count - 1
        }
    }

    /// What the numbers may be called, in their order; empty where only numbers will do.
    var names: [String] {
        switch self {
        case .month:
            ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        default: []
        }
    }

    /// Whether the field names days, so that `?` (the other day field decides) is allowed.
    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// Whether a range whose end lies before its start goes round through the field's maximum.
    var wraps: Bool { self != .year }

    /// The field's name in a sentence.
    var words: String {
        switch self {
        case .dayOfMonth: "day of month"
        case .dayOfWeek: "day of week"
        default: rawValue
        }
    }
}

/// One element of a field's comma-separated list.
enum CronItem: Hashable, Sendable {
    /// `?`: the other day field decides.
    case undecided
    /// `*`, `a`, `a-b`, each perhaps with `/step`; `last` below `first` goes round.
    case values(first: Int, last: Int, step: Int)
    /// `nW`: the weekday (Monday to Friday) of the same month that is nearest to day `n`.
    case nearestWeekday(Int)
    /// `L`, `L-n`, `LW`, `L-nW`: `n` days before the month's last day, perhaps its nearest weekday.
    case beforeLast(days: Int, nearestWeekday: Bool)
    /// `nL`: the last such weekday of the month.
    case lastWeekday(Int)
    /// `n#k`: the k-th such weekday of the month.
    case nthWeekday(Int, occurrence: Int)
}
