import Groundwork
import Scheduler
import Testing

@Suite struct SchedulePreviewTests {
    @Test(arguments: [
        (
            "0 30 2 * * ?", "America/New_York", "vixie",
            "2027-03-14 02:30 does not exist in America/New_York: runs 03:00"
        ),
        (
            "0 30 2 * * ?", "America/New_York", "both",
            "2027-03-14 02:30 does not exist in America/New_York: runs 03:00"
        ),
        (
            "0 30 2 * * ?", "America/New_York", "skip",
            "2027-03-14 02:30 does not exist in America/New_York: does not run"
        ),
        (
            "0 30 2 * * ?", "America/New_York", "quartz",
            "2027-03-14 02:30 does not exist in America/New_York: does not run"
        ),
        (
            "0 */5 2 * * ?", "America/New_York", "vixie",
            "2027-03-14 02:00 does not exist in America/New_York: does not run"
        ),
        (
            "0 30 1 * * ?", "America/New_York", "vixie",
            "2026-11-01 01:30 comes twice in America/New_York: runs the first time only"
        ),
        (
            "0 30 1 * * ?", "America/New_York", "skip",
            "2026-11-01 01:30 comes twice in America/New_York: runs the first time only"
        ),
        (
            "0 30 1 * * ?", "America/New_York", "both",
            "2026-11-01 01:30 comes twice in America/New_York: runs both times"
        ),
        (
            "0 30 1 * * ?", "America/New_York", "quartz",
            "2026-11-01 01:30 comes twice in America/New_York: runs the second time only"
        ),
        (
            "0 */5 1 * * ?", "America/New_York", "vixie",
            "2026-11-01 01:00 comes twice in America/New_York: runs both times"
        ),
        (
            "0 */20 * * * ?", "America/New_York", "quartz",
            "2026-11-01 01:00 comes twice in America/New_York: runs the second time only"
        ),
        (
            "0 0 0 * * ?", "America/Havana", "vixie",
            "2026-03-08 00:00 does not exist in America/Havana: runs 01:00"
        ),
        (
            "15 10 2 * * ?", "Australia/Lord_Howe", "vixie",
            "2026-10-04 02:10:15 does not exist in Australia/Lord_Howe: runs 02:30"
        ),
        (
            "0 0 1 * * ?", "Antarctica/Troll", "vixie",
            "2026-03-29 01:00 does not exist in Antarctica/Troll: runs 03:00"
        ),
        (
            "0 30 2 8 3 ?", "America/New_York", "vixie",
            "2026-03-08 02:30 does not exist in America/New_York: runs 03:00"
        ),
    ])
    func `the next clock change that matters is named`(
        expression: String,
        zone: String,
        policy: String,
        warning: String
    ) throws {
        let from = warning.hasPrefix("2027") ? "2026-03-10" : "2026-01-01"
        #expect(try preview(expression, zone, policy, from: from).warnings.contains(warning))
    }

    @Test func `a day that goes missing ends on another date`() throws {
        let warnings = try preview("0 0 9 * * ?", "Pacific/Apia", "vixie", from: "2011-12-01").warnings
        #expect(warnings.first == "2011-12-30 09:00 does not exist in Pacific/Apia: runs 2011-12-31 00:00")
    }

    @Test(arguments: [
        ("0 0 12 * * ?", "America/New_York"), ("0 */20 * * * ?", "America/New_York"),
        ("0 30 2 * * ?", "Asia/Shanghai"), ("0 0 9 L * ?", "UTC"), ("0 0 9 ? * FRIL", "UTC"),
    ])
    func `what holds no surprise has no warning`(expression: String, zone: String) throws {
        #expect(try preview(expression, zone, "vixie", from: "2026-01-01").warnings.isEmpty)
    }

    @Test(arguments: [
        ("* * * * * ?", "fires every second"),
        (
            "* 0 2 * * ?",
            "fires every second of each matching minute: write 0 as the second for once a minute"
        ),
        ("0 0 0 29 2 ?", "fires only on 29 February"),
        ("0 0 0 30W * ?", "30W never fires in February"),
        ("0 0 0 31W 2-4 ?", "31W never fires in February, April"),
        ("0 0 0 29W * ?", "29W fires in February of leap years only"),
        ("0 0 0 31 3,4 ?", "never fires in April: no such day"),
        ("0 0 0 L-3 * ?", "L-3 is 3 days before the last: 28 in a month of 31 days"),
        ("0 0 0 L-1 * ?", "L-1 is the day before the last: 30 in a month of 31 days"),
        (
            "0 0 0 ? * L",
            "L alone in day of week is every Saturday: write FRIL for the last Friday of the month"
        ),
        ("0 0 0 * * *", "both day fields are *: fires every day"),
        ("0 0 0 * * ? 2020", "never fires: nothing is due after 2026-01-01T00:00:00Z"),
    ])
    func `what may surprise is said`(expression: String, warning: String) throws {
        #expect(try preview(expression, "UTC", "vixie", from: "2026-01-01").warnings == [warning])
    }

    @Test(arguments: [
        ("* * * * * ?", "UTC", "每秒触发"), ("* 0 2 * * ?", "UTC", "在符合的每一分钟内每秒触发：每分钟一次请将秒写为 0"),
        ("0 0 0 29 2 ?", "UTC", "仅在 2 月 29 日触发"), ("0 0 0 31W 2-4 ?", "UTC", "31W 在 2 月、4 月 从不触发"),
        ("0 0 0 29W * ?", "UTC", "29W 仅在闰年的 2 月触发"), ("0 0 0 31 3,4 ?", "UTC", "在 4 月 从不触发：没有这样的日期"),
        ("0 0 0 L-3 * ?", "UTC", "L-3 指最后一天之前 3 天：31 天的月份为 28 日"),
        ("0 0 0 ? * L", "UTC", "星期字段中单独的 L 表示每个星期六：每月最后一个星期五请写 FRIL"),
        ("0 0 0 * * *", "UTC", "日与星期字段均为 *：每天触发"),
        ("0 0 0 * * ? 2020", "UTC", "从不触发：2026-01-01T00:00:00Z 之后没有触发时间"),
        ("0 30 2 8 3 ?", "America/New_York", "America/New_York 时区没有 2026-03-08 02:30：于 03:00 运行"),
        ("0 30 1 1 11 ?", "America/New_York", "America/New_York 时区的 2026-11-01 01:30 出现两次：仅第一次运行"),
    ])
    func `what may surprise is said in Chinese too`(expression: String, zone: String, warning: String) throws
    {
        let preview = try preview(expression, zone, "vixie", from: "2026-01-01")
        #expect(preview.surprises.map { $0.text(in: .chinese) } == [warning])
    }

    @Test func `the next instants come in order and end with the schedule`() throws {
        let preview = try preview("0 0 0 1 * ? 2026", "Asia/Shanghai", "vixie", from: "2026-10-15")
        let rules = try #require(ZoneRules(named: "Asia/Shanghai"))
        let shown = preview.instants.map { InstantText.local($0, in: rules) }
        #expect(shown == ["2026-11-01T00:00:00+08:00", "2026-12-01T00:00:00+08:00"])
    }

    @Test func `other schedules are previewed too`() {
        let start = Moment(secondsSinceEpoch: 1_000)
        let rate = Schedule.fixedRate(period: .milliseconds(500), anchor: start)
        let ticks = SchedulePreview(of: rate, after: start, count: 2)
        #expect(ticks.instants == [start + .milliseconds(500), start + .seconds(1)])
        #expect(ticks.warnings.isEmpty)
        let past = SchedulePreview(of: .once(at: start), after: start, count: 3)
        #expect(past.instants.isEmpty)
        #expect(past.warnings == ["never fires: nothing is due after 1970-01-01T00:16:40Z"])
        #expect(SchedulePreview(of: .none, after: start, count: 3).warnings.isEmpty)
    }

    private func preview(
        _ expression: String,
        _ zone: String,
        _ policy: String,
        from: String
    ) throws -> SchedulePreview {
        let text = ScheduleText(type: "CRON", conf: expression, zone: zone, daylight: policy)
        let rules = try #require(ZoneRules(named: zone))
        let start = try #require(InstantText.moment(from, in: rules))
        return SchedulePreview(of: try Schedule(text), after: start, count: 5)
    }
}

@Suite struct CronPreviewLinesTests {
    @Test(arguments: [
        ("0 0 0 * * ?\tUTC\t0", "86400000,172800000,259200000"),
        ("0 0 0 * * ?\tUTC\t0\r", "86400000,172800000,259200000"),
        ("0 0 0 * * ?\tAsia/Shanghai\t1700000000000", "1700064000000,1700150400000,1700236800000"),
        ("0 0 0 1 1 ? 1971\tUTC\t0", "31536000000"), ("0 0 0 1 1 ? 1971\tUTC\t1800000000000", ""),
        ("0 0 0 1 1 ?\tUTC\t-1", "0,31536000000,63072000000"),
    ])
    func `questions are answered by instants`(line: String, answer: String) {
        #expect(CronPreviewLines.answer(line: line, count: 3, policy: .vixie) == answer)
    }

    @Test(arguments: [
        ("0 0 0 31 2 ?\tUTC\t0", "dayOfMonth"), ("99 0 0 * * ?\tUTC\t0", "second"),
        ("\tUTC\t0", "expression"),
        ("0 0 0 * * ?\tMars/Olympus\t0", "zone"), ("0 0 0 * * ?\tUTC\tsoon", "epoch"),
        ("0 0 0 * * ?\tUTC\t", "epoch"), ("0 0 0 * * ?\tUTC\t1.5", "epoch"), ("", "line"),
        ("0 0 0 * * ?", "line"), ("0 0 0 * * ?\tUTC\t0\tmore", "line"),
        ("0 0 \u{1}\u{2028} * * ?\tUTC\t0", "hour"), ("0 0 0 * * ?\tUTC\t99999999999999999999", "epoch"),
    ])
    func `what is no question is rejected in one line of three fields`(line: String, field: String) throws {
        let answer = CronPreviewLines.answer(line: line, count: 3, policy: .vixie)
        let parts = answer.split(separator: "\t", omittingEmptySubsequences: false)
        try #require(parts.count == 3)
        #expect(parts[0] == "REJECT" && parts[1] == field && !parts[2].isEmpty)
        #expect(!answer.contains { $0.isNewline })
    }

    @Test func `no instants are asked for, none are given`() {
        #expect(CronPreviewLines.answer(line: "0 0 0 * * ?\tUTC\t0", count: 0, policy: .skip).isEmpty)
    }
}
