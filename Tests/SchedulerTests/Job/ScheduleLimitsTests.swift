import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct ScheduleLimitsTests {
    /// Every day at nine in Shanghai.
    private static func daily(_ limits: ScheduleLimits) -> ScheduleText {
        var text = ScheduleText.cron("0 0 9 * * ?", zone: "Asia/Shanghai")
        text.limits = limits
        return text
    }

    private static func moment(_ text: String) throws -> Moment {
        try #require(InstantText.moment(text, in: .utc))
    }

    private static func next(_ limits: ScheduleLimits, after text: String, count: Int) throws -> [String] {
        let rhythm = try Rhythm(daily(limits), since: .noon)
        let preview = SchedulePreview(of: rhythm, after: try moment(text), count: count)
        return preview.instants.map {
            String(InstantText.local($0 + .seconds(8 * 3_600), in: .utc).prefix(10))
        }
    }

    @Test func `working days of China leave out holidays and take in days that make up for them`() throws {
        // Spring Festival of 2026: off from 15 to 23 February, made up for on Saturdays 14 and 28 February.
        let days = try Self.next(
            ScheduleLimits(calendar: "cn-workdays"),
            after: "2026-02-12T12:00:00Z",
            count: 6
        )
        #expect(
            days == ["2026-02-13", "2026-02-14", "2026-02-24", "2026-02-25", "2026-02-26", "2026-02-27"]
        )
    }

    @Test func `a schedule goes by a calendar of its own, which is stored with it`() throws {
        let offices = try JobCalendar(
            name: "acme-workdays",
            years: 2027...2027,
            excludesWeekends: true,
            excluded: [CivilDate(year: 2027, month: 3, day: 2)],
            included: [CivilDate(year: 2027, month: 3, day: 6)]
        )
        let limits = ScheduleLimits(calendar: .own(offices))
        // 6 March 2027 is a Saturday.
        let days = try Self.next(limits, after: "2027-03-01T00:00:00Z", count: 5)
        #expect(days == ["2027-03-01", "2027-03-03", "2027-03-04", "2027-03-05", "2027-03-06"])
        #expect(try Self.stored(limits) == limits)
        let nameless = #"{"calendar":{"excluded":[]}}"#
        #expect(throws: DecodingError.self) {
            _ = try JSONDecoder().decode(ScheduleLimits.self, from: Data(nameless.utf8))
        }
    }

    @Test func `further days are left out, in whatever order they are written`() throws {
        let limits = ScheduleLimits(except: ["2027-03-04", "2027-03-02", "2027-03-02"])
        let days = try Self.next(limits, after: "2027-03-01T00:00:00Z", count: 4)
        #expect(days == ["2027-03-01", "2027-03-03", "2027-03-05", "2027-03-06"])
        let both = ScheduleLimits(calendar: "cn-workdays", except: ["2026-02-14", "2026-02-24"])
        #expect(try Self.next(both, after: "2026-02-13T12:00:00Z", count: 1) == ["2026-02-25"])
    }

    @Test func `nothing is due before the first instant or after the last`() throws {
        let limits = ScheduleLimits(
            from: try Self.moment("2027-03-02T01:00:00Z"),
            until: try Self.moment("2027-03-04T01:00:00Z")
        )
        let days = try Self.next(limits, after: "2027-01-01T00:00:00Z", count: 10)
        // Nine in Shanghai is one in the morning of UTC: both ends count.
        #expect(days == ["2027-03-02", "2027-03-03", "2027-03-04"])
    }

    @Test func `a day that the calendar does not know is recorded and told, neither run nor passed over`()
        async throws
    {
        let start = try Self.moment("2026-12-30T12:00:00Z")
        let rig = try SchedulerRig(start)
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(
            .sample(schedule: Self.daily(ScheduleLimits(calendar: "cn-workdays")))
        )
        let preview = try rig.jobs.preview(job.spec.schedule, count: 5)
        #expect(preview.instants.count == 1)
        #expect(preview.warnings.contains { $0.contains("2027-01-01 is not covered") })
        for _ in 0..<3 {
            rig.clock.advance(by: .seconds(86_400 - 11 * 3_600))
            try await rig.plan(under: lease)
            rig.clock.advance(by: .seconds(11 * 3_600))
        }
        let runs = try await rig.allRuns()
        #expect(runs.map(\.isOpen) == [true, false, false])
        #expect(runs.dropFirst().allSatisfy { $0.end?.message.contains("is not covered") == true })
        #expect(try await rig.jobs.job(job.id).nextTriggerAt != nil)
    }

    @Test
    func `a run begins later by as much as its trigger is spread, and the same however often it is asked`()
        throws
    {
        var text = ScheduleText.every(.seconds(60))
        text.limits.jitter = .seconds(30)
        var waits: [Duration] = []
        for number in 1...200 {
            let job = Job(
                id: JobID(rawValue: Int64(number)),
                spec: .sample(schedule: text),
                isEnabled: true,
                createdAt: .noon - .seconds(60),
                startedAt: .noon - .seconds(60),
                nextTriggerAt: .noon
            )
            let plan = try #require(try TriggerPlanner().plan(job, at: .noon, living: 1))
            #expect(try TriggerPlanner().plan(job, at: .noon, living: 1) == plan)
            #expect(plan.next == .noon + .seconds(60))
            let run = try #require(plan.runs.first)
            #expect(run.plan.plannedAt == .noon)
            guard case .planned(let due) = run.state else {
                Issue.record("must be planned")
                return
            }
            waits.append(due - .noon)
        }
        #expect(waits.allSatisfy { $0 >= .zero && $0 <= .seconds(30) })
        // Spread evenly: each third has its share, and hardly two are the same.
        for third in 0..<3 {
            let share = waits.count { $0 >= .seconds(10 * third) && $0 < .seconds(10 * (third + 1)) }
            #expect((40...95).contains(share), "third \(third): \(share)")
        }
        #expect(Set(waits).count > 150)
    }

    @Test(
        arguments: [
            (ScheduleLimits(calendar: "moon"), "calendar"),
            (ScheduleLimits(except: ["2027-02-30"]), "except"),
            (ScheduleLimits(from: .noon, until: .noon - .seconds(1)), "until"),
            (ScheduleLimits(jitter: .seconds(90_000)), "jitter"),
        ]
    )
    func `what no schedule can be held back by is refused by its name`(limits: ScheduleLimits, field: String)
    {
        let faults = JobSpec.sample(schedule: Self.daily(limits)).faults
        #expect(faults.map(\.field) == ["schedule.\(field)"])
    }

    @Test func `a job of which nothing will ever be due is refused`() async throws {
        let rig = try SchedulerRig()
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.create(.sample(schedule: Self.daily(ScheduleLimits(until: .noon))))
        }
    }

    @Test func `a schedule that was stored before there were limits is read`() throws {
        let schedule = #"{"type":"CRON","conf":"0 0 9 * * ?","zone":"UTC","daylight":"vixie","anchor":0}"#
        let stored = #"{"name":"n","group":"g","handler":"h","schedule":\#(schedule)}"#
        #expect(try JobSpec(stored: stored.utf8, during: "test").schedule.limits == .none)
        let limits = ScheduleLimits(
            calendar: "cn-workdays",
            except: ["2026-03-03"],
            from: .noon,
            until: .noon + .seconds(1),
            jitter: .milliseconds(1_500)
        )
        #expect(try Self.stored(limits) == limits)
    }

    /// What a store makes of the limits.
    private static func stored(_ limits: ScheduleLimits) throws -> ScheduleLimits {
        let text = try StoredJSON.text(JobSpec.sample(schedule: daily(limits)), during: "test")
        return try JobSpec(stored: text.utf8, during: "test").schedule.limits
    }

    @Test func `a schedule names no more days, and is no longer, than can be looked at all the time`() {
        var spec = JobSpec.sample(schedule: .cron("0 0 0 * * ?"))
        spec.schedule.limits.except = Array(repeating: "2030-01-01", count: 4_001)
        #expect(spec.faults.map(\.field) == ["schedule.except"])
        spec.schedule = .cron(Array(repeating: "0", count: 600).joined(separator: ",") + " 0 0 * * ?")
        #expect(spec.faults.map(\.field) == ["schedule.conf"])
    }
}
