import Groundwork
import ServiceLifecycle
import TestKit
import Testing

@testable import Scheduler

/// Runs that the process which is asked for them hands over itself.
@Suite(.timeLimit(.minutes(1)))
struct DirectDispatchTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `a triggered run comes to its executor though nobody leads`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        try await direct {
            let run = try #require(try await rig.jobs.trigger(job.id, params: "b=2").first)
            #expect(run.state.name == .dispatching)
            #expect(run.executor == .sample())
            try await accepted(run, by: executor)
            #expect(executor.requests.map(\.run) == [run.id])
            #expect(executor.requests.map(\.params) == ["b=2"])
            await rig.callBack(run.id)
            #expect(try await rig.runs.run(run.id).end?.reason == .completed)
        }
    }

    @Test func `whoever leads does not send it once more`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let lease = try await rig.lead()
        try await direct {
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            try await accepted(run, by: executor)
            try await rig.dispatch(under: lease)
            #expect(executor.requests.count == 1)
        }
    }

    @Test(arguments: [(FakeExecutor.Generation.own, 2), (.java, 1)])
    func `what was not sent after all is sent by whoever leads, in its time`(
        generation: FakeExecutor.Generation,
        calls: Int
    ) async throws {
        let executor = try await rig.executor(generation)
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let passengers = rig.parts.direct.open(DispatchRules(), callLimit: .seconds(5))
        // Whoever was to carry it died.
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        withExtendedLifetime(passengers) {}
        #expect(run.state.name == .dispatching)
        let lease = try await rig.lead()
        try await rig.dispatch(under: lease)
        #expect(executor.requests.isEmpty)
        rig.clock.advance(by: .seconds(12))
        try await rig.beat(instance: generation == .own ? "first" : nil)
        try await rig.dispatch(under: lease)
        #expect(executor.started == [run.id])
        #expect(try await rig.runs.run(run.id).state == .running)
    }

    @Test func `an executor that is not reached leaves it to whoever leads, and so to another`() async throws
    {
        try await rig.beat("a")
        let other = try await rig.executor(at: "b")
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let lease = try await rig.lead()
        try await direct {
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            #expect(run.executor?.address == .sample("a"))
            try await eventually("it is planned again") {
                try await rig.runs.run(run.id).state.name == .planned
            }
            #expect(await rig.parts.bells.dispatch.wait())
            try await rig.dispatch(under: lease)
            #expect(other.started == [run.id])
        }
    }

    @Test func `what the executor refuses ends, with all that follows`() async throws {
        let executor = try await rig.executor()
        executor.will(.refuse("no such handler"))
        let retry = RetryPolicy(limit: 1)
        let job = try await rig.jobs.create(.sample(schedule: .manual, retry: retry))
        try await direct {
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            try await eventually("it ends") { try await !rig.runs.run(run.id).isOpen }
            #expect(try await rig.runs.run(run.id).end?.reason == .dispatchFailed)
            #expect(try await rig.allRuns().map(\.plan.attempt) == [1, 2])
        }
    }

    @Test func `one that was silent is sent again by whoever leads`() async throws {
        let executor = try await rig.executor()
        executor.will(.takeSilently)
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let lease = try await rig.lead()
        try await direct {
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            try await eventually("it is taken") { executor.started == [run.id] }
            rig.clock.advance(by: .seconds(12))
            try await rig.dispatch(under: lease)
            #expect(executor.started == [run.id])
            #expect(executor.requests.count == 2)
            #expect(try await rig.runs.run(run.id).state == .running)
        }
    }

    @Test(arguments: BlockStrategy.allCases)
    func `while a run of its job is open another is whoever leads' to hand over`(
        overlap: BlockStrategy
    ) async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual, overlap: overlap))
        try await direct {
            let runs = try await [rig.jobs.trigger(job.id)[0], rig.jobs.trigger(job.id)[0]]
            #expect(runs.map(\.state.name) == [.dispatching, .planned])
            try await accepted(runs[0], by: executor)
            await rig.callBack(runs[0].id)
            #expect(try await rig.jobs.trigger(job.id)[0].state.name == .planned)
        }
    }

    @Test(arguments: RouteStrategy.allCases)
    func `with several executors only a route that needs no memory and asks nobody is short`(
        route: RouteStrategy
    ) async throws {
        for host in ["a", "b"] { try await rig.executor(at: host) }
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: route))
        try await direct {
            let runs = try await rig.jobs.trigger(job.id)
            let isShort = [.first, .last, .random, .consistentHash].contains(route)
            #expect(runs.allSatisfy { ($0.state.name == .dispatching) == isShort })
            if route == .first { #expect(runs[0].executor?.address == .sample("a")) }
            if route == .last { #expect(runs[0].executor?.address == .sample("b")) }
        }
    }

    @Test(arguments: RouteStrategy.allCases)
    func `with one executor every route is short that asks nobody`(route: RouteStrategy) async throws {
        try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: route))
        try await direct {
            let runs = try await rig.jobs.trigger(job.id)
            let asks = route == .failover || route == .busyover
            #expect(runs.map(\.state.name) == [asks ? .planned : .dispatching])
        }
    }

    @Test func `one that is for a certain executor comes to that one, or is refused at once`() async throws {
        try await rig.executor(at: "a")
        let chosen = try await rig.executor(at: "b")
        let job = try await rig.jobs.create(.sample(schedule: .manual, route: .failover))
        let other = try await rig.jobs.create(.sample("other", schedule: .manual))
        try await direct {
            let run = try #require(try await rig.jobs.trigger(other.id, at: "http://b:9999").first)
            try await eventually("it is handed over") { chosen.started == [run.id] }
            #expect(try await rig.jobs.trigger(job.id, at: "http://b:9999")[0].state.name == .planned)
            await #expect(throws: SchedulerError.self) {
                _ = try await rig.jobs.trigger(other.id, at: "http://c:9999")
            }
        }
        #expect(try await rig.allRuns().count == 2)
    }

    @Test func `an executor that fetches its runs, has left, or is not there gets none the short way`()
        async throws
    {
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let pulled = try await rig.jobs.create(.sample("pulled", group: "pulled", schedule: .manual))
        let address = try #require(ExecutorAddress(pulled: "kpush-pull://one"))
        let beat = ExecutorBeat(group: "pulled", address: address, instance: "i", capacity: 3)
        _ = try await rig.parts.registry.beat(beat, at: rig.now)
        try await direct {
            #expect(try await rig.jobs.trigger(pulled.id)[0].state.name == .planned)
            #expect(try await rig.jobs.trigger(job.id)[0].state.name == .planned)
            let left = try await rig.jobs.create(.sample("left", group: "left", schedule: .manual))
            let gone = ExecutorBeat(group: "left", address: .sample("gone"), instance: "i")
            _ = try await rig.parts.registry.beat(gone, at: rig.now)
            try await rig.parts.registry.signOff(group: "left", address: .sample("gone"), at: rig.now)
            #expect(try await rig.jobs.trigger(left.id)[0].state.name == .planned)
        }
    }

    @Test func `no more go the short way at once than there are seats`() async throws {
        let lane = DirectLane()
        #expect(!lane.board())
        let passengers = lane.open(DispatchRules(), callLimit: .seconds(5))
        for _ in 0..<DirectLane.most { #expect(lane.board()) }
        #expect(!lane.board())
        lane.alight()
        #expect(lane.board())
        // Nobody gets on a lane that is closed, and it ends when the last one is off.
        lane.close()
        for _ in 0..<DirectLane.most {
            #expect(!lane.board())
            lane.alight()
        }
        for await _ in passengers { Issue.record("nobody was carried") }
    }

    @Test func `a call that is made again with its key is not sent again`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        _ = try await rig.parts.calls.begin(KeyedCall(key: "k", digest: "d"), at: rig.now)
        try await direct {
            let first = try await rig.jobs.trigger(job.id, key: "k")
            try await eventually("it is handed over") { executor.started == first.map(\.id) }
            #expect(try await rig.jobs.trigger(job.id, key: "k").map(\.id) == first.map(\.id))
        }
        #expect(executor.requests.count == 1)
        #expect(rig.parts.gauges.reading.planned == [.manual: 1])
    }

    @Test func `what is under way comes to its executor before the process shuts down`() async throws {
        let executor = try await rig.executor()
        let job = try await rig.jobs.create(.sample(schedule: .manual))
        let (isOpen, isCalled, goesOn) = (Bell(), Bell(), Bell())
        rig.http.meanwhile("run") {
            isCalled.ring()
            await goesOn.wait()
        }
        async let served = whileRunning(DirectDispatcher(rig.parts)) {
            try await eventually("the lane is open") { rig.parts.direct.board() }
            rig.parts.direct.alight()
            isOpen.ring()
            let run = try #require(try await rig.jobs.trigger(job.id).first)
            await isCalled.wait()
            return run
        }
        await isOpen.wait()
        try await eventually("the lane is closed") {
            guard rig.parts.direct.board() else { return true }
            rig.parts.direct.alight()
            return false
        }
        goesOn.ring()
        // It gathers what executors accepted.
        await rig.clock.sleepers()
        rig.clock.advance(by: HandoverLedger.gathering)
        let run = try await served
        #expect(executor.started == [run.id])
        #expect(!rig.parts.direct.board())
        #expect(try await rig.jobs.trigger(job.id)[0].state.name == .planned)
    }

    @Test(arguments: [false, true])
    func `runs of few jobs that are asked for everywhere go one after the other in each line`(
        isOneGone: Bool
    ) async throws {
        // Where the first is not reached, all is for the other.
        if isOneGone { try await rig.beat("a") }
        let executor = try await rig.executor(at: isOneGone ? "b" : "a")
        if !isOneGone { try await rig.executor(at: "b") }
        var jobs: [JobID] = []
        for number in 0..<4 {
            jobs.append(try await rig.jobs.create(.sample("job-\(number)", schedule: .manual)).id)
        }
        let count = 60
        try await direct {
            try await dispatching(rig, try await rig.lead()) {
                var asked = 0
                try await eventually("all have ended") {
                    for _ in 0..<3 where asked < count {
                        _ = try await rig.jobs.trigger(jobs[asked % jobs.count])
                        asked += 1
                    }
                    let held = try await rig.runs.list(RunFilter(states: [.dispatching, .running])).elements
                    for (job, runs) in Dictionary(grouping: held, by: \.plan.job) {
                        #expect(runs.count == 1, "job \(job)")
                    }
                    for run in held where run.state == .running { await rig.callBack(run.id) }
                    let ended = try await rig.allRuns().filter { !$0.isOpen }.count
                    if ended < asked {
                        await rig.clock.sleepers()
                        rig.clock.advance(by: .milliseconds(20))
                    }
                    return ended == count
                }
            }
        }
        #expect(executor.started.count == count)
        #expect(Set(executor.started).count == count)
    }

    /// Waits until it is stored that the executor has the run: what executors accepted gathers for a moment.
    private func accepted(_ run: JobRun, by executor: FakeExecutor) async throws {
        try await eventually("it is handed over") { executor.started.contains(run.id) }
        try await eventually("it runs") {
            if try await rig.runs.run(run.id).state == .running { return true }
            rig.clock.advance(by: .milliseconds(20))
            return false
        }
    }

    /// Carries what goes the short way while `body` runs.
    private func direct(_ body: () async throws -> Void) async throws {
        let dispatcher = DirectDispatcher(rig.parts)
        try await withThrowingTaskGroup(of: Void.self) { services in
            services.addTask { try await dispatcher.run() }
            try await eventually("the lane is open") { rig.parts.direct.board() }
            rig.parts.direct.alight()
            try await body()
            services.cancelAll()
        }
    }
}
