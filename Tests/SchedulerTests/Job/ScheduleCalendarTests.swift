import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Schedules whose triggers count on some days alone.
@Suite struct ScheduleCalendarTests {
    private let shanghai = TimeZone(identifier: "Asia/Shanghai") ?? .gmt

    private func moment(_ text: String, in zone: TimeZone? = nil) throws -> Moment {
        try #require(InstantText.moment(text, in: ZoneRules(of: zone ?? shanghai)))
    }

    private func workdays() throws -> JobCalendar { try #require(JobCalendar.builtIn(named: "cn-workdays")) }

    private func cron(_ text: String) throws -> Schedule {
        .cron(try CronExpression(text), zone: shanghai, daylight: .vixie)
    }

    @Test(arguments: [
        // The Spring Festival of 2026, the Saturdays that are worked for it, and a day like any other.
        ("2026-02-14T09:00", "2026-02-24T09:00"), ("2026-02-13T09:00", "2026-02-14T09:00"),
        ("2026-02-27T12:00", "2026-02-28T09:00"), ("2026-02-28T09:00", "2026-03-02T09:00"),
        ("2026-03-02T09:00", "2026-03-03T09:00"),
    ])
    func `a holiday is passed over and a make-up day is not`(from: String, next: String) throws {
        let found = try cron("0 0 9 * * ?")
            .nextTrigger(after: moment(from), calendar: workdays(), zone: shanghai)
        #expect(try found == moment(next))
    }

    @Test func `a rate goes on where it would have been, an instant is lost, a delay ends with the rest`()
        throws
    {
        let (calendar, friday) = (try workdays(), try moment("2026-03-06T23:00"))
        let rate = Schedule.fixedRate(period: .seconds(7_000), anchor: friday)
        let found = try #require(try rate.nextTrigger(after: friday, calendar: calendar, zone: shanghai))
        let monday = try moment("2026-03-09T00:00")
        #expect(found >= monday && found < monday + .seconds(7_000))
        #expect((found - friday).wholeMilliseconds.isMultiple(of: 7_000_000))
        let saturday = Schedule.once(at: try moment("2026-03-07T10:00"))
        #expect(try saturday.nextTrigger(after: friday, calendar: calendar, zone: shanghai) == nil)
        let delay = Schedule.fixedDelay(.seconds(7_200))
        #expect(try delay.nextTrigger(after: friday, calendar: calendar, zone: shanghai) == monday)
        #expect(try Schedule.none.nextTrigger(after: friday, calendar: calendar, zone: shanghai) == nil)
    }

    @Test func `a trigger on a day that is not covered is an error that says so`() throws {
        let (calendar, late) = (try workdays(), try moment("2026-12-31T09:00"))
        let error = try #require(throws: CalendarError.self) {
            try cron("0 0 9 * * ?").nextTrigger(after: late, calendar: calendar, zone: shanghai)
        }
        #expect(error.field == "day")
        #expect(error.reason.contains("2027-01-01 is not covered: it speaks for 2024 to 2026"))
        // What ends before is no matter of the days after.
        let ended = try cron("0 0 9 * * ? 2026")
        #expect(try ended.nextTrigger(after: late, calendar: calendar, zone: shanghai) == nil)
    }

    @Test func `a calendar that excludes everything ends the schedule at once`() throws {
        let weekdays = try JobCalendar(name: "weekdays", excludesWeekends: true)
        let start = try moment("2026-01-01T00:00")
        let schedules = [
            try cron("* * * ? * SAT,SUN"), try cron("0 0 9 ? * SAT"), try cron("0 0 9 ? * SUN#5"),
        ]
        let clock = ContinuousClock()
        let begin = clock.now
        for schedule in schedules {
            #expect(try schedule.nextTrigger(after: start, calendar: weekdays, zone: shanghai) == nil)
        }
        let took = clock.now - begin
        // Tens of milliseconds in a debug build; stepping through the seconds of a day would take minutes.
        #expect(took < .seconds(5))
    }

    @Test func `a preview shows counted days alone, and where the calendar ends`() throws {
        let days = (calendar: try workdays(), zone: shanghai)
        let start = try moment("2026-09-29T12:00")
        let preview = SchedulePreview(of: try cron("0 0 9 * * ?"), after: start, count: 4, on: days)
        #expect(
            try preview.instants
                == ["2026-09-30T09:00", "2026-10-08T09:00", "2026-10-09T09:00", "2026-10-10T09:00"]
                .map { try moment($0) }
        )
        #expect(preview.warnings.isEmpty)
        let last = SchedulePreview(of: try cron("0 0 9 * * ?"), after: start, count: 100, on: days)
        #expect(try last.instants.last == moment("2026-12-31T09:00"))
        #expect(last.warnings.count == 1 && last.warnings[0].contains("2027-01-01 is not covered"))
        let never = SchedulePreview(
            of: try cron("0 0 9 ? * SAT"),
            after: start,
            count: 1,
            on: (calendar: try JobCalendar(name: "weekdays", excludesWeekends: true), zone: shanghai)
        )
        #expect(never.instants.isEmpty)
        #expect(never.warnings == ["never fires: calendar weekdays excludes every day on which it would"])
    }

    @Test func `lines are answered with counted days alone`() throws {
        let calendar = try workdays()
        let friday = try moment("2026-03-06T12:00").millisecondsSinceEpoch
        let answer = CronPreviewLines.answer(
            line: "0 0 9 * * ?\tAsia/Shanghai\t\(friday)",
            count: 1,
            policy: .vixie,
            calendar: calendar
        )
        #expect(try answer == "\(moment("2026-03-09T09:00").millisecondsSinceEpoch)")
        let late = "0 0 9 * * ?\tAsia/Shanghai\t\(try moment("2027-01-01T00:00").millisecondsSinceEpoch)"
        let refused = CronPreviewLines.answer(line: late, count: 1, policy: .vixie, calendar: calendar)
        #expect(refused.hasPrefix("REJECT\tcalendar\t"))
    }

    @Test(arguments: [
        "UTC", "Asia/Shanghai", "America/New_York", "America/Havana", "America/St_Johns", "Pacific/Apia",
        "Antarctica/Troll", "Australia/Lord_Howe", "America/Sao_Paulo",
    ])
    func `the triggers are those that filtering all of them leaves`(name: String) throws {
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(3) { $0 &* 31 &+ Int($1) } & 0xFFFF))
        let zone = try #require(ZoneRules.zone(named: name))
        let rules = ZoneRules(of: zone)
        var compared = 0
        for _ in 0..<40 {
            // Around one of the zone's clock changes, where days are longest, shortest, missing or come again.
            let changes = rules.spans.dropFirst().map(\.start).filter { $0 > 0 }
            let change = changes.randomElement(using: &random) ?? 1_000_000_000
            let start = Moment(
                secondsSinceEpoch: Int64(change - 4 * 86_400 - Int.random(in: 0..<86_400, using: &random))
            )
            let end = start + .seconds(9 * 86_400)
            let calendar = try Self.calendar(around: change / 86_400, &random)
            for schedule in try Self.schedules(zone, start, &random) {
                let expected = Self.filtered(schedule, calendar, rules, from: start, to: end)
                var found: [Moment] = []
                var last = start
                while let next = try schedule.nextTrigger(after: last, calendar: calendar, zone: zone),
                    next <= end
                {
                    found.append(next)
                    last = next
                }
                #expect(
                    found == expected,
                    "\(schedule) in \(name) from \(InstantText.local(start, in: rules))"
                )
                compared += expected.count
            }
        }
        #expect(compared > 1_000)
    }

    /// About half of the days around `day` off, and now and then the weekends.
    private static func calendar(
        around day: Int,
        _ random: inout SeededGenerator
    ) throws -> JobCalendar {
        let days = (day - 8...day + 8).filter { _ in Bool.random(using: &random) }
        return try JobCalendar(
            name: "random",
            excludesWeekends: Int.random(in: 0..<4, using: &random) == 0,
            excluded: days.map { CivilDate(dayNumber: $0) }.filter { JobCalendar.everyYear.contains($0.year) }
        )
    }

    private static func schedules(
        _ zone: TimeZone,
        _ start: Moment,
        _ random: inout SeededGenerator
    ) throws -> [Schedule] {
        let texts = [
            "0 0/10 * * * ?", "0 30 0,2,23 * * ?", "0 59 23 * * ?", "0 0 0 * * ?", "30 0/7 0-3,22-23 * * ?",
        ]
        let policy: DaylightPolicy = [.vixie, .skip, .both].randomElement(using: &random) ?? .vixie
        return [
            .cron(
                try CronExpression(texts.randomElement(using: &random) ?? texts[0]),
                zone: zone,
                daylight: policy
            ),
            .fixedRate(period: .seconds(Int.random(in: 600..<9_000, using: &random)), anchor: start),
            .once(at: start + .seconds(Int.random(in: 0..<600_000, using: &random))),
        ]
    }

    /// Every trigger, one after the other, without those on days that do not count.
    private static func filtered(
        _ schedule: Schedule,
        _ calendar: JobCalendar,
        _ rules: ZoneRules,
        from start: Moment,
        to end: Moment
    ) -> [Moment] {
        var triggers: [Moment] = []
        var last = start
        while let next = schedule.nextTrigger(after: last), next <= end {
            let day = rules.wall(at: Int(next.secondsSinceEpoch)).dayNumber
            if calendar.verdict(on: CivilDate(dayNumber: day)) == .counted { triggers.append(next) }
            last = next
        }
        return triggers
    }
}
