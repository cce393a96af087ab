/// Quartz's way of looking for the next fire, step by step, so that `DaylightPolicy.quartz` shares its faults.
///
/// Quartz moves the fields of a lenient `java.util.Calendar` forward, seconds first, until all match. After
/// each change the calendar settles on an instant and shows that instant's fields (`settled`): this is where
/// readings in a gap move on and where a first pass becomes a second one. `CronExpression.getTimeAfter` in
/// Quartz 2.3.2 and 2.5.2 does the same with the clock fields.
struct QuartzWalk {
    let expression: CronExpression
    let rules: ZoneRules

    /// The first second that Quartz finds at or after `earliest`.
    func firstFire(from earliest: Int) -> Int? {
        var wall = settled(rules.wall(at: earliest))
        // Each round but the last moves the reading forward, and the horizon ends it.
        while true {
            wall = withMatchingSecond(wall)
            if let moved = movedToMatchingMinute(wall) ?? movedToMatchingHour(wall) {
                wall = moved
                continue
            }
            guard let day = expression.nextDay(from: wall.dayNumber) else { return nil }
            guard day != wall.dayNumber else { return rules.lenientSecond(showing: wall) }
            wall = settled(WallTime(dayNumber: day))
        }
    }

    /// What the calendar shows after its fields were set to `wall`.
    private func settled(_ wall: WallTime) -> WallTime {
        rules.wall(at: rules.lenientSecond(showing: wall))
    }

    private func withMatchingSecond(_ wall: WallTime) -> WallTime {
        let second = wall.secondOfDay % 60
        if let matching = expression.seconds.first(from: second) {
            return matching == second ? wall : settled(wall + (matching - second))
        }
        return settled(wall + (60 - second + (expression.seconds.first ?? 0)))
    }

    /// Where Quartz goes on when the minute does not match; nil when it does.
    private func movedToMatchingMinute(_ wall: WallTime) -> WallTime? {
        let minute = wall.secondOfDay / 60 % 60
        let hour = wall.secondOfDay / 3_600
        guard let matching = expression.minutes.first(from: minute) else {
            let first = expression.minutes.first ?? 0
            return shown(dayNumber: wall.dayNumber, hour: hour + 1, minute: first)
        }
        return matching == minute ? nil : shown(dayNumber: wall.dayNumber, hour: hour, minute: matching)
    }

    /// Where Quartz goes on when the hour does not match; nil when it does.
    private func movedToMatchingHour(_ wall: WallTime) -> WallTime? {
        let hour = wall.secondOfDay / 3_600
        guard let matching = expression.hours.first(from: hour) else {
            return shown(dayNumber: wall.dayNumber + 1, hour: expression.hours.first ?? 0, minute: 0)
        }
        return matching == hour ? nil : shown(dayNumber: wall.dayNumber, hour: matching, minute: 0)
    }

    /// What the calendar shows after Quartz's `setCalendarHour`.
    ///
    /// If the hour is missing it goes on to the hour after it, on whatever date and minute are shown by then:
    /// right for a gap of an hour, one reason for lost fires in longer ones.
    private func shown(dayNumber: Int, hour: Int, minute: Int) -> WallTime {
        let wall = settled(WallTime(dayNumber: dayNumber, secondOfDay: hour * 3_600 + minute * 60))
        guard hour != 24, wall.secondOfDay / 3_600 != hour else { return wall }
        let secondOfDay = (hour + 1) * 3_600 + wall.secondOfDay % 3_600
        return settled(WallTime(dayNumber: wall.dayNumber, secondOfDay: secondOfDay))
    }
}
