import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct LostRunSweepTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `a run whose executor beats goes on`() async throws {
        try await rig.executor()
        let (run, lease) = try await rig.running()
        for _ in 0..<10 {
            rig.clock.advance(by: .seconds(60))
            try await rig.beat()
            try await sweep(lease)
        }
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a run whose executor fell silent is lost and tried again`() async throws {
        try await rig.executor()
        let (run, lease) = try await rig.running(.sample(schedule: .manual, retry: RetryPolicy(limit: 1)))
        rig.clock.advance(by: .seconds(89))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        rig.clock.advance(by: .seconds(1))
        try await sweep(lease)
        let lost = try await rig.runs.run(run.id)
        #expect(lost.end?.reason == .executorLost)
        #expect(lost.token == lease.token)
        #expect(try await rig.allRuns().last?.plan.parent == run.id)
    }

    @Test func `a run of a process that restarted is lost at once`() async throws {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running()
        rig.clock.advance(by: .seconds(30))
        executor.finish(run.plan.job)
        try await rig.beat(instance: "second")
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .executorLost)
    }

    @Test func `a run that the new process took before it registered is not lost`() async throws {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running()
        rig.clock.advance(by: .seconds(2))
        try await rig.beat(instance: "second")
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        executor.finish(run.plan.job)
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .executorLost)
    }

    @Test func `an executor that signed off may still call back for a while`() async throws {
        try await rig.executor()
        let (run, lease) = try await rig.running()
        rig.clock.advance(by: .seconds(60))
        _ = await rig.door.signOff(RegistryRequest(appName: "app", address: "http://one:9999"))
        rig.clock.advance(by: .seconds(60))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        await rig.callBack(run.id)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a run past its deadline is ended here and its executor told to stop`() async throws {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running(.sample(schedule: .manual, timeout: .seconds(10)))
        rig.clock.advance(by: .seconds(39))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        #expect(executor.kills.isEmpty)
        rig.clock.advance(by: .seconds(1))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .timedOut)
        #expect(executor.kills == [run.plan.job])
    }

    @Test func `a deposed leader ends nothing`() async throws {
        try await rig.executor()
        let (run, stale) = try await rig.running()
        _ = try await rig.lead()
        rig.clock.advance(by: .seconds(90))
        let error = await #expect(throws: StoreError.self) { try await sweep(stale) }
        #expect(error?.code == .staleToken)
        #expect(try await rig.runs.run(run.id).isOpen)
    }

    private func sweep(_ lease: Lease) async throws {
        try await LostRunSweep(rig.parts, settings: SweepSettings()).sweep(under: lease)
    }
}
