import Groundwork
import Scheduler
import Testing

@Suite struct ScheduleTests {
    private let start = Moment(millisecondsSinceEpoch: 1_700_000_000_250)

    @Test func `a fixed rate never drifts, however late one asks`() {
        let schedule = Schedule.fixedRate(period: .milliseconds(700), anchor: start)
        var last = start
        for tick in 1...1_000 {
            // The question comes late by anything below a period.
            let asked = last + .milliseconds(Int64(tick * 37 % 700))
            last = schedule.nextTrigger(after: asked) ?? last
            #expect(last == start + .milliseconds(700 * Int64(tick)))
        }
    }

    @Test func `a fixed rate passes over what was missed and keeps its beat`() {
        let schedule = Schedule.fixedRate(period: .seconds(30), anchor: start)
        let next = schedule.nextTrigger(after: start + .seconds(3_601))
        #expect(next == start + .seconds(3_630))
        #expect(schedule.nextTrigger(after: start) == start + .seconds(30))
        #expect(schedule.nextTrigger(after: start - .milliseconds(1)) == start)
        #expect(schedule.nextTrigger(after: start - .seconds(86_400)) == start)
    }

    @Test func `the end of time overflows into no trigger`() {
        let end = Moment(millisecondsSinceEpoch: .max)
        #expect(Schedule.fixedRate(period: .seconds(1), anchor: start).nextTrigger(after: end) == nil)
        #expect(Schedule.fixedDelay(.seconds(1)).nextTrigger(after: end) == nil)
        let beginning = Moment(millisecondsSinceEpoch: .min)
        #expect(Schedule.fixedRate(period: .seconds(1), anchor: beginning).nextTrigger(after: end) == nil)
    }

    @Test func `a fixed delay counts from the end of the run`() {
        let schedule = Schedule.fixedDelay(.milliseconds(1_500))
        #expect(schedule.waitsForRun)
        #expect(schedule.nextTrigger(after: start) == start + .milliseconds(1_500))
        #expect(!Schedule.fixedRate(period: .seconds(1), anchor: start).waitsForRun)
    }

    @Test func `one instant is one trigger`() {
        let schedule = Schedule.once(at: start)
        #expect(schedule.nextTrigger(after: start - .milliseconds(1)) == start)
        #expect(schedule.nextTrigger(after: start) == nil)
        #expect(Schedule.none.nextTrigger(after: start) == nil)
    }

    @Test(arguments: [
        ScheduleText(type: "CRON", conf: "0 30 2 * * ?", zone: "America/New_York", daylight: "quartz"),
        ScheduleText(type: "CRON", conf: "0  0 9 ? * mon-fri", zone: "Asia/Shanghai"),
        ScheduleText(type: "FIX_RATE", conf: "30", anchor: Moment(millisecondsSinceEpoch: 1_700_000_000_250)),
        ScheduleText(type: "FIX_RATE", conf: "500ms", anchor: Moment(millisecondsSinceEpoch: 7)),
        ScheduleText(type: "FIX_DELAY", conf: "1500ms"),
        ScheduleText(type: "RUN_AT", conf: "2027-03-14T07:30:00Z"),
        ScheduleText(type: "RUN_AT", conf: "2027-03-14T07:30:00.250Z"),
        ScheduleText(type: "NONE", conf: ""),
    ])
    func `what is stored is read back and written again the same`(text: ScheduleText) throws {
        #expect(ScheduleText(try Schedule(text)) == text)
    }

    @Test(arguments: [
        ("FIX_RATE", "30s", "30"), ("FIX_RATE", "5m", "300"), ("FIX_RATE", "2h", "7200"),
        ("FIX_DELAY", "1d", "86400"), ("FIX_DELAY", "2000ms", "2"),
        ("RUN_AT", "2027-03-14T02:30:00-05:00", "2027-03-14T07:30:00Z"),
        ("RUN_AT", "2027-03-14 15:30", "2027-03-14T15:30:00Z"), ("RUN_AT", "1000", "1970-01-01T00:00:01Z"),
    ])
    func `other spellings are written in one way`(type: String, conf: String, written: String) throws {
        #expect(ScheduleText(try Schedule(ScheduleText(type: type, conf: conf))).conf == written)
    }

    @Test(arguments: [
        ("cron", "0 0 0 * * ?", "UTC", "vixie", "type", "CRON"),
        ("", "", "UTC", "vixie", "type", "NONE"),
        ("CRON", "0 0 0 31 2 ?", "UTC", "vixie", "conf", "dayOfMonth at column 6: never fires"),
        ("CRON", "0 0 0 * * ?", "Mars/Olympus", "vixie", "zone", "no such time zone"),
        ("CRON", "0 0 0 * * ?", "UTC", "never", "daylight", "vixie, quartz, skip, both"),
        ("FIX_RATE", "0", "UTC", "vixie", "conf", "not a period"),
        ("FIX_RATE", "-5", "UTC", "vixie", "conf", "not a period"),
        ("FIX_RATE", "1.5", "UTC", "vixie", "conf", "not a period"),
        ("FIX_RATE", "", "UTC", "vixie", "conf", "not a period"),
        ("FIX_DELAY", "ms", "UTC", "vixie", "conf", "not a period"),
        ("FIX_DELAY", "99999999999999999999", "UTC", "vixie", "conf", "not a period"),
        ("FIX_DELAY", "9223372036854775807d", "UTC", "vixie", "conf", "not a period"),
        ("RUN_AT", "tomorrow", "UTC", "vixie", "conf", "not an instant"),
        ("RUN_AT", "2027-02-30T00:00:00Z", "UTC", "vixie", "conf", "not an instant"),
    ])
    func `what is no schedule is refused by its part`(
        type: String,
        conf: String,
        zone: String,
        daylight: String,
        field: String,
        reason: String
    ) {
        let text = ScheduleText(type: type, conf: conf, zone: zone, daylight: daylight)
        let error = #expect(throws: ScheduleError.self) { try Schedule(text) }
        #expect(error?.field == field)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func `what is over is refused when it is saved`() throws {
        let ended = try Schedule(ScheduleText(type: "CRON", conf: "0 0 0 * * ? 2020"))
        #expect(throws: ScheduleError.self) { try ended.checkFires(after: start) }
        #expect(throws: ScheduleError.self) { try Schedule.once(at: start).checkFires(after: start) }
        #expect(throws: Never.self) { try Schedule.none.checkFires(after: start) }
        #expect(throws: Never.self) { try Schedule.fixedDelay(.seconds(1)).checkFires(after: start) }
    }
}

@Suite struct InstantTextTests {
    @Test(arguments: [
        ("2027-03-14T02:30:00-05:00", "UTC", "2027-03-14T07:30:00Z"),
        ("2027-03-14t02:30:00.1z", "UTC", "2027-03-14T02:30:00.100Z"),
        ("2027-03-14 02:30:00,123456+0530", "UTC", "2027-03-13T21:00:00.123Z"),
        ("2027-03-14T02:30+08", "Asia/Shanghai", "2027-03-14T02:30:00+08:00"),
        ("2027-03-14", "Asia/Shanghai", "2027-03-14T00:00:00+08:00"),
        ("1234", "UTC", "1970-01-01T00:00:01.234Z"), ("-1", "UTC", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "UTC", "0001-01-01T00:00:00Z"),
        ("-62135596800000", "UTC", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999Z", "UTC", "9999-12-31T23:59:59.999Z"),
        ("253402300799999", "UTC", "9999-12-31T23:59:59.999Z"),
        // Without an offset: the end of the gap, the first showing.
        ("2027-03-14 02:30", "America/New_York", "2027-03-14T03:00:00-04:00"),
        ("2027-11-07 01:30", "America/New_York", "2027-11-07T01:30:00-04:00"),
    ])
    func `instants are read`(text: String, zone: String, shown: String) throws {
        let rules = try #require(ZoneRules(named: zone))
        let moment = try #require(InstantText.moment(text, in: rules))
        #expect(InstantText.local(moment, in: rules) == shown)
    }

    @Test(arguments: [
        "", "now", "2027-1", "2027-13-01", "2027-02-29", "2027-03-14T", "2027-03-14T24:00",
        "2027-03-14T02:60",
        "2027-03-14T02:30:61", "2027-03-14T02:30:00.", "2027-03-14T02:30Zx", "2027-03-14T02:30+", "1e3",
        "99999999999999999999",
        // A sum with one of these may overflow.
        "\(Int64.min)", "\(Int64.max)", "-62135596800001", "253402300800000", "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+00:01",
    ])
    func `what is no instant is refused`(text: String) {
        #expect(InstantText.moment(text, in: .utc) == nil)
    }
}
