import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Executors that do not register, and runs that are meant for one executor.
struct ManualGroupTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    /// A group of manual addresses, and a job of it.
    private func group(_ hosts: String..., spec: JobSpec = .sample(schedule: .manual)) async throws -> Job {
        let job = try await rig.jobs.create(spec)
        let addresses = hosts.map { ExecutorAddress.sample($0) }
        _ = try await rig.groups.create("app", title: "", registration: .manual(addresses))
        return job
    }

    @Test func `a run of a quarter of an hour at an executor that never beats is not lost`() async throws {
        let executor = FakeExecutor(.java)
        rig.http.place(executor, at: "one")
        let job = try await group("one")
        let lease = try await rig.lead()
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        #expect(executor.started == [run.id])
        var idle = IdleRuns(since: rig.now)
        let sweep = LostRunSweep(rig.parts, settings: SweepSettings())
        for _ in 0..<90 {
            rig.clock.advance(by: .seconds(10))
            try await rig.parts.registry.listen(at: rig.now)
            try await sweep.sweep(under: lease, &idle)
        }
        #expect(try await rig.runs.run(run.id).state == .running)
        await rig.callBack(run.id)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `who registers beside a list gets nothing`() async throws {
        let listed = FakeExecutor(.java)
        rig.http.place(listed, at: "two")
        let other = try await rig.executor(at: "one")
        let job = try await group("two", spec: .sample(schedule: .manual, route: .failover))
        let lease = try await rig.lead()
        _ = try await rig.jobs.trigger(job.id)
        try await rig.dispatch(under: lease)
        #expect(listed.requests.count == 1)
        #expect(listed.beats == 1)
        #expect(other.requests.isEmpty)
    }

    @Test func `a run for one executor goes to no other, however long that one is away`() async throws {
        let one = try await rig.executor(at: "one")
        let two = try await rig.executor(at: "two")
        let job = try await rig.jobs.create(.sample(schedule: .manual, retry: RetryPolicy(limit: 1)))
        let lease = try await rig.lead()
        let run = try #require(try await rig.jobs.trigger(job.id, at: "http://TWO:9999/").first)
        #expect(run.plan.terms.target == .sample("two"))
        #expect(try await rig.runs.run(run.id).plan.terms.target == .sample("two"))
        rig.http.place(nil, at: "two")
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        rig.http.place(two, at: "two")
        rig.clock.advance(by: .seconds(2))
        try await rig.dispatch(under: lease)
        #expect(two.started == [run.id])
        await rig.callBack(run.id, .failed("no"))
        let again = try #require(try await rig.allRuns().last)
        #expect(again.plan.parent == run.id)
        #expect(again.plan.terms.target == .sample("two"))
        #expect(one.requests.isEmpty)
    }

    @Test func `a run for an executor that left says whom it waited for`() async throws {
        try await rig.executor(at: "one")
        try await rig.executor(at: "two")
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let lease = try await rig.lead()
        let run = try #require(try await rig.jobs.trigger(job.id, at: "http://two:9999").first)
        try await rig.parts.registry.signOff(group: "app", address: .sample("two"), at: rig.now)
        try await rig.dispatch(under: lease)
        rig.clock.advance(by: .seconds(61))
        try await rig.beat("one")
        try await rig.dispatch(under: lease)
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .noExecutor)
        #expect(end.message.contains("http://two:9999"))
    }

    @Test(arguments: ["http://three:9999", "http://other:9999", "two", ""])
    func `an address of nobody in the group is refused by its field`(address: String) async throws {
        try await rig.executor(at: "two")
        let beat = ExecutorBeat(group: "others", address: .sample("other"))
        _ = try await rig.parts.registry.beat(beat, at: rig.now)
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let error = await #expect(throws: SchedulerError.self) {
            try await rig.jobs.trigger(job.id, at: address)
        }
        guard case .invalid(let faults) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(faults.map(\.field) == ["address"])
        #expect(try await rig.allRuns().isEmpty)
    }

    @Test func `a broadcast to one executor is not split`() async throws {
        try await rig.executor(at: "one")
        try await rig.executor(at: "two")
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: .sharding))
        #expect(try await rig.jobs.trigger(job.id).count == 2)
        #expect(try await rig.jobs.trigger(job.id, at: "http://two:9999").map(\.plan.shard) == [.whole])
    }
}
