import Groundwork
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct AlarmTests {
    @Test func `a job that fails three times and then succeeds rings nobody`() async throws {
        let backoff = Backoff(first: .seconds(2), ceiling: .seconds(60), factor: 2, jitter: 0)
        let stage = try await Stage(retry: RetryPolicy(limit: 3, backoff: backoff))
        var attempt = try await stage.run()
        for wait in [2, 4, 8] {
            let failed = stage.rig.now
            try await stage.end(attempt, .handlerFailed)
            attempt = try #require(try await stage.rig.allRuns().last)
            #expect(attempt.state == .planned(due: failed + .seconds(wait)))
            stage.rig.clock.advance(by: .seconds(wait))
        }
        try await stage.end(attempt, .completed)
        #expect(try await stage.told().isEmpty)
    }

    @Test func `a job that goes on failing is told at once, then once a window, and its recovery once`()
        async throws
    {
        let stage = try await Stage(window: .seconds(600))
        let start = stage.rig.now
        // Every minute for half an hour.
        for _ in 0..<29 {
            try await stage.end(stage.run(), .handlerFailed)
            _ = try await stage.told()
            stage.rig.clock.advance(by: .seconds(60))
        }
        let failures = stage.sender.told
        #expect(failures.map(\.event) == [.failed, .failed, .failed])
        #expect(failures.allSatisfy { $0.since == start })
        #expect(failures.map(\.failures) == [1, 10, 20])
        try await stage.end(stage.run(), .completed)
        try await stage.end(stage.run(), .completed)
        let recoveries = try await stage.told().dropFirst(3)
        #expect(recoveries.map(\.event) == [.recovered])
        #expect(recoveries.map(\.failures) == [29])
    }

    @Test func `a failure soon after an alarm is told when the window ends, though nothing else happens`()
        async throws
    {
        let stage = try await Stage(window: .seconds(600))
        try await stage.end(stage.run(), .handlerFailed)
        try await stage.end(stage.run(), .completed)
        stage.rig.clock.advance(by: .seconds(30))
        try await stage.end(stage.run(), .timedOut)
        #expect(try await stage.told().map(\.event) == [.failed, .recovered])
        stage.rig.clock.advance(by: .seconds(569))
        #expect(try await stage.told().count == 2)
        stage.rig.clock.advance(by: .seconds(1))
        #expect(try await stage.told().map(\.event) == [.failed, .recovered, .failed])
        #expect(stage.sender.told.last?.reason == .timedOut)
    }

    @Test func `a trouble that is over before its window ends is told to nobody, nor that it is over`()
        async throws
    {
        let stage = try await Stage(window: .seconds(600))
        try await stage.end(stage.run(), .handlerFailed)
        try await stage.end(stage.run(), .completed)
        for _ in 0..<5 {
            stage.rig.clock.advance(by: .seconds(20))
            try await stage.end(stage.run(), .handlerFailed)
            try await stage.end(stage.run(), .completed)
        }
        stage.rig.clock.advance(by: .seconds(3_600))
        #expect(try await stage.told().map(\.event) == [.failed, .recovered])
    }

    @Test(arguments: [RunReason.killed, .discarded, .covered])
    func `what somebody wanted is no trouble`(reason: RunReason) async throws {
        let stage = try await Stage()
        try await stage.end(stage.run(), reason)
        #expect(try await stage.told().isEmpty)
    }

    @Test(arguments: [RunReason.handlerFailed, .timedOut, .executorLost, .dispatchFailed, .noExecutor])
    func `every failure is told with its reason and message`(reason: RunReason) async throws {
        let stage = try await Stage()
        let run = try await stage.run()
        try await stage.end(run, reason, message: String(repeating: "x", count: 500))
        let notice = try #require(try await stage.told().first)
        #expect(notice.variables["reason"] == reason.rawValue.replacing("_", with: " "))
        #expect(notice.variables["message"] == String(repeating: "x", count: 200))
        #expect(notice.variables["run"] == "\(run.id)")
        #expect(notice.variables["job"] == "watched")
        #expect(notice.variables["group"] == "app")
    }

    @Test func `missed triggers are told`() async throws {
        let stage = try await Stage(schedule: .every(.seconds(10)))
        stage.rig.clock.advance(by: .seconds(60))
        try await stage.rig.plan(under: stage.lease)
        let notice = try #require(try await stage.told().first)
        #expect(notice.event == .missed)
        #expect(notice.message.hasPrefix("missed triggers: 6"))
    }

    @Test func `one failed shard is trouble, and only a trigger without any is well again`() async throws {
        let stage = try await Stage(route: .sharding, hosts: ["one", "two"])
        let first = try await stage.runs()
        try await stage.end(first[0], .handlerFailed)
        #expect(try await stage.told().map(\.event) == [.failed])
        try await stage.end(first[1], .completed)
        #expect(try await stage.told().count == 1)
        let second = try await stage.runs()
        try await stage.end(second[1], .completed)
        #expect(try await stage.told().count == 1)
        try await stage.end(second[0], .completed)
        #expect(try await stage.told().map(\.event) == [.failed, .recovered])
    }

    @Test func `a notice that nobody takes is kept, one that never can be told is not`() async throws {
        let stage = try await Stage(window: .zero)
        stage.sender.refuse(.unavailable("the store does not answer"))
        try await stage.end(stage.run(), .handlerFailed)
        #expect(try await stage.told().isEmpty)
        stage.sender.refuse(nil)
        #expect(try await stage.told().count == 1)
        #expect(try await stage.told().count == 1)
        stage.sender.refuse(.refused("no template 7"))
        try await stage.end(stage.run(), .handlerFailed)
        #expect(try await stage.told().count == 1)
        stage.sender.refuse(nil)
        #expect(try await stage.told().count == 1)
    }

    @Test func `each target is told`() async throws {
        let targets = [7, 8].map { AlarmTarget(template: $0, receivers: ["ops"]) }
        let stage = try await Stage(targets: targets)
        try await stage.end(stage.run(), .handlerFailed)
        #expect(try await stage.told().map(\.target) == targets)
    }

    @Test func `an alarm without receivers, or of another template than a number, is refused`() async throws {
        let rig = try SchedulerRig()
        for targets in [
            [], [AlarmTarget(template: 0, receivers: ["a"])], [AlarmTarget(template: 1, receivers: [])],
        ] {
            await #expect(throws: SchedulerError.self) {
                _ = try await rig.jobs.create(.sample(alarm: AlarmPolicy(targets)))
            }
        }
    }
}

/// A job with an alarm, a leader, and who is told.
private struct Stage {
    let rig: SchedulerRig
    let lease: Lease
    let job: Job
    let sender = RecordingAlarmSender()

    init(
        window: Duration = AlarmPolicy.usualWindow,
        targets: [AlarmTarget] = [AlarmTarget(template: 7, receivers: ["ops@example.com"])],
        schedule: ScheduleText = .manual,
        route: RouteStrategy = .first,
        hosts: [String] = ["one"],
        retry: RetryPolicy = .never
    ) async throws {
        rig = try SchedulerRig()
        lease = try await rig.lead()
        for host in hosts { try await rig.executor(at: host) }
        let alarm = AlarmPolicy(targets, window: window)
        job = try await rig.jobs.create(
            .sample("watched", schedule: schedule, route: route, retry: retry, alarm: alarm)
        )
    }

    func runs() async throws -> [JobRun] { try await rig.jobs.trigger(job.id) }

    func run() async throws -> JobRun { try #require(try await runs().first) }

    func end(_ run: JobRun, _ reason: RunReason, message: String = "") async throws {
        try await RunCloser(rig.parts).close(run, RunEnd(reason, message: message, at: rig.now), token: nil)
    }

    /// Everything that was told by now.
    func told() async throws -> [AlarmNotice] {
        _ = try await SequelLoop(rig.parts, planner: TriggerPlanner()).round(under: lease)
        _ = try await AlarmPost(rig.parts, sender: sender).round(under: lease)
        return sender.told
    }
}
