import Foundation
import Groundwork
import Scheduler

/// How long the next instant of a cron expression takes, over the hard cases of calendars and zones.
struct CronBench {
    /// An expression, where it holds, and after when it is asked.
    private struct Case {
        let text: String
        let zone: String
        /// ISO 8601.
        let after: String

        init(_ text: String, _ zone: String = "UTC", _ after: String = "2025-01-15T00:00:00Z") {
            self.text = text
            self.zone = zone
            self.after = after
        }
    }

    /// How often each case is asked; the fastest of them says what it costs, the slowest what may happen.
    private static let times = 200

    func lines() throws -> [SchedulerBenchLine] {
        var fastest: [Double] = []
        var slowest = 0.0
        for hard in Self.cases {
            let schedule = try Schedule(
                ScheduleText(type: ScheduleType.cron.rawValue, conf: hard.text, zone: hard.zone)
            )
            guard let date = ISO8601DateFormatter().date(from: hard.after) else {
                throw DemoError("not an instant: \(hard.after)")
            }
            let after = Moment(secondsSinceEpoch: Int64(date.timeIntervalSince1970))
            let clock = ContinuousClock()
            let times = (0..<Self.times)
                .map { _ in clock.measure { _ = schedule.nextTrigger(after: after) }.inSeconds * 1e6 }
            fastest.append(times.sorted()[Self.times / 2])
            slowest = max(slowest, times.max() ?? 0)
        }
        let median = fastest.sorted()[fastest.count / 2]
        return [
            line("next() over \(fastest.count) hard cases: median", median, "5 µs", median <= 5),
            line("next(): the slowest call", slowest, "10 ms", slowest <= 10_000),
        ]
    }

    private func line(
        _ what: String,
        _ measured: Double,
        _ asked: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "cron",
            size: SiteSize.none.rawValue,
            what: what,
            measured: "\(measured.tenths) µs",
            asked: asked,
            verdict: isMet ? .met : .short
        )
    }

    /// Gaps, overlaps, days that do not exist, the last and the nearest weekday, and what comes in many years.
    private static let cases = [
        Case("0 30 2 * * ?", "America/New_York", "2025-03-09T05:00:00Z"),
        Case("0 30 1 * * ?", "America/New_York", "2025-11-02T04:00:00Z"),
        Case("0 0/20 * * * ?", "America/New_York", "2025-11-02T05:40:00Z"),
        Case("0 0 1 25 10 ? 2026", "Europe/London", "2026-10-25T00:35:00Z"),
        Case("0 0/30 0-3 * * ?", "Antarctica/Troll", "2025-03-30T00:30:00Z"),
        Case("0 0 0 * * ?", "America/Havana", "2025-03-08T12:00:00Z"),
        Case("0 0 0 * * ?", "America/Santiago", "2025-09-06T12:00:00Z"),
        Case("0 0 0 * * ?", "Asia/Beirut", "2025-03-29T12:00:00Z"),
        Case("0 0 0 * * ?", "America/Sao_Paulo", "2018-11-03T12:00:00Z"),
        Case("0 0 12 * * ?", "Pacific/Apia", "2011-12-30T00:00:00Z"),
        Case("0 15 2 * * ?", "Australia/Lord_Howe", "2025-10-04T12:00:00Z"),
        Case("0 0 3 * * ?", "Pacific/Chatham", "2025-09-27T12:00:00Z"),
        Case("0 30 1 * * ?", "Europe/Dublin", "2025-10-25T12:00:00Z"),
        Case("0 30 2 * * ?", "Africa/Casablanca", "2025-02-22T12:00:00Z"),
        Case("0 0 9 29W 2 ?"), Case("0 0 9 L-29W * ?"),
        Case("0 0 9 L-30W * ?"), Case("0 4,10 9 1W * ?"), Case("0 0 9 15W,20 * ?"), Case("0 0 9 1,L * ?"),
        Case("0 0 9 ? * MON,2#3"), Case("0 0 9 ? * MON-FRI/2"), Case("0 0 9 1 JAN/3 ?"),
        Case("0 0 22-2 * * ?"),
        Case("0 0 9 ? * FRI-MON"), Case("0 0 9 1 NOV-FEB ?"), Case("50-10/7 * * * * ?"),
        Case("0 0 9 28-3 * ?"),
        Case("0 0 9 ? * L"), Case("0 0 9 L-3 * ?"), Case("0 0 9 29 2 ?"), Case("0 0 9 29 2 ? 2096-2104"),
        Case("0 0 9 ? 2 2#5"), Case("* * * * * ?"), Case("0/5 * * * * ?"),
        Case("0 0 0 1 1 ? 2199"), Case("0 0 8 ? * MON-FRI", "Asia/Shanghai"),
    ]
}
