import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Schedules that run ahead on a clock of their own.
@Suite(.timeLimit(.minutes(2))) struct ForecasterTests {
    private static func moment(_ text: String) throws -> Moment {
        try #require(InstantText.moment(text, in: .utc))
    }

    private static func jobs(_ specs: [JobSpec], lasting duration: Duration? = nil) -> [ForecastJob] {
        specs.enumerated()
            .map { ForecastJob($1, id: JobID(rawValue: Int64($0 + 1)), duration: duration) }
    }

    private static func forecast(
        _ jobs: [ForecastJob],
        from start: String = "2027-01-01T00:00:00Z",
        days: Int,
        in zone: String = "UTC"
    ) async throws -> Forecast {
        let rules = try #require(ZoneRules(named: zone))
        return try await Forecaster(from: try moment(start), span: .seconds(days * 86_400), in: rules)
            .forecast(jobs)
    }

    @Test func `hours, days and herds of some jobs are counted`() async throws {
        let nightly = ["a", "b", "c"].map { JobSpec.sample($0, schedule: .cron("0 0 2 * * ?")) }
        let hourly = JobSpec.sample("h", schedule: .cron("0 0 * * * ?"))
        let monday = JobSpec.sample("m", schedule: .cron("0 30 2 ? * MON"))
        let manual = JobSpec.sample("by-hand", schedule: .manual)
        let forecast = try await Self.forecast(
            Self.jobs(nightly + [hourly, monday, manual]),
            days: 10
        )
        #expect((forecast.scheduled, forecast.manual) == (5, 1))
        #expect(forecast.triggers == 3 * 10 + 240 + 1)
        #expect(forecast.days.count == 10)
        #expect(forecast.days.map(\.triggers).reduce(0, +) == forecast.triggers)
        #expect(forecast.busiestDay == Forecast.Day(date: "2027-01-04", triggers: 28))
        let busiest = try Self.moment("2027-01-04T02:00:00Z")
        #expect(forecast.busiestHour == Forecast.Hour(start: busiest, triggers: 5))
        let herd = try #require(forecast.herds.first)
        #expect(forecast.herds.count == 1)
        #expect((herd.triggers, herd.times) == (4, 10))
        #expect(herd.second == (try Self.moment("2027-01-01T02:00:00Z")))
        #expect(herd.jobs.first.map(\.description) == ["app/a", "app/b", "app/c", "app/h"])
        #expect(forecast.surprises.isEmpty)
    }

    @Test func `jitter takes a herd apart`() async throws {
        func nightly(_ jitter: Duration) -> [ForecastJob] {
            Self.jobs(
                (1...50)
                    .map { number in
                        var schedule = ScheduleText.cron("0 0 2 * * ?")
                        schedule.limits.jitter = jitter
                        return .sample("job-\(number)", schedule: schedule)
                    }
            )
        }
        let together = try await Self.forecast(nightly(.zero), days: 1)
        #expect(together.herds.first?.triggers == 50)
        let apart = try await Self.forecast(nightly(.seconds(20)), days: 1)
        #expect(apart.triggers == 50)
        let herd = try #require(apart.herds.first)
        #expect((2..<25).contains(herd.triggers))
        #expect(herd.jobs.count == herd.triggers)
    }

    @Test func `clock changes that swallow or repeat a trigger are told with who it concerns`() async throws {
        let early = ["x", "y"]
            .map {
                JobSpec.sample($0, schedule: .cron("0 30 2 * * ?", zone: "America/New_York"))
            }
        let twice = JobSpec.sample("z", schedule: .cron("0 30 1 * * ?", zone: "America/New_York"))
        let forecast = try await Self.forecast(Self.jobs(early + [twice]), days: 365)
        #expect(forecast.surprises.map(\.kind) == [.gap, .overlap])
        #expect(
            forecast.surprises.map(\.sentence) == [
                "2027-03-14 02:30 does not exist in America/New_York: runs 03:00",
                "2027-11-07 01:30 comes twice in America/New_York: runs the first time only",
            ]
        )
        #expect(forecast.surprises.map(\.jobs.count) == [2, 1])
    }

    @Test func `days have as many hours as the clocks of the zone show`() async throws {
        let hourly = Self.jobs([.sample(schedule: .every(.seconds(3_600)))])
        // Lord Howe puts its clocks back by half an hour on 4 April 2027.
        let forecast = try await Self.forecast(
            hourly,
            from: "2027-04-02T13:00:00Z",
            days: 3,
            in: "Australia/Lord_Howe"
        )
        #expect(forecast.triggers == 72)
        #expect(forecast.days.map(\.date) == ["2027-04-03", "2027-04-04", "2027-04-05"])
        #expect(forecast.days.map(\.triggers) == [24, 25, 23])
    }

    @Test func `what never fires, not yet, or on days that nobody knows is told`() async throws {
        var workdays = ScheduleText.cron("0 0 9 * * ?", zone: "Asia/Shanghai")
        workdays.limits.calendar = "cn-workdays"
        let forecast = try await Self.forecast(
            Self.jobs([
                .sample("past", schedule: .cron("0 0 9 1 1 ? 2020")),
                .sample("leap", schedule: .cron("0 0 9 29 2 ?")),
                .sample("work", schedule: workdays),
            ]),
            from: "2026-12-30T00:00:00Z",
            days: 30
        )
        #expect(forecast.surprises.map(\.kind) == [.never, .unknownDay, .notYet])
        #expect(forecast.surprises.map(\.jobs.first.first?.name) == ["past", "work", "leap"])
        #expect(forecast.surprises.last?.moment == (try Self.moment("2028-02-29T09:00:00Z")))
        // 30 and 31 December are working days; of 2027 nothing is known.
        #expect(forecast.triggers == 2)
    }

    @Test func `runs that last longer than their period wait, are dropped, or end the earlier one`()
        async throws
    {
        let specs = BlockStrategy.allCases.map {
            JobSpec.sample($0.rawValue, schedule: .cron("0 * * * * ?"), overlap: $0)
        }
        let forecast = try await Self.forecast(Self.jobs(specs, lasting: .seconds(90)), days: 1)
        let overlaps = Dictionary(uniqueKeysWithValues: forecast.overlaps.map { ($0.policy, $0) })
        #expect(overlaps[.serial]?.count == 1_439)
        // Each waits 30 s longer than the one before it.
        #expect(overlaps[.serial]?.longestWait == .seconds(30 * 1_439))
        #expect(overlaps[.discardLater]?.count == 720)
        #expect(overlaps[.discardLater]?.longestWait == .zero)
        #expect(overlaps[.coverEarly]?.count == 1_439)
        #expect(overlaps[.serial]?.first == (try Self.moment("2027-01-01T00:01:00Z")))
        let quick = try await Self.forecast(Self.jobs(specs, lasting: .seconds(60)), days: 1)
        #expect(quick.overlaps.isEmpty)
    }

    @Test func `a fixed delay follows its runs, a fixed rate its ticks`() async throws {
        let delay = ScheduleText(type: "FIX_DELAY", conf: "60")
        let slow = try await Self.forecast(
            Self.jobs([.sample(schedule: delay)], lasting: .seconds(60)),
            days: 1
        )
        // From one minute on, every two minutes.
        #expect(slow.triggers == 720)
        #expect(slow.herds.isEmpty)
        let tick = try Self.moment("2027-03-01T00:00:07Z")
        let rate = ForecastJob(.sample(schedule: .every(.seconds(60))), id: JobID(rawValue: 1), tick: tick)
        let nightly = ForecastJob(
            .sample("n", schedule: .cron("7 0 2 * * ?")),
            id: JobID(rawValue: 2)
        )
        let together = try await Self.forecast([rate, nightly], days: 1)
        #expect(together.herds.map(\.triggers) == [2])
    }

    @Test func `two versions differ where triggers do, and not where only the words do`() async throws {
        let forecaster = Forecaster(
            from: try Self.moment("2027-01-01T00:00:00Z"),
            span: .seconds(7 * 86_400),
            in: .utc
        )
        let before = Self.jobs([
            .sample("same", schedule: .cron("0 0 2 * * ?")),
            .sample("words", schedule: .cron("0 0 2 ? * MON-SUN")),
            .sample("moved", schedule: .cron("0 0 2 * * ?")),
            .sample("gone", schedule: .cron("0 0 2 ? * MON")),
        ])
        let after = Self.jobs([
            .sample("same", schedule: .cron("0 0 2 * * ?")),
            .sample("words", schedule: .cron("0 0 2 * * ?")),
            .sample("moved", schedule: .cron("0 0 2 ? * MON-FRI")),
            .sample("new", schedule: .cron("0 0 */12 * * ?")),
        ])
        let differences = try await forecaster.differences(from: before, to: after)
        #expect(differences.map(\.job.name) == ["gone", "moved", "new"])
        #expect(differences.map(\.before) == [1, 7, nil])
        #expect(differences.map(\.after) == [nil, 5, 14])
        // The first Saturday.
        #expect(differences[1].first == (try Self.moment("2027-01-02T02:00:00Z")))
    }
}

/// The forecast against the planner itself.
@Suite(.timeLimit(.minutes(5))) struct ForecastPropertyTests {
    @Test(arguments: 0..<40)
    func `it counts what the leader would plan`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let specs = (0..<8).map { Self.spec($0, &random) }
        let start = Moment(
            secondsSinceEpoch: 1_790_000_000 + Int64.random(in: 0..<40_000_000, using: &random)
        )
        let end = start + .seconds(3 * 86_400)
        let jobs = specs.enumerated().map { ForecastJob($1, id: JobID(rawValue: Int64($0 + 1))) }
        let forecast = try await Forecaster(from: start, span: end - start, in: .utc).forecast(jobs)
        let planned = try Self.plan(jobs, from: start, until: end)
        #expect(forecast.triggers == planned.count)
        let inSpan = planned.filter { $0 < end }
        #expect(forecast.days.map(\.triggers).reduce(0, +) == inSpan.count)
        var days: [Int64: Int] = [:]
        var seconds: [Int64: Int] = [:]
        for due in inSpan {
            days[due.secondsSinceEpoch / 86_400, default: 0] += 1
            seconds[due.secondsSinceEpoch, default: 0] += 1
        }
        #expect(forecast.busiestDay?.triggers ?? 0 == days.values.max() ?? 0)
        #expect(forecast.herds.first?.triggers ?? 1 == max(seconds.values.max() ?? 1, 1))
        for herd in forecast.herds {
            #expect(seconds[herd.second.secondsSinceEpoch] == herd.triggers)
            // Several triggers of one job may fall into one second.
            #expect((1...herd.triggers).contains(herd.jobs.count))
        }
    }

    /// When what the leader plans from `start` on is handed over, trigger by trigger.
    private static func plan(_ jobs: [ForecastJob], from start: Moment, until end: Moment) throws -> [Moment]
    {
        let planner = TriggerPlanner()
        let enabled = try jobs.map { job in
            Job(
                id: job.id,
                spec: job.spec,
                isEnabled: true,
                createdAt: start,
                startedAt: start,
                nextTriggerAt: try Rhythm(job.spec.schedule, since: start)
                    .start(after: start - .milliseconds(1))
            )
        }
        let due = enabled.filter { $0.nextTriggerAt != nil }
            .sorted { ($0.nextTriggerAt ?? end) < ($1.nextTriggerAt ?? end) }
        var agenda = Agenda(due, limit: due.count + 1, readAt: .zero)
        var instants: [Moment] = []
        var now = start
        while let idle = agenda.idle(at: now), now + idle < end {
            now = now + idle
            for job in agenda.takeDue(at: now, limit: 500) {
                let plan = try #require(try planner.plan(job, at: now, living: 1))
                for case .planned(let due) in plan.runs.map(\.state) { instants.append(due) }
                agenda.put(job, next: plan.next)
            }
        }
        return instants
    }

    private static func spec(_ number: Int, _ random: inout SeededGenerator) -> JobSpec {
        let zones = ["UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]
        let crons = [
            "0 0 2 * * ?", "0 */5 * * * ?", "0 30 1 * * ?", "15,45 0 */3 ? * MON-FRI", "0 0 12 L * ?",
            "0 59 23 ? * 6#2",
        ]
        var schedule =
            Bool.random(using: &random)
            ? ScheduleText.cron(
                crons[Int.random(in: 0..<crons.count, using: &random)],
                zone: zones[Int.random(in: 0..<zones.count, using: &random)]
            ) : .every(.milliseconds(Int64.random(in: 20_000...9_000_000, using: &random)))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: schedule.limits.jitter = .seconds(Int64.random(in: 1...86_400, using: &random))
        case 1: schedule.limits.calendar = "cn-workdays"
        case 2: schedule.limits.except = ["2027-01-01", "2026-10-10"]
        default: break
        }
        return .sample("job-\(number)", schedule: schedule)
    }
}
