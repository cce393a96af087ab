import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// A job's target of lateness, on a real store.
@Suite(.timeLimit(.minutes(1)))
struct LatenessAlarmTests {
    @Test func `too many late runs are told once a window, and told again when enough are in time`()
        async throws
    {
        let stage = try await Stage(LatenessTarget(.seconds(1), percent: 90))
        for _ in 0..<9 { try await stage.run(late: .milliseconds(800)) }
        try await stage.run(late: .milliseconds(1_200))
        #expect(try await stage.told().isEmpty)
        try await stage.run(late: .seconds(2))
        let notice = try #require(try await stage.told().first)
        #expect(notice.event == .late)
        #expect(notice.message == "2 of its last 11 runs began more than 1000 ms late")
        #expect(notice.variables["reason"] == "late")
        // In time, but not often enough yet: nobody hears that all is well.
        for _ in 0..<8 { try await stage.run(late: .zero) }
        #expect(try await stage.told().map(\.event) == [.late])
        try await stage.run(late: .zero)
        #expect(try await stage.told().map(\.event) == [.late, .recovered])
    }

    @Test func `a job without a target may be as late as it likes`() async throws {
        let stage = try await Stage(nil)
        try await stage.run(late: .seconds(60))
        #expect(try await stage.told().isEmpty)
    }

    @Test(arguments: [(0, 99.0), (86_400_001, 99), (1_000, 0), (1_000, 100.1)] as [(Int, Double)])
    func `a target that makes no sense is refused`(milliseconds: Int, percent: Double) async throws {
        let rig = try SchedulerRig()
        var spec = JobSpec.sample()
        spec.lateness = LatenessTarget(.milliseconds(milliseconds), percent: percent)
        let refused = spec
        await #expect(throws: SchedulerError.self) { _ = try await rig.jobs.create(refused) }
    }
}

/// A job whose runs are planned, sent and ended by hand, and who is told.
private struct Stage {
    let rig: SchedulerRig
    let lease: Lease
    let job: Job
    let sender = RecordingAlarmSender()

    init(_ target: LatenessTarget?) async throws {
        rig = try SchedulerRig()
        lease = try await rig.lead()
        let targets = [AlarmTarget(template: 7, receivers: ["ops@example.com"])]
        var spec = JobSpec.sample("timed", schedule: .every(.seconds(30)), alarm: AlarmPolicy(targets))
        spec.lateness = target
        job = try await rig.jobs.create(spec)
    }

    /// Lets the next run be accepted so much later than it was due, and succeed.
    func run(late: Duration) async throws {
        let due = try #require(try await rig.jobs.job(job.id).nextTriggerAt)
        rig.clock.advance(by: due - rig.now)
        try await rig.plan(under: lease)
        let run = try #require(try await rig.allRuns().last)
        rig.clock.advance(by: late)
        let sent = try #require(run.dispatched(to: .sample(), at: rig.now, resendAt: rig.now + .seconds(60)))
        let stored = try #require(try await rig.parts.runs.advance([sent], token: lease.token).first)
        let accepted = try #require(stored.accepted(at: rig.now))
        let running = try #require(try await rig.parts.runs.advance([accepted], token: lease.token).first)
        try await RunCloser(rig.parts).close(running, RunEnd(.completed, at: rig.now), token: nil)
        _ = try await SequelLoop(rig.parts, planner: TriggerPlanner()).round(under: lease)
    }

    /// Everything that was told by now.
    func told() async throws -> [AlarmNotice] {
        _ = try await AlarmPost(rig.parts, sender: sender).round(under: lease)
        return sender.told
    }
}
