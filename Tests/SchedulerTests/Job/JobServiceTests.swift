import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct JobServiceTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `a new job is due at the first instant of its schedule`() async throws {
        let rate = try await rig.jobs.create(.sample("rate", schedule: .every(.seconds(10))))
        #expect(rate.nextTriggerAt == .noon + .seconds(10))
        let once = try await rig.jobs.create(.sample("once", schedule: .once(at: .noon + .seconds(5))))
        #expect(once.nextTriggerAt == .noon + .seconds(5))
        let manual = try await rig.jobs.create(.sample("manual", schedule: .manual))
        #expect(manual.nextTriggerAt == nil)
        let off = try await rig.jobs.create(.sample("off"), isEnabled: false)
        #expect(off.nextTriggerAt == nil)
        #expect(off.startedAt == nil)
    }

    @Test func `a call with a key triggers a broadcast once, also after one that was refused`() async throws {
        for host in ["one", "two"] { try await rig.executor(at: host) }
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: .sharding))
        let call = KeyedCall(key: "k", digest: "d")
        #expect(try await rig.parts.calls.begin(call, at: rig.now) == .begun)
        let fields = try await faults {
            _ = try await rig.jobs.trigger(job.id, at: "http://nobody:1/", key: "k")
        }
        #expect(fields == ["address"])
        let runs = try await rig.jobs.trigger(job.id, by: .api, key: "k")
        #expect(runs.map(\.plan.shard) == Shard.all(2))
        #expect(try await rig.jobs.trigger(job.id, by: .api, key: "k") == runs)
        #expect(try await rig.allRuns() == runs)
    }

    @Test func `every field that makes no sense is named`() async throws {
        var spec = JobSpec.sample(
            " ",
            group: "a b",
            schedule: .every(.milliseconds(1)),
            timeout: .seconds(-1),
            retry: RetryPolicy(limit: 101)
        )
        spec.handler = ""
        spec.params = String(repeating: "x", count: 65_537)
        let wrong = spec
        let fields = try await faults { _ = try await rig.jobs.create(wrong) }
        #expect(
            fields == ["name", "group", "handler", "params", "timeout", "retry.limit", "schedule.conf"]
        )
    }

    @Test func `a text that no database and no program can be given is refused`() async throws {
        var spec = JobSpec.sample("a\0b")
        (spec.summary, spec.params) = ("a\0", "\0")
        let wrong = spec
        #expect(try await faults { _ = try await rig.jobs.create(wrong) } == ["name", "summary", "params"])
        spec = .sample()
        (spec.handler, spec.script) = ("", JobScript(.shell, "echo \0"))
        let script = spec
        #expect(try await faults { _ = try await rig.jobs.create(script) } == ["script.source"])
    }

    @Test(
        arguments: [
            (ScheduleText(type: "FIX_RATE", conf: "soon"), "schedule.conf"),
            (ScheduleText(type: "FIX_DELAY", conf: ""), "schedule.conf"),
            (ScheduleText(type: "NEVER", conf: ""), "schedule.type"), (.cron("* * *"), "schedule.conf"),
            (.cron("0 0 0 1 1 ? 2020"), "schedule.conf"),
            (ScheduleText.cron("0/5 * * * * ?", zone: "Mars/Olympus"), "schedule.zone"),
            (ScheduleText.cron("0/5 * * * * ?", daylight: "never"), "schedule.daylight"),
            (ScheduleText.once(at: .noon), "schedule.conf"),
        ])
    func `a schedule that cannot be served is refused`(schedule: ScheduleText, field: String) async throws {
        let fields = try await faults { _ = try await rig.jobs.create(.sample(schedule: schedule)) }
        #expect(fields == [field])
    }

    @Test func `an edit keeps the pace unless it changes the schedule`() async throws {
        let job = try await rig.jobs.create(.sample(schedule: .every(.seconds(10))))
        rig.clock.advance(by: .seconds(3))
        var spec = job.spec
        spec.params = "b=2"
        let edited = try await rig.jobs.update(job.id, version: job.version, to: spec)
        #expect(edited.nextTriggerAt == .noon + .seconds(10))
        spec.schedule = .every(.seconds(20))
        let paced = try await rig.jobs.update(job.id, version: edited.version, to: spec)
        #expect(paced.nextTriggerAt == .noon + .seconds(23))
        await #expect(throws: SchedulerError.self) {
            try await rig.jobs.update(job.id, version: job.version, to: spec)
        }
    }

    @Test func `a disabled job is not due and an enabled one starts anew`() async throws {
        let job = try await rig.jobs.create(.sample(schedule: .every(.seconds(10))))
        let off = try await rig.jobs.setEnabled(job.id, false)
        #expect(off.nextTriggerAt == nil)
        rig.clock.advance(by: .seconds(3))
        let on = try await rig.jobs.setEnabled(job.id, true)
        #expect(on.nextTriggerAt == .noon + .seconds(13))
        #expect(try await rig.jobs.setEnabled(job.id, true).version == on.version)
    }

    @Test func `a trigger by hand works on a disabled job and takes other parameters`() async throws {
        let job = try await rig.jobs.create(.sample(), isEnabled: false)
        let run = try #require(try await rig.jobs.trigger(job.id, params: "x").first)
        #expect(run.plan.trigger == .manual)
        #expect(run.plan.terms.params == "x")
        #expect(run.plan.plannedAt == .noon)
        let api = try #require(try await rig.jobs.trigger(job.id, by: .api).first)
        #expect(api.plan.terms.params == "a=1")
        #expect(api.plan.plannedAt == .noon + .milliseconds(1))
    }

    @Test func `a preview shows the instants that will come`() throws {
        let rate = try rig.jobs.preview(.every(.seconds(10)), count: 3)
        #expect(rate.instants == [10, 20, 30].map { .noon + .seconds($0) })
        let cron = try rig.jobs.preview(.cron("0/15 * * * * ?"), from: .noon, count: 2)
        #expect(cron.instants == [15, 30].map { .noon + .seconds($0) })
        #expect(try rig.jobs.preview(.manual).instants.isEmpty)
        #expect(try rig.jobs.preview(.once(at: .noon + .seconds(1))).instants.count == 1)
    }

    private func faults(_ body: () async throws -> Void) async throws -> [String] {
        let error = await #expect(throws: SchedulerError.self) { try await body() }
        guard case .invalid(let faults) = error else {
            Issue.record("must be invalid, is \(String(describing: error))")
            return []
        }
        return faults.map(\.field)
    }
}
