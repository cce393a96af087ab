import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// From the outbox to an executor, through every way it can go wrong.
struct HandoverTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `an accepted run is running on its executor`() async throws {
        let executor = try await rig.executor()
        let (run, lease) = try await rig.running()
        #expect(run.executor == .sample())
        #expect(run.token == lease.token)
        #expect(run.dispatchedAt == .noon)
        #expect(run.startedAt == .noon)
        #expect(executor.started == [run.id])
    }

    @Test func `a run whose leader died between commit and send is sent by the next leader`() async throws {
        let executor = try await rig.executor()
        let run = try await triggered()
        let dead = try await rig.lead()
        let mark = try #require(
            run.dispatched(to: .sample(), at: rig.now, resendAt: rig.now + .seconds(6))
        )
        _ = try await rig.parts.runs.advance([mark], token: dead.token)
        #expect(executor.requests.isEmpty)
        try await rig.dispatch(under: try await rig.lead())
        #expect(executor.started == [run.id])
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a run whose leader died between send and commit runs once`() async throws {
        let executor = try await rig.executor()
        executor.will(.takeSilently)
        let run = try await triggered()
        try await rig.dispatch(under: try await rig.lead())
        #expect(try await rig.runs.run(run.id).state.name == .dispatching)
        try await rig.dispatch(under: try await rig.lead())
        #expect(executor.requests.count == 2)
        #expect(executor.started == [run.id])
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a run that may have arrived goes to nobody else`() async throws {
        let first = try await rig.executor(at: "a")
        let second = try await rig.executor(at: "b")
        first.will(.takeSilently)
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        rig.http.place(nil, at: "a")
        for _ in 0..<3 {
            rig.clock.advance(by: .seconds(6))
            try await rig.dispatch(under: lease)
        }
        #expect(second.requests.isEmpty)
        #expect(try await rig.runs.run(run.id).executor?.address == .sample("a"))
    }

    @Test func `a run that nobody confirms is given up after five requests`() async throws {
        let executor = try await rig.executor()
        executor.setDeaf(true)
        let run = try await triggered()
        let lease = try await rig.lead()
        for _ in 0..<6 {
            try await rig.dispatch(under: lease)
            rig.clock.advance(by: .seconds(6))
        }
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .dispatchFailed)
        #expect(end.message == "no answer that makes sense to 5 requests")
    }

    @Test func `leaders that follow each other quickly do not use up a run's requests`() async throws {
        let executor = try await rig.executor()
        let run = try await triggered()
        for count in 1...7 {
            executor.will(.takeSilently)
            try await rig.dispatch(under: try await rig.lead())
            #expect(executor.requests.count == count)
        }
        #expect(try await rig.runs.run(run.id).state.name == .dispatching)
        try await rig.dispatch(under: try await rig.lead())
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a run that was sent before anybody listened is sent again, not taken for lost`() async throws
    {
        let executor = try await rig.executor()
        executor.will(.takeSilently)
        let run = try await triggered()
        try await rig.dispatch(under: try await rig.lead())
        rig.clock.advance(by: .seconds(3_600))
        try await rig.dispatch(under: try await rig.lead(), listenedSince: rig.now)
        #expect(try await rig.runs.run(run.id).state == .running)
        #expect(executor.started == [run.id])
    }

    @Test func `an executor that shuts down is passed over, and its run waits where there is no other`()
        async throws
    {
        let first = try await rig.executor(at: "a")
        first.will(.refuse("not now: the executor shuts down"))
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).state == .planned(due: rig.now + .seconds(1)))
        let second = try await rig.executor(at: "b")
        rig.clock.advance(by: .seconds(1))
        first.will(.refuse("not now: the executor shuts down"))
        try await rig.dispatch(under: lease)
        #expect(first.started.isEmpty)
        #expect(second.started == [run.id])
    }

    @Test func `a run whose end was asked for is not sent again, and over once its executor says so`()
        async throws
    {
        let executor = try await rig.executor()
        executor.setDeaf(true)
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        guard case .requested = try await rig.runs.kill(run.id) else {
            Issue.record("a deaf executor confirms nothing")
            return
        }
        let sent = executor.requests.count
        rig.clock.advance(by: .seconds(6))
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).isOpen)
        executor.setDeaf(false)
        rig.clock.advance(by: .seconds(6))
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
        #expect(executor.requests.count == sent)
        #expect(executor.kills.last == run.plan.job)
    }

    @Test func `a run that was ended while it was on its way is stopped where it arrives`() async throws {
        let executor = try await rig.executor()
        let run = try await triggered()
        let lease = try await rig.lead()
        rig.http.meanwhile("run") { [rig] () async throws in
            // The executor has nothing of it yet, and says so.
            #expect(try await rig.runs.kill(run.id) == .ended([run.id]))
        }
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
        #expect(executor.started == [run.id])
        #expect(executor.kills == [run.plan.job, run.plan.job])
    }

    @Test func `an executor that cannot be reached is passed over`() async throws {
        try await rig.beat("a")
        let second = try await rig.executor(at: "b")
        let run = try await triggered()
        try await rig.dispatch(under: try await rig.lead())
        #expect(second.started == [run.id])
        let stored = try await rig.runs.run(run.id)
        #expect(stored.executor?.address == .sample("b"))
        #expect(stored.state == .running)
    }

    @Test func `a run waits for an executor to come`() async throws {
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).state == .planned(due: rig.now + .seconds(1)))
        rig.clock.advance(by: .seconds(30))
        let executor = try await rig.executor()
        try await rig.dispatch(under: lease)
        #expect(executor.started == [run.id])
        #expect(try await rig.runs.run(run.id).unreachedSince == nil)
    }

    @Test(arguments: [false, true])
    func `a run that reaches nobody for a minute ends with the reason`(isRegistered: Bool) async throws {
        let run = try await triggered()
        let lease = try await rig.lead()
        for _ in 0...61 {
            if isRegistered { try await rig.beat() }
            try await rig.dispatch(under: lease)
            rig.clock.advance(by: .seconds(1))
        }
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == (isRegistered ? .dispatchFailed : .noExecutor))
    }

    @Test func `failover asks who lives and hands over to the first`() async throws {
        let deaf = try await rig.executor(at: "a")
        deaf.setDeaf(true)
        let living = try await rig.executor(at: "b")
        let run = try await triggered(.sample(schedule: .manual, route: .failover))
        try await rig.dispatch(under: try await rig.lead())
        #expect(deaf.requests.isEmpty)
        #expect(living.beats == 1)
        #expect(living.started == [run.id])
    }

    @Test func `busyover hands over to the first that has no run of the job`() async throws {
        let busy = try await rig.executor(at: "a", .python)
        let idle = try await rig.executor(at: "b", .python)
        let job = try await rig.jobs.create(
            .sample(schedule: .manual, overlap: .coverEarly, route: .busyover)
        )
        let lease = try await rig.lead()
        for executor in [busy, idle] {
            rig.clock.advance(by: .seconds(1))
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            try await rig.dispatch(under: lease)
            #expect(executor.started == [run.id])
        }
    }

    @Test func `a run for which nobody is idle fails with what each executor said`() async throws {
        let busy = try await rig.executor(at: "a", .python)
        let deaf = try await rig.executor(at: "b", .python)
        let run = try await triggered(.sample(schedule: .manual, route: .busyover))
        let lease = try await rig.lead()
        deaf.setDeaf(true)
        busy.occupy(run.plan.job)
        try await rig.dispatch(under: lease)
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .dispatchFailed)
        #expect(end.message.contains("http://a:9999: Task is busy"), "\(end.message)")
        #expect(end.message.contains("http://b:9999: "), "\(end.message)")
        #expect(busy.requests.isEmpty)
    }

    @Test(arguments: [RouteStrategy.failover, .busyover])
    func `a run whose executors answer no question waits for them, and says so in the end`(
        route: RouteStrategy
    ) async throws {
        for host in ["a", "b"] { try await rig.executor(at: host, .python).setDeaf(true) }
        let run = try await triggered(.sample(schedule: .manual, route: route))
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(run.id).state == .planned(due: rig.now + .seconds(1)))
        rig.clock.advance(by: .seconds(60))
        try await rig.dispatch(under: lease)
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .dispatchFailed)
        for host in ["a", "b"] { #expect(end.message.contains("http://\(host):9999: "), "\(end.message)") }
    }

    @Test func `a refused run ends in the executor's words and is tried again by policy`() async throws {
        let executor = try await rig.executor()
        executor.will(.refuse("job handler [handle] not found."))
        let run = try await triggered(
            .sample(
                schedule: .manual,
                retry: RetryPolicy(
                    limit: 1,
                    backoff: .init(first: .seconds(5), ceiling: .seconds(5), jitter: 0)
                )
            )
        )
        try await rig.dispatch(under: try await rig.lead())
        let end = try #require(try await rig.runs.run(run.id).end)
        #expect(end.reason == .dispatchFailed)
        #expect(end.message == "job handler [handle] not found.")
        let retry = try #require(try await rig.allRuns().last)
        #expect(retry.plan.parent == run.id)
        #expect(retry.state == .planned(due: rig.now + .seconds(5)))
        #expect(retry.plan.plannedAt == run.plan.plannedAt)
    }

    @Test func `a callback that overtakes the answer is not undone by it`() async throws {
        try await rig.executor()
        let run = try await triggered()
        let lease = try await rig.lead()
        let mark = try #require(run.dispatched(to: .sample(), at: rig.now, resendAt: rig.now))
        let sent = try #require(try await rig.parts.runs.advance([mark], token: lease.token).first)
        await rig.callBack(run.id)
        let accepted = try #require(sent.accepted(at: rig.now))
        #expect(try await rig.parts.runs.advance([accepted], token: lease.token).isEmpty)
        #expect(try await rig.runs.run(run.id).end?.reason == .completed)
    }

    @Test func `a foreign executor is asked before it is sent the same run again`() async throws {
        let executor = try await rig.executor(at: "one", .java)
        executor.will(.takeSilently)
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        rig.clock.advance(by: .seconds(11))
        try await rig.dispatch(under: lease)
        #expect(executor.requests.count == 1)
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a leader that stood still after it announced a run does not call`() async throws {
        let executor = try await rig.executor(at: "one", .java)
        let run = try await triggered()
        let old = try await rig.lead()
        try await rig.dispatch(under: old) { [rig] in rig.clock.advance(by: .seconds(5)) }
        #expect(executor.requests.isEmpty)
        rig.clock.advance(by: .seconds(6))
        try await rig.dispatch(under: try await rig.lead())
        #expect(executor.started == [run.id])
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `a leader that stood still does not have another's run ended`() async throws {
        let executor = try await rig.executor()
        executor.setDeaf(true)
        let run = try await triggered()
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        _ = try await rig.runs.kill(run.id)
        let kills = executor.kills.count
        executor.setDeaf(false)
        rig.clock.advance(by: .seconds(6))
        try await rig.dispatch(under: lease) { [rig] in rig.clock.advance(by: .seconds(5)) }
        #expect(executor.kills.count == kills)
        try await rig.dispatch(under: lease)
        #expect(executor.kills.count == kills + 1)
        #expect(try await rig.runs.run(run.id).end?.reason == .killed)
    }

    @Test func `a new leader sends a foreign executor nothing while the old one's call may be on its way`()
        async throws
    {
        let executor = try await rig.executor(at: "one", .java)
        let run = try await triggered()
        let dead = try await rig.lead()
        // It stands still in the middle of its call.
        try await rig.dispatch(under: dead) { [rig] in rig.clock.advance(by: .seconds(5)) }
        let next = try await rig.lead()
        try await rig.dispatch(under: next)
        rig.clock.advance(by: .seconds(5))
        try await rig.dispatch(under: next)
        #expect(executor.questions == 0)
        #expect(executor.requests.isEmpty)
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: next)
        #expect(executor.started == [run.id])
    }

    @Test func `what a dead leader wrote as sent ahead of its instant is sent at the instant`() async throws {
        let executor = try await rig.executor()
        let dead = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let new = NewRun.sample(of: job.id, at: .noon + .seconds(1), trigger: .schedule)
        let run = try #require(try await rig.parts.runs.add([new]).first)
        let holder = ExecutorReference(try #require(try await rig.parts.registry.instances().first))
        let instant = Moment.noon + .seconds(1)
        let sent = try #require(run.dispatched(to: holder, at: instant, resendAt: instant + .seconds(6)))
        _ = try await rig.parts.runs.advance([sent], token: dead.token)
        let next = try await rig.lead()
        try await rig.dispatch(under: next)
        #expect(executor.requests.isEmpty)
        rig.clock.advance(by: .seconds(1))
        try await rig.dispatch(under: next)
        #expect(executor.started == [run.id])
    }

    @Test func `an executor that knows the other word only is asked with it from then on`() async throws {
        let executor = try await rig.executor(at: "one", .javaNext)
        let (run, _) = try await rig.running()
        #expect(executor.started == [run.id])
        #expect(try await rig.parts.registry.instances().first?.dialect == .trigger)
    }

    @Test func `nobody who signed off gets a run`() async throws {
        let gone = try await rig.executor(at: "a")
        let staying = try await rig.executor(at: "b")
        _ = await rig.door.signOff(RegistryRequest(appName: "app", address: "http://a:9999"))
        let run = try await triggered()
        try await rig.dispatch(under: try await rig.lead())
        #expect(gone.requests.isEmpty)
        #expect(staying.started == [run.id])
    }

    private func triggered(_ spec: JobSpec = .sample(schedule: .manual)) async throws -> JobRun {
        let job = try await rig.jobs.create(spec)
        return try #require(try await rig.jobs.trigger(job.id).first)
    }
}
