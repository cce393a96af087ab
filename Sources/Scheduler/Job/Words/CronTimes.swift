import Groundwork

/// At which times of a matching day an expression fires, in the shape in which people would say it.
///
/// Times are seconds since midnight, as the clock shows them.
enum CronTimes: Hashable, Sendable {
    /// A part of a day with equal steps from its first time to its last; over midnight the last lies before.
    struct Stretch: Hashable, Sendable {
        let first: Int
        let last: Int
    }

    /// All day long from midnight, with steps of so many seconds that divide a day.
    case every(Int)
    /// All day long with steps that divide an hour, from this second of the hour on.
    case everyFrom(Int, step: Int)
    /// Equal steps within parts of the day, and single times besides.
    case stretches([Stretch], step: Int, singles: [Int])
    /// Some times.
    case clock([Int])
    /// What has no simpler shape, field by field.
    case fields(seconds: [Int], minutes: [Int], hours: [Int])

    private static let minutesPerDay = 1_440
    /// The most single times that are listed.
    private static let mostSingles = 12
    /// The most parts of a day that are told one by one.
    private static let mostStretches = 3
    /// From how many times on equal steps are shorter than the times.
    private static let shortestStretch = 4

    /// Reads the clock fields of `expression`.
    ///
    /// - Parameters:
    ///   - expression: the expression.
    ///   - mayWrap: whether each day is followed by another matching day, so that a stretch may go on over
    ///     midnight.
    init(_ expression: CronExpression, mayWrap: Bool) {
        let (seconds, minutes) = (Array(expression.seconds), Array(expression.minutes))
        let hours = Array(expression.hours)
        let minutesOfDay = hours.flatMap { hour in minutes.map { hour * 60 + $0 } }
        self =
            Self.fillingMinutes(minutesOfDay, with: seconds, mayWrap: mayWrap)
            ?? Self.rare(
                minutesOfDay.flatMap { minute in seconds.map { minute * 60 + $0 } },
                mayWrap: mayWrap
            )
            ?? .fields(seconds: seconds, minutes: minutes, hours: hours)
    }

    /// What fires several times a minute, if that goes on evenly from one minute to the next.
    private static func fillingMinutes(_ minutes: [Int], with seconds: [Int], mayWrap: Bool) -> CronTimes? {
        guard let first = seconds.first, let step = NumberPiece.evenStep(seconds),
            step * seconds.count == 60
        else { return nil }
        if minutes.count == minutesPerDay { return allDay(from: first, step: step) }
        var stretches: [Stretch] = []
        for minute in minutes {
            let next = Stretch(first: minute * 60 + first, last: minute * 60 + first + 60 - step)
            if let before = stretches.last, before.last + step == next.first {
                stretches[stretches.count - 1] = Stretch(first: before.first, last: next.last)
            } else {
                stretches.append(next)
            }
        }
        let isWorthIt = stretches.allSatisfy { $0.last - $0.first >= (shortestStretch - 1) * step }
        return isWorthIt ? told(stretches, step: step, singles: [], mayWrap: mayWrap) : nil
    }

    /// What fires at most as often as there are minutes.
    private static func rare(_ times: [Int], mayWrap: Bool) -> CronTimes? {
        guard times.count <= minutesPerDay, let first = times.first else { return nil }
        guard times.count > 2, let step = NumberPiece.evenStep(times),
            times.count * step == CivilDate.secondsPerDay
        else { return parts(times, mayWrap: mayWrap) }
        return allDay(from: first, step: step) ?? parts(times, mayWrap: mayWrap)
    }

    /// Nil where an hour, or a minute, has so few of the times that they are better told one by one.
    private static func allDay(from first: Int, step: Int) -> CronTimes? {
        if first == 0 { return .every(step) }
        let span = step <= 60 ? 60 : 3_600
        let isWorthIt = step == span || span.isMultiple(of: step) && span / step >= shortestStretch
        return isWorthIt ? .everyFrom(first, step: step) : nil
    }

    private static func parts(_ times: [Int], mayWrap: Bool) -> CronTimes? {
        // An hour's own minutes are told better than a day of them.
        guard !isHourly(times) else { return nil }
        let step = zip(times, times.dropFirst()).map { $1 - $0 }.min() ?? CivilDate.secondsPerDay
        var stretches: [Stretch] = []
        var singles: [Int] = []
        var start = 0
        while start < times.count {
            var end = start
            while end + 1 < times.count, times[end + 1] - times[end] == step { end += 1 }
            if end - start + 1 >= shortestStretch {
                stretches.append(Stretch(first: times[start], last: times[end]))
            } else {
                singles += times[start...end]
            }
            guard singles.count <= mostSingles, stretches.count <= mostStretches + 1 else { return nil }
            start = end + 1
        }
        return stretches.isEmpty
            ? .clock(singles) : told(stretches, step: step, singles: singles, mayWrap: mayWrap)
    }

    /// Whether every hour has the same times.
    private static func isHourly(_ times: [Int]) -> Bool {
        times.count.isMultiple(of: 24)
            && zip(times, times.dropFirst(times.count / 24)).allSatisfy { $1 - $0 == 3_600 }
    }

    private static func told(
        _ stretches: [Stretch],
        step: Int,
        singles: [Int],
        mayWrap: Bool
    ) -> CronTimes? {
        var stretches = stretches
        if mayWrap { joinOverMidnight(&stretches, step: step) }
        return stretches.count <= mostStretches ? .stretches(stretches, step: step, singles: singles) : nil
    }

    /// Makes one of the day's last and first stretch where the one goes on as the other.
    private static func joinOverMidnight(_ stretches: inout [Stretch], step: Int) {
        guard stretches.count > 1, let head = stretches.first, let tail = stretches.last,
            head.first + CivilDate.secondsPerDay - tail.last == step
        else { return }
        stretches.removeFirst()
        stretches[stretches.count - 1] = Stretch(first: tail.first, last: head.last)
    }

    /// `02:30`, or `02:30:15`.
    static func clock(_ time: Int, withSeconds: Bool) -> String {
        InstantText.time(WallTime(seconds: time), withSeconds: withSeconds)
    }
}
