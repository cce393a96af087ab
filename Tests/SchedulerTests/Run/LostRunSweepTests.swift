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
        try await listen(for: .seconds(89))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        rig.clock.advance(by: .seconds(1))
        try await sweep(lease)
        let lost = try await rig.runs.run(run.id)
        #expect(lost.end?.reason == .executorLost)
        #expect(lost.token == lease.token)
        #expect(try await rig.allRuns().last?.plan.parent == run.id)
    }

    @Test func `who could not be heard is not taken for silent, however long the leader has led`()
        async throws
    {
        try await rig.executor()
        let (run, lease) = try await rig.running()
        // No process answers executors: they beat in vain, and hold back what they would call back.
        rig.clock.advance(by: .seconds(3_600))
        try await sweep(lease, listens: false)
        #expect(try await rig.runs.run(run.id).isOpen)
        try await listen(for: .seconds(89))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        rig.clock.advance(by: .seconds(1))
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .executorLost)
    }

    @Test func `a new leader need not listen anew`() async throws {
        try await rig.executor()
        let (run, earlier) = try await rig.running()
        try await listen(for: .seconds(89))
        try await sweep(earlier)
        #expect(try await rig.runs.run(run.id).isOpen)
        rig.clock.advance(by: .seconds(1))
        try await sweep(try await rig.lead())
        #expect(try await rig.runs.run(run.id).end?.reason == .executorLost)
    }

    @Test func `a deposed leader stops nobody's run`() async throws {
        let executor = try await rig.executor()
        let (run, stale) = try await rig.running(.sample(schedule: .manual, timeout: .seconds(10)))
        _ = try await rig.lead()
        rig.clock.advance(by: .seconds(40))
        try await rig.beat()
        let error = await #expect(throws: StoreError.self) { try await sweep(stale) }
        #expect(error?.code == .staleToken)
        #expect(executor.kills.isEmpty)
        #expect(try await rig.runs.run(run.id).isOpen)
    }

    @Test func `an executor that hangs is asked for one of its runs a round, not for each`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let lease = try await rig.lead()
        for number in 0..<3 {
            let job = try await rig.jobs.create(.sample("job-\(number)", schedule: .manual))
            _ = try await rig.jobs.trigger(job.id)
        }
        try await rig.dispatch(under: lease)
        for _ in 0..<10 {
            rig.clock.advance(by: .seconds(60))
            try await rig.beat(instance: nil)
        }
        let before = executor.questions
        executor.setDeaf(true)
        try await sweep(lease)
        #expect(executor.questions - before == 1)
        #expect(try await rig.allRuns().allSatisfy { $0.isOpen })
    }

    @Test func `the next run of a job is not stopped with the one whose time is over`() async throws {
        try await rig.executor()
        let (run, lease) = try await rig.running(.sample(schedule: .manual, timeout: .seconds(10)))
        let next = try #require(try await rig.jobs.trigger(run.plan.job).first)
        rig.clock.advance(by: .seconds(40))
        try await rig.beat()
        rig.http.meanwhile("kill") { [rig] () async throws in
            // Until the executor has answered the run is open, and holds the next one back.
            #expect(try await rig.runs.run(run.id).isOpen)
            try await rig.dispatch(under: lease)
            #expect(try await rig.runs.run(next.id).state.name == .planned)
        }
        try await sweep(lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .timedOut)
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

    @Test func `a result that an executor lost is given up after it denied the run for minutes`() async throws
    {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running()
        executor.finish(run.plan.job)
        #expect(try await age(of: run, lease, IdleRuns(since: .noon), instance: "first") == .seconds(900))
    }

    @Test func `a run of a nameless executor that restarted is lost within half a minute`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        executor.finish(run.plan.job)
        #expect(try await age(of: run, lease, IdleRuns(since: .noon)) == .seconds(20))
    }

    @Test func `also of one that was seen at work before`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        rig.clock.advance(by: .seconds(3_600))
        var idle = IdleRuns(since: rig.now)
        try await rig.beat(instance: nil)
        try await sweep(lease, &idle)
        executor.finish(run.plan.job)
        #expect(try await age(of: run, lease, idle) == .seconds(20))
    }

    @Test func `a nameless executor that cannot get through may still call back`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        executor.finish(run.plan.job)
        var idle = IdleRuns(since: .noon)
        for _ in 0..<16 {
            rig.clock.advance(by: .seconds(5))
            try await sweep(lease, &idle)
        }
        #expect(try await rig.runs.run(run.id).isOpen)
        await rig.callBack(run.id)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a leader that did not see a nameless executor at work gives its client time to call again`()
        async throws
    {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        executor.finish(run.plan.job)
        let idle = IdleRuns(since: .noon + .milliseconds(1))
        #expect(try await age(of: run, lease, idle) == .seconds(600))
    }

    @Test func `a run of a nameless executor that signed off and is gone is lost`() async throws {
        try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        _ = await rig.door.signOff(RegistryRequest(appName: "app", address: "http://one:9999"))
        rig.http.place(nil, at: "one")
        #expect(try await age(of: run, lease, IdleRuns(since: .noon), beats: false) == .seconds(20))
    }

    @Test func `the runs of one job at one executor cost it one question a round`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let lease = try await rig.lead()
        for name in ["a", "a", "b"] { try await run(name, at: "one", lease) }
        rig.clock.advance(by: .seconds(5))
        try await sweep(lease)
        #expect(executor.questions == 2)
    }

    @Test func `nameless executors are asked at the same time`() async throws {
        let lease = try await rig.lead()
        var executors: [FakeExecutor] = []
        for host in ["a", "b"] {
            executors.append(try await rig.executor(at: host, .python))
            try await run(host, at: host, lease)
        }
        rig.clock.advance(by: .seconds(5))
        rig.http.meanwhile("idleBeat") { [executors] in
            // One waits for its answer until the other was asked.
            try await eventually("the other is asked") { executors.contains { $0.questions > 0 } }
        }
        try await sweep(lease)
        #expect(executors.map(\.questions) == [1, 1])
    }

    @Test func `an executor that answers no question is told to stop all the same`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running(.sample(schedule: .manual, timeout: .seconds(10)))
        rig.clock.advance(by: .seconds(40))
        executor.setDeaf(true)
        rig.http.meanwhile("kill") { executor.setDeaf(false) }
        try await sweep(lease)
        #expect(executor.questions == 1)
        #expect(executor.kills == [run.plan.job])
        #expect(try await rig.runs.run(run.id).end?.reason == .timedOut)
    }

    /// A running run of the job of that name at an executor, written straight into the store.
    private func run(_ name: String, at host: String, _ lease: Lease) async throws {
        let spec = JobSpec.sample(name, schedule: .manual)
        let known = try await rig.jobs.list(JobFilter(name: name), after: nil, limit: 1).elements.first
        let job = if let known { known.id } else { try await rig.jobs.create(spec).id }
        rig.clock.advance(by: .milliseconds(1))
        let added = try await rig.parts.runs.add([.sample(of: job, at: rig.now, terms: RunTerms(spec))])
        let executor = ExecutorReference.sample(host, instance: nil)
        let sent = try #require(added.first?.dispatched(to: executor, at: rig.now, resendAt: rig.now))
        let taken = try await rig.parts.runs.advance([sent], token: lease.token)
        let accepted = try #require(taken.first?.accepted(at: rig.now))
        _ = try await rig.parts.runs.advance([accepted], token: lease.token)
    }

    /// How old a run is when it is given up, in steps of five seconds; its executor beats unless told otherwise.
    private func age(
        of run: JobRun,
        _ lease: Lease,
        _ idle: IdleRuns,
        instance: String? = nil,
        beats: Bool = true
    ) async throws -> Duration {
        var idle = idle
        let start = rig.now
        while try await rig.runs.run(run.id).isOpen, rig.now - start < .seconds(3_600) {
            rig.clock.advance(by: .seconds(5))
            if beats { try await rig.beat(instance: instance) }
            try await rig.parts.registry.listen(at: rig.now)
            try await sweep(lease, &idle)
        }
        #expect(try await rig.runs.run(run.id).end?.reason == .executorLost)
        return rig.now - start
    }

    @Test func `a long run that its executor still has goes on`() async throws {
        let executor = try await rig.executor(at: "one", .python)
        let (run, lease) = try await rig.running()
        var idle = IdleRuns(since: rig.now)
        for _ in 0..<200 {
            rig.clock.advance(by: .seconds(30))
            try await rig.beat(instance: nil)
            try await sweep(lease, &idle)
        }
        #expect(try await rig.runs.run(run.id).isOpen)
        executor.finish(run.plan.job)
        await rig.callBack(run.id)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a deposed leader ends nothing`() async throws {
        try await rig.executor()
        let (run, stale) = try await rig.running()
        _ = try await rig.lead()
        try await listen(for: .seconds(90))
        let error = await #expect(throws: StoreError.self) { try await sweep(stale) }
        #expect(error?.code == .staleToken)
        #expect(try await rig.runs.run(run.id).isOpen)
    }

    /// Lets time pass in which some process answers executors.
    private func listen(for length: Duration) async throws {
        let end = rig.now + length
        try await rig.parts.registry.listen(at: rig.now)
        while rig.now < end {
            rig.clock.advance(by: min(.seconds(10), end - rig.now))
            try await rig.parts.registry.listen(at: rig.now)
        }
    }

    @Test func `an executor that does not answer is asked once in a round`() async throws {
        let executor = try await rig.executor()
        let (first, _) = try await rig.running()
        let (second, lease) = try await rig.running(.sample("other", schedule: .manual))
        try await rig.beat(instance: "second")
        executor.setDeaf(true)
        try await sweep(lease)
        #expect(executor.questions == 1)
        for run in [first, second] {
            #expect(try await rig.runs.run(run.id).end?.message == "executor restarted")
        }
    }

    @Test func `an executor that does not answer holds up no other's deadlines`() async throws {
        let executor = try await rig.executor()
        let timed = JobSpec.sample(schedule: .manual, timeout: .seconds(10))
        let (first, _) = try await rig.running(timed)
        var other = timed
        other.name = "other"
        let (second, lease) = try await rig.running(other)
        executor.setDeaf(true)
        rig.clock.advance(by: .seconds(40))
        try await sweep(lease)
        #expect(executor.killRequests == 1)
        for run in [first, second] { #expect(try await rig.runs.run(run.id).end?.reason == .timedOut) }
    }

    @Test func `a fixed delay whose last run was planned by another schedule goes on`() async throws {
        try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(overlap: .discardLater))
        rig.clock.advance(by: .seconds(10))
        try await rig.plan(under: lease)
        try await rig.dispatch(under: lease)
        let first = try #require(try await rig.allRuns().last)
        let changed = JobSpec.sample(schedule: .after(.seconds(5)), overlap: .discardLater)
        _ = try await rig.jobs.update(job.id, version: job.version, to: changed)
        rig.clock.advance(by: .seconds(10))
        try await rig.plan(under: lease)
        try await rig.dispatch(under: lease)
        #expect(try await rig.allRuns().last?.end?.reason == .discarded)
        let sweep = LostRunSweep(rig.parts, settings: SweepSettings())
        try await sweep.resume(under: lease)
        #expect(try await rig.jobs.job(job.id).nextTriggerAt == nil, "its run is open")
        await rig.callBack(first.id)
        try await sweep.resume(under: lease)
        #expect(try await rig.jobs.job(job.id).nextTriggerAt == rig.now + .seconds(5))
    }

    @Test func `what was left to an executor as it signed off goes to another`() async throws {
        let address = ExecutorAddress(stored: "kpush-pull://one")
        let beat = ExecutorBeat(group: "app", address: address, instance: "first", capacity: 9)
        _ = try await rig.parts.registry.beat(beat, at: rig.now)
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.parts.registry.signOff(group: "app", address: address, at: rig.now)
        let holder = ExecutorReference(address: address, instance: "first")
        let sent = try #require(run.dispatched(to: holder, at: rig.now, resendAt: rig.now + .seconds(90)))
        _ = try await rig.parts.runs.advance([sent], token: lease.token)
        let other = try await rig.executor(at: "other")
        rig.clock.advance(by: .seconds(5))
        try await LostRunSweep(rig.parts, settings: SweepSettings()).giveBack(under: lease)
        try await rig.dispatch(under: lease)
        #expect(other.started == [run.id])
    }

    /// Sweeps once; says before that somebody listens, as the process that answers executors does all the time.
    private func sweep(_ lease: Lease, listens: Bool = true) async throws {
        var idle = IdleRuns(since: rig.now)
        if listens { try await rig.parts.registry.listen(at: rig.now) }
        try await sweep(lease, &idle)
    }

    private func sweep(_ lease: Lease, _ idle: inout IdleRuns) async throws {
        try await LostRunSweep(rig.parts, settings: SweepSettings()).sweep(under: lease, &idle)
    }
}
