import Scheduler
import Testing

/// One test for each hard case of the dialect and of clock changes.
@Suite struct CronHardCaseTests {
    @Test(arguments: [
        (DaylightPolicy.vixie, ["2025-03-09T03:00:00-04:00", "2025-03-10T02:30:00-04:00"]),
        (.both, ["2025-03-09T03:00:00-04:00", "2025-03-10T02:30:00-04:00"]),
        (.skip, ["2025-03-10T02:30:00-04:00", "2025-03-11T02:30:00-04:00"]),
        (.quartz, ["2025-03-10T02:30:00-04:00", "2025-03-11T02:30:00-04:00"]),
    ])
    func `a fixed time in a gap`(policy: DaylightPolicy, answers: [String]) throws {
        let question = CronQuestion(
            expression: "0 30 2 * * ?",
            zone: "America/New_York",
            policy: policy,
            from: "2025-03-08T12:00:00"
        )
        #expect(try question.answers(2) == answers)
    }

    @Test(arguments: [
        (DaylightPolicy.vixie, ["2025-11-02T01:30:00-04:00", "2025-11-03T01:30:00-05:00"]),
        (.skip, ["2025-11-02T01:30:00-04:00", "2025-11-03T01:30:00-05:00"]),
        (.both, ["2025-11-02T01:30:00-04:00", "2025-11-02T01:30:00-05:00"]),
        (.quartz, ["2025-11-02T01:30:00-05:00", "2025-11-03T01:30:00-05:00"]),
    ])
    func `a fixed time in an overlap`(policy: DaylightPolicy, answers: [String]) throws {
        let question = CronQuestion(
            expression: "0 30 1 * * ?",
            zone: "America/New_York",
            policy: policy,
            from: "2025-11-01T12:00:00"
        )
        #expect(try question.answers(2) == answers)
    }

    @Test(arguments: [
        (DaylightPolicy.vixie, ["01:00:00-04:00", "01:20:00-04:00", "01:40:00-04:00", "01:00:00-05:00"]),
        (.both, ["01:00:00-04:00", "01:20:00-04:00", "01:40:00-04:00", "01:00:00-05:00"]),
        (.skip, ["01:00:00-04:00", "01:20:00-04:00", "01:40:00-04:00", "02:00:00-05:00"]),
        (.quartz, ["01:00:00-05:00", "01:20:00-05:00", "01:40:00-05:00", "02:00:00-05:00"]),
    ])
    func `an interval in an overlap`(policy: DaylightPolicy, answers: [String]) throws {
        let question = CronQuestion(
            expression: "0 0/20 * * * ?",
            zone: "America/New_York",
            policy: policy,
            from: "2025-11-02T00:40:00-04:00"
        )
        #expect(try question.answers(4) == answers.map { "2025-11-02T" + $0 })
    }

    @Test func `an interval has nothing in a gap and goes on right after it`() throws {
        let question = CronQuestion(
            expression: "0 */20 * * * ?",
            zone: "America/New_York",
            from: "2025-03-09T01:20:00-05:00"
        )
        #expect(try question.answers(2) == ["2025-03-09T01:40:00-05:00", "2025-03-09T03:00:00-04:00"])
    }

    @Test(
        arguments: [
            (DaylightPolicy.vixie, []), (.skip, []), (.quartz, []), (.both, ["2026-10-25T01:00:00Z"]),
        ] as [(DaylightPolicy, [String])]
    )
    func `asked during the first pass for a date in the repeated hour`(
        policy: DaylightPolicy,
        answers: [String]
    ) throws {
        let question = CronQuestion(
            expression: "0 0 1 25 10 ? 2026",
            zone: "Europe/London",
            policy: policy,
            from: "2026-10-25T01:35:00+01:00"
        )
        #expect(try question.answers(2) == answers)
    }

    @Test(arguments: [
        (DaylightPolicy.vixie, ["00:30:00Z", "03:00:00+02:00", "03:30:00+02:00"]),
        (.skip, ["00:30:00Z", "03:00:00+02:00", "03:30:00+02:00"]),
        (.both, ["00:30:00Z", "03:00:00+02:00", "03:30:00+02:00"]),
    ])
    func `a gap of two hours loses nothing after it`(policy: DaylightPolicy, answers: [String]) throws {
        let question = CronQuestion(
            expression: "0 0/30 0-3 * * ?",
            zone: "Antarctica/Troll",
            policy: policy,
            from: "2025-03-30T00:00:00Z"
        )
        #expect(try question.answers(3) == answers.map { "2025-03-30T" + $0 })
    }

    @Test func `a gap of two hours swallows what follows it in Quartz`() throws {
        let question = CronQuestion(
            expression: "0 0/30 0-3 * * ?",
            zone: "Antarctica/Troll",
            policy: .quartz,
            from: "2025-03-30T00:00:00Z"
        )
        #expect(try question.answers(2) == ["2025-03-30T00:30:00Z", "2025-03-31T00:00:00+02:00"])
    }

    @Test(arguments: [
        ("America/Havana", "2025-03-08T12:00:00", "2025-03-09T01:00:00-04:00"),
        ("America/Santiago", "2024-09-07T12:00:00", "2024-09-08T01:00:00-03:00"),
        ("Asia/Beirut", "2025-03-29T12:00:00", "2025-03-30T01:00:00+03:00"),
        ("America/Sao_Paulo", "2018-11-03T12:00:00", "2018-11-04T01:00:00-02:00"),
    ])
    func `a midnight that does not exist is made up for at one`(
        zone: String,
        from: String,
        answer: String
    ) throws {
        var question = CronQuestion(expression: "0 0 0 * * ?", zone: zone, from: from)
        #expect(try question.answers(1) == [answer])
        question.policy = .quartz
        #expect(try question.answers(1) != [answer])
    }

    @Test func `a day that does not exist is made up for once when it is over`() throws {
        let nine = CronQuestion(
            expression: "0 0,30 9 * * ?",
            zone: "Pacific/Apia",
            from: "2011-12-29T12:00:00-10:00"
        )
        let answers = ["2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00", "2011-12-31T09:30:00+14:00"]
        #expect(try nine.answers(3) == answers)
        let thatDay = CronQuestion(
            expression: "0 0 9 30 12 ? 2011",
            zone: "Pacific/Apia",
            from: "2011-01-01"
        )
        #expect(try thatDay.answers(2) == ["2011-12-31T00:00:00+14:00"])
    }

    @Test(arguments: [
        // Half an hour forward, and back.
        ("0 15 2 * * ?", "Australia/Lord_Howe", "2025-10-04T12:00:00", "2025-10-05T02:30:00+11:00"),
        ("0 45 1 * * ?", "Australia/Lord_Howe", "2025-04-05T12:00:00", "2025-04-06T01:45:00+11:00"),
        ("0 50 2 * * ?", "Pacific/Chatham", "2025-09-27T12:00:00", "2025-09-28T03:45:00+13:45"),
        // Standard time in summer, and the change that Ramadan makes.
        ("0 30 1 * * ?", "Europe/Dublin", "2025-03-29T12:00:00", "2025-03-30T02:00:00+01:00"),
        ("0 30 2 * * ?", "Africa/Casablanca", "2025-02-22T12:00:00", "2025-02-23T02:30:00+01:00"),
        ("0 30 2 * * ?", "Africa/Casablanca", "2025-04-05T12:00:00", "2025-04-06T03:00:00+01:00"),
        // A change that has nothing to do with daylight saving: half an hour back at midnight.
        ("0 45 23 * * ?", "Asia/Pyongyang", "2015-08-14T12:00:00", "2015-08-14T23:45:00+09:00"),
    ])
    func `clocks that move by other than an hour, or the other way round`(
        expression: String,
        zone: String,
        from: String,
        answer: String
    ) throws {
        #expect(try CronQuestion(expression: expression, zone: zone, from: from).answers(1) == [answer])
    }

    @Test(arguments: [
        // nW without day n: no fire that month; near a weekend: the nearest weekday inside the month.
        ("0 0 9 29W 2 ?", "2025-01-01", ["2028-02-29", "2032-02-27", "2036-02-29"]),
        ("0 0 9 31W 3,4 ?", "2026-01-01", ["2026-03-31", "2027-03-31", "2028-03-31"]),
        ("0 0 9 30W * ?", "2026-01-01", ["2026-01-30", "2026-03-30", "2026-04-30"]),
        ("0 0 9 1W * ?", "2025-02-01", ["2025-02-03", "2025-03-03", "2025-04-01"]),
        ("0 0 9 31W 8 ?", "2025-01-01", ["2025-08-29", "2026-08-31", "2027-08-31"]),
        // L and its relatives.
        ("0 0 9 L * ?", "2025-01-31T09:00:00", ["2025-02-28", "2025-03-31", "2025-04-30"]),
        ("0 0 9 L-3 2 ?", "2025-01-01", ["2025-02-25", "2026-02-25", "2027-02-25"]),
        ("0 0 9 LW * ?", "2025-05-01", ["2025-05-30", "2025-06-30", "2025-07-31"]),
        ("0 0 9 L-29W * ?", "2025-01-01", ["2025-01-02", "2025-03-03", "2025-04-01"]),
        ("0 0 9 L-30W * ?", "2025-01-01", ["2025-01-01", "2025-03-03", "2025-05-01"]),
        ("0 0 9 L-0 * ?", "2025-02-01", ["2025-02-28", "2025-03-31", "2025-04-30"]),
        // Lists of them.
        ("0 0 9 15W,20 2,3 ?", "2025-02-01", ["2025-02-14", "2025-02-20", "2025-03-14"]),
        ("0 0 9 1,L * ?", "2025-02-01T09:00:00", ["2025-02-28", "2025-03-01", "2025-03-31"]),
        ("0 0 9 L-3,LW 5 ?", "2025-01-01", ["2025-05-28", "2025-05-30", "2026-05-28"]),
        ("0 0 9 ? 9 MON,3#3", "2025-01-01", ["2025-09-01", "2025-09-08", "2025-09-15"]),
        ("0 0 9 ? 9 2#1,3#3", "2025-01-01", ["2025-09-01", "2025-09-16", "2026-09-07"]),
        ("0 0 9 ? 9 6L,SUN#1", "2025-01-01", ["2025-09-07", "2025-09-26", "2026-09-06"]),
        // Weekdays.
        ("0 0 9 ? * L", "2025-01-01", ["2025-01-04", "2025-01-11", "2025-01-18"]),
        ("0 0 9 ? * fril", "2025-01-01", ["2025-01-31", "2025-02-28", "2025-03-28"]),
        ("0 0 9 ? * 1", "2025-01-01", ["2025-01-05", "2025-01-12", "2025-01-19"]),
        ("0 0 9 ? * 7", "2025-01-01", ["2025-01-04", "2025-01-11", "2025-01-18"]),
        ("0 0 9 ? 2 5#5", "2025-01-01", ["2052-02-29", "2080-02-29", "2120-02-29"]),
        // Steps on names.
        ("0 0 9 ? * MON-FRI/2", "2025-01-05", ["2025-01-06", "2025-01-08", "2025-01-10"]),
        ("0 0 9 1 JAN/3 ?", "2025-01-02", ["2025-04-01", "2025-07-01", "2025-10-01"]),
        ("0 0 9 ? * TUE/3", "2025-01-05", ["2025-01-07", "2025-01-10", "2025-01-14"]),
        // Ranges that go round.
        ("0 0 9 ? * FRI-MON", "2025-01-06T09:00:00", ["2025-01-10", "2025-01-11", "2025-01-12"]),
        ("0 0 9 1 NOV-FEB ?", "2025-01-02", ["2025-02-01", "2025-11-01", "2025-12-01"]),
        ("0 0 9 28-3 2 ?", "2025-02-03T09:00:00", ["2025-02-28", "2026-02-01", "2026-02-02"]),
        // Leap days, and the day that a century leaves out.
        ("0 0 9 29 2 ?", "2095-01-01", ["2096-02-29", "2104-02-29", "2108-02-29"]),
        // Both day fields free, which Quartz refuses: every day.
        ("0 0 9 * * *", "2025-01-01", ["2025-01-01", "2025-01-02", "2025-01-03"]),
        ("0 0 9 * * ? 2026", "2025-01-01", ["2026-01-01", "2026-01-02", "2026-01-03"]),
        ("0 0 9 1 1 ? 2025/2", "2025-02-01", ["2027-01-01", "2029-01-01", "2031-01-01"]),
    ])
    func `days that match`(expression: String, from: String, days: [String]) throws {
        let answers = try CronQuestion(expression: expression, from: from).answers(days.count)
        #expect(answers == days.map { $0 + "T09:00:00Z" })
    }

    @Test(arguments: [
        ("0 0 22-2 1 1 ?", "2025-01-01T01:00:00", ["02:00:00", "22:00:00", "23:00:00"]),
        ("0 50-10/7 0 1 1 ?", "2024-12-31T12:00:00", ["00:04:00", "00:50:00", "00:57:00"]),
        ("0 4,10 9 1 1 ?", "2025-01-01", ["09:04:00", "09:10:00"]),
        ("/30 0 0 1 1 ?", "2024-12-31T12:00:00", ["00:00:00", "00:00:30"]),
        ("0 5/25 0 1 1 ?", "2025-01-01", ["00:05:00", "00:30:00", "00:55:00"]),
        ("0 0 */23 1 1 ?", "2024-12-31T12:00:00", ["00:00:00", "23:00:00"]),
    ])
    func `times that match`(expression: String, from: String, times: [String]) throws {
        let answers = try CronQuestion(expression: expression, from: from).answers(times.count)
        #expect(answers == times.map { "2025-01-01T" + $0 + "Z" })
    }

    @Test(arguments: DaylightPolicy.allCases)
    func `a nearest weekday fires at each of its times`(policy: DaylightPolicy) throws {
        // 1 February 2025 is a Saturday; Quartz 2.5.2 loses all but the first time of such a day.
        let question = CronQuestion(expression: "0 4,10 9 1W * ?", policy: policy, from: "2025-02-01")
        #expect(try question.answers(2) == ["2025-02-03T09:04:00Z", "2025-02-03T09:10:00Z"])
    }

    @Test(arguments: DaylightPolicy.allCases)
    func `answers are strictly later and whole seconds`(policy: DaylightPolicy) throws {
        let second = CronQuestion(expression: "* * * * * ?", policy: policy, from: "2025-01-01T00:00:00.999")
        #expect(try second.answers(1) == ["2025-01-01T00:00:01Z"])
        let exact = CronQuestion(expression: "* * * * * ?", policy: policy, from: "2025-01-01T00:00:00")
        #expect(try exact.answers(1) == ["2025-01-01T00:00:01Z"])
        let before1970 = CronQuestion(
            expression: "0 0 0 * * ?",
            policy: policy,
            from: "1969-12-31T23:59:59.999"
        )
        #expect(try before1970.answers(1) == ["1970-01-01T00:00:00Z"])
    }

    @Test(arguments: DaylightPolicy.allCases)
    func `what is over simply has no next`(policy: DaylightPolicy) throws {
        let ended = CronQuestion(expression: "0 0 0 * * ? 2020", policy: policy, from: "2025-01-01")
        #expect(try ended.answers(1).isEmpty)
        let lastDays = CronQuestion(
            expression: "0 0 0 * * ? 2020",
            policy: policy,
            from: "2020-12-30T12:00:00"
        )
        #expect(try lastDays.answers(5) == ["2020-12-31T00:00:00Z"])
    }

    @Test(arguments: DaylightPolicy.allCases)
    func `the horizon is the end of 2199, whenever one asks`(policy: DaylightPolicy) throws {
        let question = CronQuestion(expression: "0 0 0 * * ?", policy: policy, from: "2199-12-30T12:00:00")
        #expect(try question.answers(3) == ["2199-12-31T00:00:00Z"])
        let far = CronQuestion(expression: "0 0 0 * * ?", policy: policy, from: "9999-12-31")
        #expect(try far.answers(1).isEmpty)
        let early = CronQuestion(expression: "0 0 0 * * ?", policy: policy, from: "0001-01-01")
        #expect(try early.answers(1) == ["1970-01-01T00:00:00Z"])
    }
}
