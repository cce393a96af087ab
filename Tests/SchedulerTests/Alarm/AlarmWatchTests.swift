import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Trouble that the end of no run tells of, on a real store.
struct AlarmWatchTests {
    @Test func `a schedule that is not fired is told after its limit, and again once a window`() async throws
    {
        var stage = try await WatchStage(schedule: .every(.seconds(10)))
        stage.rig.clock.advance(by: .seconds(35))
        #expect(try await stage.told().isEmpty)
        stage.rig.clock.advance(by: .seconds(5))
        let notice = try #require(try await stage.told().first)
        #expect(notice.event == .unfired)
        #expect(notice.run == nil)
        #expect(notice.variables["reason"] == "did not fire")
        #expect(notice.message.hasPrefix("due at 2030-03-17"), "\(notice.message)")
        for _ in 0..<60 {
            stage.rig.clock.advance(by: .seconds(10))
            _ = try await stage.told()
        }
        #expect(stage.sender.told.map(\.event) == [.unfired, .unfired])
    }

    @Test func `what was not fired because nobody led is told when somebody does, and its recovery`()
        async throws
    {
        var stage = try await WatchStage(schedule: .every(.seconds(10)), misfire: .fireOnce)
        stage.rig.clock.advance(by: .seconds(60))
        try await AlarmWatch(stage.rig.parts, settings: WatchSettings()).lookBack(under: stage.lease)
        #expect(try await stage.post().map(\.event) == [.unfired])
        try await stage.rig.plan(under: stage.lease)
        let run = try #require(try await stage.rig.allRuns().first)
        #expect(run.plan.trigger == .misfire)
        #expect(try await stage.told().count == 1)
        try await RunCloser(stage.rig.parts).close(run, RunEnd(.completed, at: stage.rig.now), token: nil)
        #expect(try await stage.told().map(\.event) == [.unfired, .recovered])
    }

    @Test(arguments: [RunReason.completed, .handlerFailed])
    func `what ended before the trouble neither ends it nor has it told twice`(reason: RunReason) async throws
    {
        var stage = try await WatchStage(schedule: .every(.seconds(10)), misfire: .fireOnce)
        let early = try #require(try await stage.rig.jobs.trigger(stage.job.id).first)
        stage.rig.clock.advance(by: .seconds(10))
        // Its end is stored by another process, and followed up by nobody yet.
        try await RunCloser(stage.rig.parts).close(early, RunEnd(reason, at: stage.rig.now), token: nil)
        stage.rig.clock.advance(by: .seconds(50))
        try await AlarmWatch(stage.rig.parts, settings: WatchSettings()).lookBack(under: stage.lease)
        #expect(try await stage.told().map(\.event) == [.unfired])
        try await stage.rig.plan(under: stage.lease)
        let run = try #require(try await stage.rig.allRuns().last)
        try await RunCloser(stage.rig.parts).close(run, RunEnd(.completed, at: stage.rig.now), token: nil)
        #expect(try await stage.told().map(\.event) == [.unfired, .recovered])
    }

    @Test func `what is skipped because nobody led is told once, by its record`() async throws {
        var stage = try await WatchStage(schedule: .every(.seconds(10)), misfire: .skip)
        stage.rig.clock.advance(by: .seconds(60))
        try await AlarmWatch(stage.rig.parts, settings: WatchSettings()).lookBack(under: stage.lease)
        try await stage.rig.plan(under: stage.lease)
        #expect(try await stage.told().map(\.event) == [.missed])
    }

    @Test func `a run that waits where no executor lives is told before it is given up`() async throws {
        var stage = try await WatchStage()
        let runs = try await stage.rig.jobs.trigger(stage.job.id)
        for _ in 0..<20 {
            try await stage.rig.dispatch(under: stage.lease)
            #expect(try await stage.told().isEmpty)
            stage.rig.clock.advance(by: .seconds(1))
        }
        let notice = try #require(try await stage.told().first)
        #expect(notice.event == .unmanned)
        #expect(notice.run == runs.first?.id)
        #expect(notice.message.hasPrefix("no living executor in group app since"))
        #expect(try await stage.rig.allRuns().first?.isOpen == true)
    }

    @Test func `a run that is due and that nobody takes is told, one that waits for another is not`()
        async throws
    {
        var stage = try await WatchStage()
        try await stage.rig.executor()
        let first = try #require(try await stage.rig.jobs.trigger(stage.job.id).first)
        stage.rig.clock.advance(by: .milliseconds(5))
        let second = try #require(try await stage.rig.jobs.trigger(stage.job.id).first)
        stage.rig.clock.advance(by: .seconds(299))
        try await stage.rig.beat()
        #expect(try await stage.told().isEmpty)
        stage.rig.clock.advance(by: .seconds(5))
        try await stage.rig.beat()
        #expect(try await stage.told().map(\.event) == [.stuck])
        #expect(stage.sender.told.first?.run == first.id)
        // The job is serial: the second waits for the first, however long.
        #expect(stage.sender.told.allSatisfy { $0.run != second.id })
    }

    @Test func `a job without an alarm is in nobody's way`() async throws {
        var stage = try await WatchStage(schedule: .every(.seconds(10)), isTold: false)
        stage.rig.clock.advance(by: .seconds(600))
        #expect(try await stage.told().isEmpty)
    }
}

/// A job, a leader that has not planned yet, and who is told.
private struct WatchStage {
    let rig: SchedulerRig
    let lease: Lease
    let job: Job
    let sender = RecordingAlarmSender()
    private var memory = AlarmWatch.Memory()

    init(
        schedule: ScheduleText = .manual,
        misfire: MisfirePolicy = .skip,
        isTold: Bool = true
    ) async throws {
        rig = try SchedulerRig()
        lease = try await rig.lead()
        let targets = [AlarmTarget(template: 7, receivers: ["ops@example.com"])]
        job = try await rig.jobs.create(
            .sample(
                "watched",
                schedule: schedule,
                misfire: misfire,
                alarm: isTold ? AlarmPolicy(targets) : nil
            )
        )
    }

    /// Looks, if a look is due; everything that was told by now.
    mutating func told() async throws -> [AlarmNotice] {
        try await AlarmWatch(rig.parts, settings: WatchSettings()).lookIfDue(under: lease, &memory)
        _ = try await SequelLoop(rig.parts, planner: TriggerPlanner()).round(under: lease)
        return try await post()
    }

    func post() async throws -> [AlarmNotice] {
        _ = try await AlarmPost(rig.parts, sender: sender).round(under: lease)
        return sender.told
    }
}
