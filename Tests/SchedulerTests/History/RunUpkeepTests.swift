import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Counting the runs of days, and removing what is over.
@Suite struct RunUpkeepTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    private static let day = Duration.seconds(86_400)

    @Test func `runs that ended are removed when they are as old as is said, open ones never`() async throws {
        try await rig.executor()
        let (ended, lease) = try await rig.running()
        await rig.callBack(ended.id)
        let open = try await started("other", lease)
        var settings = UpkeepSettings()
        settings.runRetention = Self.day
        let upkeep = RunUpkeep(rig.parts, settings: settings)
        rig.clock.advance(by: Self.day)
        try await upkeep.clear(under: lease)
        #expect(try await rig.allRuns().map(\.id) == [ended.id, open.id])
        rig.clock.advance(by: .seconds(1))
        try await upkeep.clear(under: lease)
        #expect(try await rig.allRuns().map(\.id) == [open.id])
        await #expect(throws: SchedulerError.self) { _ = try await rig.runs.run(ended.id) }
    }

    @Test func `a job's own time counts, shorter or longer than that of all`() async throws {
        try await rig.executor()
        let lease = try await rig.lead()
        var ends: [String: RunID] = [:]
        for (name, days) in [("short", 2), ("long", 90), ("usual", nil)] as [(String, Int?)] {
            var spec = JobSpec.sample(name, schedule: .manual)
            spec.keep = days.map { Self.day * $0 }
            let job = try await rig.jobs.create(spec)
            let id = try #require(try await rig.jobs.trigger(job.id).first?.id)
            try await rig.dispatch(under: lease)
            await rig.callBack(id)
            ends[name] = id
        }
        let upkeep = RunUpkeep(rig.parts, settings: UpkeepSettings())
        func left(after days: Int) async throws -> Set<RunID> {
            rig.clock.advance(by: Self.day * days + .seconds(1))
            try await upkeep.clear(under: lease)
            return Set(try await rig.allRuns().map(\.id))
        }
        func ids(_ names: String...) -> Set<RunID> { Set(names.compactMap { ends[$0] }) }
        #expect(try await left(after: 1) == ids("short", "long", "usual"))
        #expect(try await left(after: 1) == ids("long", "usual"))
        #expect(try await left(after: 28) == ids("long"))
        #expect(try await left(after: 60).isEmpty)
    }

    @Test func `today and the days that changed are counted, and what is removed stays counted`() async throws
    {
        try await rig.executor()
        let (first, lease) = try await rig.running()
        let upkeep = RunUpkeep(rig.parts, settings: UpkeepSettings())
        let start = rig.runs.day(of: rig.now)
        func sums(_ day: RunDay) async throws -> RunSums? {
            try await rig.runs.report(RunDayFilter(day...day)).days[day]
        }
        try await upkeep.count(under: lease)
        #expect(try await sums(start)?.open == 1)
        // It ends two days later, and nobody looks at its day for its own sake.
        rig.clock.advance(by: Self.day * 2)
        try await rig.beat()
        await rig.callBack(first.id, .failed("broke"))
        try await upkeep.count(under: lease)
        #expect(try await sums(start)?.reasons == [.handlerFailed: 1])
        #expect(try await sums(start)?.open == 0)
        #expect(try await rig.runs.census().failing == 0)
        rig.clock.advance(by: Self.day * 31)
        try await upkeep.count(under: lease)
        try await upkeep.clear(under: lease)
        #expect(try await rig.allRuns().isEmpty)
        #expect(try await sums(start)?.ended(.failed) == 1)
        rig.clock.advance(by: Self.day * 400)
        try await upkeep.clear(under: lease)
        #expect(try await sums(start) == nil)
    }

    @Test func `a leader counts every minute, and ends when another leads`() async throws {
        try await rig.executor()
        let (run, lease) = try await rig.running()
        let upkeep = RunUpkeep(rig.parts, settings: UpkeepSettings())
        let today = rig.runs.day(of: rig.now)
        let working = Task { try await upkeep.run(under: lease) }
        await rig.clock.sleepers()
        #expect(try await rig.runs.report(RunDayFilter(today...today)).sums.open == 1)
        await rig.callBack(run.id)
        rig.clock.advance(by: .seconds(60))
        await rig.clock.sleepers()
        #expect(try await rig.runs.report(RunDayFilter(today...today)).sums.ended(.succeeded) == 1)
        _ = try await rig.lead()
        rig.clock.advance(by: .seconds(60))
        await #expect(throws: StoreError.self) { try await working.value }
    }

    @Test(arguments: [RunClearing.Rule.olderThan(days: -1), .olderThan(days: 4_000), .allButNewest(-1)])
    func `a rule that makes no sense is refused`(rule: RunClearing.Rule) async throws {
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.runs.clear(RunClearing(.all(), rule))
        }
    }

    @Test func `all but the newest go, after they were counted`() async throws {
        try await rig.executor()
        let (first, lease) = try await rig.running()
        await rig.callBack(first.id)
        for _ in 0..<3 {
            rig.clock.advance(by: .seconds(1))
            let run = try #require(try await rig.jobs.trigger(first.plan.job).first)
            try await rig.dispatch(under: lease)
            await rig.callBack(run.id)
        }
        let clearing = RunClearing(.job(first.plan.job), .allButNewest(1))
        #expect(try await rig.runs.clearable(clearing) == 3)
        #expect(try await rig.allRuns().count == 4)
        #expect(try await rig.runs.clear(clearing) == 3)
        #expect(try await rig.allRuns().count == 1)
        #expect(try await rig.runs.clear(clearing) == 0)
        let group = RunClearing(.group("app"), .olderThan(days: 0))
        rig.clock.advance(by: .seconds(1))
        #expect(try await rig.runs.clear(group) == 1)
    }

    private func started(_ name: String, _ lease: Lease) async throws -> JobRun {
        let job = try await rig.jobs.create(.sample(name, schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        return run
    }
}
