import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What becomes of a run that comes while an earlier one of its job is open, on whichever executor.
struct OverlapTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `serial runs one after the other across executors`() async throws {
        let executors = [try await rig.executor(at: "a"), try await rig.executor(at: "b")]
        let (first, lease) = try await rig.running(.sample(schedule: .manual, route: .round))
        let second = try await trigger(first.plan.job)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(second.id).state.name == .planned)
        await rig.callBack(first.id)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(second.id).state == .running)
        #expect(executors.flatMap(\.started).sorted() == [first.id, second.id])
    }

    @Test func `discard later ends the later one and says why`() async throws {
        let executor = try await rig.executor()
        let (first, lease) = try await rig.running(.sample(schedule: .manual, overlap: .discardLater))
        let second = try await trigger(first.plan.job)
        try await rig.dispatch(under: lease)
        let end = try #require(try await rig.runs.run(second.id).end)
        #expect(end.reason == .discarded)
        #expect(end.message == "run \(first.id) is open")
        #expect(executor.started == [first.id])
    }

    @Test(
        arguments: [
            "block strategy effect：Discard Later", "There are tasks running", "job 5 is running.",
        ])
    func `an executor that discards by itself is understood`(message: String) async throws {
        let executor = try await rig.executor()
        executor.will(.refuse(message))
        let job = try await rig.jobs.create(.sample(schedule: .manual, overlap: .discardLater))
        let run = try await trigger(job.id)
        try await rig.dispatch(under: try await rig.lead())
        #expect(try await rig.runs.run(run.id).end?.reason == .discarded)
    }

    @Test func `cover early ends the earlier one where another executor has it`() async throws {
        let first = try await rig.executor(at: "a")
        let (earlier, lease) = try await rig.running(.sample(schedule: .manual, overlap: .coverEarly))
        _ = await rig.door.signOff(RegistryRequest(appName: "app", address: "http://a:9999"))
        let second = try await rig.executor(at: "b")
        let later = try await trigger(earlier.plan.job)
        try await rig.dispatch(under: lease)
        #expect(first.kills == [earlier.plan.job])
        #expect(second.started == [later.id])
        #expect(try await rig.runs.run(earlier.id).end?.reason == .covered)
        #expect(try await rig.runs.run(later.id).state == .running)
    }

    @Test func `cover early leaves it to the executor that has both`() async throws {
        let executor = try await rig.executor()
        let (earlier, lease) = try await rig.running(.sample(schedule: .manual, overlap: .coverEarly))
        let later = try await trigger(earlier.plan.job)
        try await rig.dispatch(under: lease)
        #expect(executor.kills.isEmpty)
        #expect(executor.requests.last?.blockStrategy == .coverEarly)
        #expect(try await rig.runs.run(earlier.id).end?.reason == .covered)
        await rig.callBack(earlier.id, .killed("covered"))
        #expect(try await rig.runs.run(earlier.id).end?.reason == .covered)
        #expect(try await rig.runs.run(later.id).state == .running)
    }

    @Test func `of several that come together each covers the one before, in their order`() async throws {
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual, overlap: .coverEarly))
        var all: [RunID] = []
        for _ in 0..<3 { all.append(try await trigger(job.id).id) }
        for count in 1...3 {
            try await rig.dispatch(under: lease)
            #expect(executor.started == Array(all[..<count]))
        }
        #expect(try await rig.runs.run(all[0]).end?.reason == .covered)
        #expect(try await rig.runs.run(all[1]).end?.reason == .covered)
        #expect(try await rig.runs.run(all[2]).state == .running)
        await rig.callBack(all[1], .failed("killed: covered by run \(all[2])"))
        #expect(try await rig.runs.run(all[1]).end?.reason == .covered)
    }

    @Test func `shards of one trigger run beside each other`() async throws {
        let executors = [try await rig.executor(at: "a"), try await rig.executor(at: "b")]
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: .sharding))
        let runs = try await rig.jobs.trigger(job.id)
        try await rig.dispatch(under: lease)
        #expect(runs.count == 2)
        for (index, executor) in executors.enumerated() {
            let request = try #require(executor.requests.first)
            #expect(executor.requests.count == 1)
            #expect(request.shardIndex == index)
            #expect(request.shardTotal == 2)
            #expect(request.plannedAt == runs[0].plan.plannedAt)
        }
    }

    @Test(arguments: [BlockStrategy.discardLater, .coverEarly])
    func `a retry that waited meets the run that began meanwhile`(overlap: BlockStrategy) async throws {
        let executors = [try await rig.executor(at: "a"), try await rig.executor(at: "b")]
        let backoff = Backoff(first: .seconds(60), ceiling: .seconds(60), jitter: 0)
        let spec = JobSpec.sample(
            schedule: .manual,
            overlap: overlap,
            route: .round,
            retry: RetryPolicy(limit: 1, backoff: backoff)
        )
        let (first, lease) = try await rig.running(spec)
        await rig.callBack(first.id, .failed("boom"))
        let retry = try #require(try await rig.allRuns().last)
        #expect(retry.plan.parent == first.id)
        let later = try await trigger(first.plan.job)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(later.id).state == .running)
        rig.clock.advance(by: .seconds(60))
        for host in ["a", "b"] { try await rig.beat(host) }
        try await rig.dispatch(under: lease)
        let (open, ended, reason): (RunID, RunID, RunReason) =
            overlap == .discardLater ? (later.id, retry.id, .discarded) : (retry.id, later.id, .covered)
        #expect(try await rig.runs.run(open).state == .running)
        #expect(try await rig.runs.run(ended).end?.reason == reason)
        #expect(executors.flatMap(\.kills).count == (overlap == .coverEarly ? 1 : 0))
    }

    private func trigger(_ job: JobID) async throws -> JobRun {
        rig.clock.advance(by: .seconds(1))
        return try #require(try await rig.jobs.trigger(job).first)
    }
}
