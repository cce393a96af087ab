import Groundwork
import Logging
import SQLiteDriver
import TestKit
import Testing

@testable import Scheduler

/// One process leads, another one answers operators and executors: only the store is between them.
@Suite(.timeLimit(.minutes(2)))
struct TwoProcessesTests {
    private let leader: SchedulerRig
    /// The same store and the same executors, but no bell of the leader's.
    private let web: SchedulerParts
    private let door: ExecutorDoor

    init() throws {
        leader = try SchedulerRig()
        let parts = leader.parts
        web = SchedulerParts(
            jobs: parts.jobs,
            history: parts.history,
            runs: parts.runs,
            ledger: parts.ledger,
            alarms: parts.alarms,
            registry: parts.registry,
            groups: parts.groups,
            calls: parts.calls,
            executors: parts.executors,
            wall: parts.wall,
            clock: parts.clock,
            logger: parts.logger
        )
        door = ExecutorDoor(web, accessToken: SchedulerRig.accessToken)
    }

    @Test func `the leader takes up a job that another process added, changed or switched off`() async throws
    {
        let executor = try await leader.executor()
        let jobs = JobService(web)
        try await leading {
            var job = try await jobs.create(.sample(schedule: .every(.seconds(2)), overlap: .discardLater))
            try await pass(until: "it is triggered") { executor.requests.count == 1 }
            let first = try #require(try await leader.allRuns().first)
            #expect(first.plan.trigger == .schedule)
            #expect(first.plan.plannedAt == job.createdAt + .seconds(2))
            try await finish(first.id, executor)
            let (changed, before) = (leader.now, executor.requests.count)
            var spec = job.spec
            spec.schedule = .every(.seconds(1))
            spec.params = "other"
            job = try await jobs.update(job.id, version: job.version, to: spec)
            try await pass(until: "it is triggered in its new way") { executor.requests.count > before }
            #expect(leader.now - changed <= .seconds(5))
            #expect(executor.requests.last?.params == "other")
            _ = try await jobs.setEnabled(job.id, false)
            let runs = try await leader.allRuns().count
            for _ in 0..<20 { try await step() }
            #expect(try await leader.allRuns().count == runs)
        }
    }

    @Test func `what another process triggers reaches an executor soon`() async throws {
        let executor = try await leader.executor()
        let job = try await JobService(web).create(.sample(schedule: .manual))
        try await leading {
            let asked = leader.now
            let run = try #require(try await JobService(web).trigger(job.id).first)
            try await pass(until: "it is handed over") { executor.requests.map(\.run) == [run.id] }
            #expect(leader.now - asked <= .seconds(5))
        }
    }

    @Test func `another process's kill ends a run wherever it is`() async throws {
        let executor = try await leader.executor()
        let job = try await JobService(web).create(.sample(schedule: .manual))
        try await leading {
            let run = try #require(try await JobService(web).trigger(job.id).first)
            try await pass(until: "it runs") { try await leader.runs.run(run.id).state == .running }
            #expect(try await RunService(web).kill(run.id) == .ended([run.id]))
            #expect(executor.kills == [job.id])
            // One that waits for its turn.
            let first = try #require(try await JobService(web).trigger(job.id).first)
            try await pass(until: "it runs") { try await leader.runs.run(first.id).state == .running }
            let waiting = try #require(try await JobService(web).trigger(job.id).first)
            #expect(try await RunService(web).kill(waiting.id) == .ended([waiting.id]))
            #expect(try await leader.runs.run(first.id).state == .running)
        }
    }

    @Test func `runs of a serial job follow each other though another process hears of their ends`()
        async throws
    {
        let executor = try await leader.executor()
        let job = try await JobService(web).create(.sample(schedule: .manual))
        for _ in 0..<3 { _ = try await JobService(web).trigger(job.id) }
        let start = leader.now
        try await leading {
            for number in 1...3 {
                try await pass(until: "the next one runs") { executor.started.count == number }
                try await finish(try #require(executor.requests.last?.run), executor)
            }
            #expect(leader.now - start <= .seconds(10))
        }
    }

    @Test func `processes that start together apply the same definitions once`() async throws {
        let definitions = (0..<5).map { JobDefinition(.sample("job-\($0)"), isEnabled: true) }
        try await withThrowingTaskGroup(of: Void.self) { processes in
            for parts in [web, leader.parts, web, leader.parts] {
                processes.addTask { _ = try await JobService(parts).apply(definitions) }
            }
            try await processes.waitForAll()
        }
        #expect(try await leader.jobs.list().elements.count == 5)
    }

    /// Ends a run at its executor, which tells the process that answers executors.
    private func finish(_ run: RunID, _ executor: FakeExecutor) async throws {
        executor.finish(try await leader.runs.run(run).plan.job)
        let item = CallbackItem(run: run, plannedAt: nil, outcome: .succeeded(nil))
        #expect(await door.callBack(CallbackBatch([item])).isSuccess)
    }

    /// Leads while `body` runs.
    private func leading(_ body: () async throws -> Void) async throws {
        let lease = try await leader.lead()
        let triggers = TriggerLoop(leader.parts, planner: TriggerPlanner())
        let dispatcher = Dispatcher(leader.parts, rules: DispatchRules())
        try await withThrowingTaskGroup(of: Void.self) { loops in
            loops.addTask { try await triggers.run(under: lease) }
            loops.addTask { try await dispatcher.run(under: lease) }
            try await body()
            loops.cancelAll()
        }
    }

    /// Lets time pass, as long as it takes.
    private func pass(until what: Comment, _ condition: () async throws -> Bool) async throws {
        try await eventually(what) {
            if try await condition() { return true }
            try await step()
            return false
        }
    }

    /// Lets a little time pass once both loops wait for it.
    private func step() async throws {
        await leader.clock.sleepers(2)
        leader.clock.advance(by: .milliseconds(50))
    }
}
