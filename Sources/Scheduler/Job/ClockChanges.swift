import Groundwork

/// Finds the clock changes that touch a cron expression, and says what happens then.
struct ClockChanges {
    /// One change of clocks that swallows or repeats a reading of the expression.
    struct Change: Hashable {
        /// When clocks are changed.
        let moment: Moment
        /// What becomes of the reading.
        let warning: ScheduleWarning

        var sentence: String { warning.english }
    }

    let expression: CronExpression
    let rules: ZoneRules
    let daylight: DaylightPolicy

    /// The next gap that swallows a reading of the expression.
    func nextGap(after instant: Moment) -> Change? {
        // What runs around the clock at intervals does not miss what never was.
        guard !(expression.isInterval && expression.isEveryHour) else { return nil }
        for span in spans(after: instant) where span.followsGap {
            guard let missed = reading(from: span.front, before: span.wallStart) else { continue }
            let catchesUp = daylight.catchesUpAfterGap(interval: expression.isInterval)
            let sameDay = missed.dayNumber == span.wallStart.dayNumber
            let end =
                (sameDay ? "" : InstantText.date(span.wallStart) + " ") + InstantText.time(span.wallStart)
            let missing = "\(shown(missed)) does not exist in \(rules.identifier)"
            let chinese = "\(rules.identifier) 时区没有 \(shown(missed))"
            return change(
                span,
                catchesUp ? "\(missing): runs \(end)" : "\(missing): does not run",
                catchesUp ? "\(chinese)：于 \(end) 运行" : "\(chinese)：不运行"
            )
        }
        return nil
    }

    /// The next overlap that repeats a reading of the expression.
    func nextOverlap(after instant: Moment) -> Change? {
        let followsRealTime = expression.isInterval && (daylight == .vixie || daylight == .both)
        guard !(followsRealTime && expression.isEveryHour) else { return nil }
        for span in spans(after: instant) where span.followsOverlap {
            guard let repeated = reading(from: span.wallStart, before: span.front) else { continue }
            let twice = "\(shown(repeated)) comes twice in \(rules.identifier)"
            let chinese = "\(rules.identifier) 时区的 \(shown(repeated)) 出现两次"
            if daylight == .quartz {
                return change(span, "\(twice): runs the second time only", "\(chinese)：仅第二次运行")
            }
            let once = daylight.firesOnFirstPassOnly(interval: expression.isInterval)
            return change(
                span,
                once ? "\(twice): runs the first time only" : "\(twice): runs both times",
                once ? "\(chinese)：仅第一次运行" : "\(chinese)：两次都运行"
            )
        }
        return nil
    }

    private func change(_ span: ZoneRules.Span, _ english: String, _ chinese: String) -> Change {
        Change(
            moment: Moment(secondsSinceEpoch: Int64(span.start)),
            warning: ScheduleWarning(english, chinese)
        )
    }

    private func spans(after instant: Moment) -> ArraySlice<ZoneRules.Span> {
        let second = Int(instant.secondsSinceEpoch.clamped(to: -1 << 40...1 << 40))
        return rules.spans[(rules.index(at: second) + 1)...]
    }

    private func reading(from: WallTime, before end: WallTime) -> WallTime? {
        guard let reading = expression.nextReading(from: from), reading < end else { return nil }
        return reading
    }

    private func shown(_ wall: WallTime) -> String {
        InstantText.date(wall) + " " + InstantText.time(wall)
    }
}
