import Groundwork

/// Counts what is handed over, hour by hour, in a space that does not grow with the number of triggers.
///
/// Seconds are kept of the present hour alone; of the past, the sums of its days, its busiest hour, and for each second of the
/// day the most that was ever handed over in it.
struct ForecastTally {
    /// The present hour of the clocks, or what a change of clocks leaves of it.
    struct Hour {
        /// The first second, since the epoch.
        let start: Int
        /// The first second after it.
        let end: Int
        /// What clocks show at its start.
        let wall: WallTime
    }

    /// The most that was handed over in one second of the day.
    private struct Most {
        var triggers: Int32 = 0
        /// On how many days it was so many.
        var times: Int32 = 0
        /// The first such second, since the epoch.
        var first = 0
    }

    private let rules: ZoneRules
    private let until: Int
    private(set) var hour: Hour
    private var seconds: [Int32]
    /// What is handed over in no second that is known.
    private var scattered = 0
    /// What jitter moved beyond the present hour, by second; jitter is at most a day.
    private var later: [Int: Int32] = [:]
    private var secondsOfDay = [Most](repeating: Most(), count: CivilDate.secondsPerDay)
    private(set) var days: [Forecast.Day] = []
    private(set) var busiestHour: Forecast.Hour?

    /// Begins with the hour that `from` lies in, on the clocks of `rules`; both bounds are whole seconds.
    init(from: Moment, until: Moment, in rules: ZoneRules) {
        self.rules = rules
        self.until = Int(until.secondsSinceEpoch)
        hour = Self.hour(at: Int(from.secondsSinceEpoch), self.until, rules)
        seconds = [Int32](repeating: 0, count: 3_600)
    }

    private static func hour(at start: Int, _ until: Int, _ rules: ZoneRules) -> Hour {
        let wall = rules.wall(at: start)
        let left = 3_600 - wall.secondOfDay % 3_600
        return Hour(
            start: start,
            end: min(start + left, rules.spans[rules.index(at: start)].end, until),
            wall: wall
        )
    }

    /// Counts `count` triggers that are handed over at `moment`, in the present hour or later.
    mutating func add(_ count: Int, at moment: Moment) {
        let second = Int(moment.secondsSinceEpoch)
        if second < hour.end {
            seconds[second - hour.start] += Int32(clamping: count)
        } else {
            later[second, default: 0] += Int32(clamping: count)
        }
    }

    /// Counts triggers of the present hour whose instants depend on how long runs take.
    mutating func scatter(_ count: Int) { scattered += count }

    /// Closes the present hour and begins the next.
    ///
    /// - Returns: whether there is a next one.
    mutating func turn() -> Bool {
        close()
        guard hour.end < until else { return false }
        hour = Self.hour(at: hour.end, until, rules)
        if !later.isEmpty {
            for second in hour.start..<hour.end {
                if let count = later.removeValue(forKey: second) { seconds[second - hour.start] += count }
            }
        }
        return true
    }

    private mutating func close() {
        var sum = scattered
        scattered = 0
        for index in 0..<(hour.end - hour.start) where seconds[index] > 0 {
            sum += Int(seconds[index])
            note(seconds[index], at: index)
            seconds[index] = 0
        }
        let date = InstantText.date(hour.wall)
        if days.last?.date != date { days.append(Forecast.Day(date: date, triggers: 0)) }
        days[days.count - 1].triggers += sum
        if sum > busiestHour?.triggers ?? 0 {
            busiestHour = Forecast.Hour(start: Moment(secondsSinceEpoch: Int64(hour.start)), triggers: sum)
        }
    }

    private mutating func note(_ count: Int32, at index: Int) {
        let second = hour.wall.secondOfDay + index
        if count > secondsOfDay[second].triggers {
            secondsOfDay[second] = Most(triggers: count, times: 1, first: hour.start + index)
        } else if count == secondsOfDay[second].triggers {
            secondsOfDay[second].times += 1
        }
    }

    /// The seconds of the day in which most is handed over at once, the fullest first; none with less than two triggers.
    func herds(limit: Int) -> [(second: Moment, triggers: Int, times: Int)] {
        secondsOfDay.filter { $0.triggers > 1 }
            .sorted { ($0.triggers, $0.times, -$0.first) > ($1.triggers, $1.times, -$1.first) }
            .prefix(limit)
            .map { (Moment(secondsSinceEpoch: Int64($0.first)), Int($0.triggers), Int($0.times)) }
    }
}
