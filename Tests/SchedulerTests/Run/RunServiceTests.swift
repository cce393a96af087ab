import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct RunServiceTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test(arguments: FakeExecutor.Generation.allCases)
    func `a running run is ended on every generation`(generation: FakeExecutor.Generation) async throws {
        let executor = try await rig.executor(at: "one", generation)
        let (run, _) = try await rig.running(.sample(schedule: .manual, retry: RetryPolicy(limit: 3)))
        #expect(try await rig.runs.kill(run.id) == .ended([run.id]))
        #expect(executor.kills == [run.plan.job])
        await rig.callBack(run.id, .succeeded("too late"))
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
        #expect(try await rig.allRuns().count == 1)
    }

    @Test func `every open run of the job on that executor ends, because some are never called back`()
        async throws
    {
        try await rig.executor()
        let (first, lease) = try await rig.running(.sample(schedule: .manual, overlap: .coverEarly))
        let shard = NewRun.sample(
            of: first.plan.job,
            shard: Shard(index: 1, total: 2),
            terms: first.plan.terms
        )
        let second = try #require(try await rig.parts.runs.add([shard]).first)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.kill(first.id) == .ended([second.id, first.id]))
    }

    @Test
    func `a run that ends because another of its job is asked to was killed as well, and is not tried again`()
        async throws
    {
        let executor = try await rig.executor()
        let spec = JobSpec.sample(schedule: .manual, overlap: .coverEarly, retry: RetryPolicy(limit: 3))
        let (first, lease) = try await rig.running(spec)
        let shard = NewRun.sample(
            of: first.plan.job,
            shard: Shard(index: 1, total: 2),
            terms: first.plan.terms
        )
        let second = try #require(try await rig.parts.runs.add([shard]).first)
        try await rig.dispatch(under: lease)
        // It calls back before anybody knows what the executor says to that.
        executor.setDeaf(true)
        _ = try await rig.runs.kill(first.id)
        await rig.callBack(second.id, .failed("CancelledError"))
        #expect(try await rig.runs.run(second.id).end?.reason == .killed)
        #expect(try await rig.allRuns().count == 2)
    }

    @Test func `a run that was not sent yet ends without a call`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        #expect(try await rig.runs.kill(run.id) == .ended([run.id]))
        #expect(executor.kills.isEmpty)
        try await rig.dispatch(under: try await rig.lead())
        #expect(executor.requests.isEmpty)
    }

    @Test func `an executor that does not answer leaves the run open and marked`() async throws {
        let executor = try await rig.executor()
        let (run, _) = try await rig.running(.sample(schedule: .manual, retry: RetryPolicy(limit: 3)))
        executor.setDeaf(true)
        guard case .requested = try await rig.runs.kill(run.id) else {
            Issue.record("must be requested")
            return
        }
        let marked = try await rig.runs.run(run.id)
        #expect(marked.state == .running)
        #expect(marked.killRequestedAt == rig.now)
        await rig.callBack(run.id, .failed("CancelledError"))
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
        #expect(try await rig.allRuns().count == 1)
    }

    @Test func `an executor that refuses while the job is busy leaves the run open`() async throws {
        let executor = try await rig.executor(at: "one", .go)
        let (run, _) = try await rig.running()
        executor.finish(run.plan.job)
        #expect(try await rig.runs.kill(run.id) == .ended([run.id]))
        #expect(try await rig.runs.kill(run.id) == .alreadyEnded)
    }

    @Test func `the next run, which comes there while the end of one is asked for, goes on`() async throws {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running()
        rig.clock.advance(by: .seconds(1))
        let next = try #require(try await rig.jobs.trigger(run.plan.job).first)
        rig.http.meanwhile("kill") { [rig] in
            // It had just ended, and the executor was given the next one.
            await rig.callBack(run.id)
            try await rig.dispatch(under: lease)
        }
        #expect(try await rig.runs.kill(run.id) == .alreadyEnded)
        #expect(executor.started == [run.id, next.id])
        #expect(try await rig.runs.run(next.id).state == .running)
    }

    @Test func `one that is written as sent ahead of its instant is ended where it arrives`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        let holder = ExecutorReference(try #require(try await rig.parts.registry.instances().first))
        let instant = rig.now + .milliseconds(100)
        let sent = try #require(run.dispatched(to: holder, at: instant, resendAt: instant + .seconds(6)))
        _ = try await rig.parts.runs.advance([sent], token: try await rig.lead().token)
        async let kill = rig.runs.kill(run.id)
        await rig.clock.sleepers()
        #expect(executor.kills.isEmpty)
        rig.clock.advance(by: .seconds(1))
        #expect(try await kill == .ended([run.id]))
        #expect(executor.kills == [job.id])
    }

    @Test func `an unknown run is not found`() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await rig.runs.kill(RunID(rawValue: 1))
        }
        guard case .notFound = error else {
            Issue.record("must be not found")
            return
        }
    }
}
