import Groundwork
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct ChildJobTests {
    @Test func `a child runs once its parent has succeeded, with its own parameters`() async throws {
        let stage = try await Stage([ChildJob(JobName("app/child"))])
        let parent = try await stage.trigger()[0]
        #expect(try await stage.follow().isEmpty)
        await stage.rig.callBack(parent.id, .succeeded("42"))
        let child = try #require(try await stage.follow().first)
        #expect(child.plan.parent == parent.id)
        #expect(child.plan.trigger == .parent)
        #expect(child.plan.terms.params == "a=1")
        #expect(try await stage.follow().isEmpty)
    }

    @Test(arguments: [
        (RunReason.completed, [ChildCondition.success, .end]),
        (.handlerFailed, [.failure, .end]),
        (.timedOut, [.failure, .end]),
        (.killed, [.failure, .end]),
        (.discarded, [.end]),
    ])
    func `each condition holds after the ends that it names`(
        reason: RunReason,
        holding: [ChildCondition]
    ) async throws {
        let names = ChildCondition.allCases.map(\.rawValue)
        let children = ChildCondition.allCases.map { ChildJob(JobName("app/\($0.rawValue)"), on: $0) }
        let stage = try await Stage(children, childNames: names)
        try await stage.end(stage.trigger()[0], reason)
        let followed = try await stage.follow().map(\.plan.job)
        #expect(try followed == holding.map { try stage.child($0.rawValue).id })
    }

    @Test func `a run that is tried again has no children until the last attempt has ended`() async throws {
        let children = [ChildJob(JobName("app/child"), on: .failure)]
        let stage = try await Stage(children, retry: RetryPolicy(limit: 1))
        let first = try await stage.trigger()[0]
        try await stage.end(first, .handlerFailed)
        #expect(try await stage.follow().isEmpty)
        let second = try #require(try await stage.rig.allRuns().last)
        #expect(second.plan.attempt == 2)
        try await stage.end(second, .handlerFailed)
        #expect(try await stage.follow().map(\.plan.parent) == [second.id])
    }

    @Test(arguments: [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    func `of a split trigger the last shard that ends speaks for all, in whatever order they end`(
        order: [Int]
    ) async throws {
        let stage = try await Stage(
            [ChildJob(JobName("app/child"), params: .result)],
            route: .sharding,
            hosts: ["one", "three", "two"]
        )
        let shards = try await stage.trigger()
        for (place, index) in order.enumerated() {
            #expect(try await stage.follow().isEmpty, "before end \(place)")
            try await stage.end(shards[index], .completed, message: "part \(index)")
        }
        let child = try #require(try await stage.follow().first)
        #expect(child.plan.terms.params == #"["part 0","part 1","part 2"]"#)
        #expect(try await stage.follow().isEmpty)
    }

    @Test func `shards whose clocks disagree trigger a joined child once, in whatever order they come in`()
        async throws
    {
        let stage = try await Stage(
            [ChildJob(JobName("app/child"))],
            route: .sharding,
            hosts: ["one", "three", "two"]
        )
        let shards = try await stage.trigger()
        // The later it comes in, the earlier it says it was.
        for (place, index) in [2, 0, 1].enumerated() {
            let end = RunEnd(.completed, at: stage.rig.now - .seconds(place))
            try await RunCloser(stage.rig.parts).close(shards[index], end, token: nil)
            #expect(try await stage.follow().count == (place == 2 ? 1 : 0))
        }
        #expect(try await stage.follow().isEmpty)
    }

    @Test func `shards that end at once trigger a joined child once`() async throws {
        let stage = try await Stage(
            [ChildJob(JobName("app/child"))],
            route: .sharding,
            hosts: ["one", "two"]
        )
        let shards = try await stage.trigger()
        for shard in shards { try await stage.end(shard, .completed) }
        #expect(try await stage.follow().count == 1)
    }

    @Test func `one failed shard is a failure of the whole, whatever the others do`() async throws {
        let children = [
            ChildJob(JobName("app/good"), on: .success), ChildJob(JobName("app/bad"), on: .failure),
        ]
        let stage = try await Stage(
            children,
            childNames: ["good", "bad"],
            route: .sharding,
            hosts: ["one", "two"]
        )
        let shards = try await stage.trigger()
        try await stage.end(shards[0], .handlerFailed)
        try await stage.end(shards[1], .completed)
        #expect(try await stage.follow().map(\.plan.job) == [try stage.child("bad").id])
    }

    @Test func `a failed shard that succeeds when tried again is no failure`() async throws {
        let children = [
            ChildJob(JobName("app/good"), on: .success), ChildJob(JobName("app/bad"), on: .failure),
        ]
        let stage = try await Stage(
            children,
            childNames: ["good", "bad"],
            route: .sharding,
            hosts: ["one", "two"],
            retry: RetryPolicy(limit: 1)
        )
        let shards = try await stage.trigger()
        try await stage.end(shards[0], .handlerFailed)
        try await stage.end(shards[1], .completed)
        #expect(try await stage.follow().isEmpty)
        let again = try #require(try await stage.rig.allRuns().first { $0.plan.attempt == 2 })
        try await stage.end(again, .completed)
        #expect(try await stage.follow().map(\.plan.job) == [try stage.child("good").id])
    }

    @Test func `where each shard counts by itself, each triggers the child`() async throws {
        let stage = try await Stage(
            [ChildJob(JobName("app/child"), params: .result, isPerShard: true)],
            route: .sharding,
            hosts: ["one", "two"]
        )
        let shards = try await stage.trigger()
        try await stage.end(shards[0], .completed, message: "first")
        try await stage.end(shards[1], .completed, message: "second")
        let followed = try await stage.follow()
        #expect(followed.map(\.plan.terms.params) == ["first", "second"])
        #expect(Set(followed.map(\.plan.plannedAt)).count == 2)
    }

    @Test(arguments: [(ChildParams.own, "a=1"), (.parent, "b=2"), (.result, "rows: 7")])
    func `a child is given the parameters that its parent says`(
        params: ChildParams,
        given: String
    ) async throws {
        let stage = try await Stage([ChildJob(JobName("app/child"), params: params)])
        let parent = try await stage.trigger(params: "b=2")[0]
        try await stage.end(parent, .completed, message: "rows: 7")
        #expect(try await stage.follow().map(\.plan.terms.params) == [given])
    }

    @Test func `a child whose millisecond is taken is triggered all the same`() async throws {
        let stage = try await Stage([ChildJob(JobName("app/child"))])
        let parent = try await stage.trigger()[0]
        try await stage.end(parent, .completed)
        _ = try await stage.rig.jobs.trigger(stage.child("child").id)
        #expect(try await stage.follow().isEmpty)
        stage.rig.clock.advance(by: .milliseconds(1))
        #expect(try await stage.follow().map(\.plan.parent) == [parent.id])
    }

    @Test func `a child that does not exist holds up nobody`() async throws {
        let stage = try await Stage([ChildJob(JobName("app/gone")), ChildJob(JobName("app/child"))])
        try await stage.end(stage.trigger()[0], .completed)
        #expect(try await stage.follow().map(\.plan.job) == [try stage.child("child").id])
    }

    @Test func `a parent that was removed meanwhile leads to nothing`() async throws {
        let stage = try await Stage([ChildJob(JobName("app/child"))])
        try await stage.end(stage.trigger()[0], .completed)
        try await stage.rig.jobs.remove(stage.parent.id)
        #expect(try await stage.follow().isEmpty)
        #expect(try await stage.rig.parts.runs.sequels(limit: 10).isEmpty)
    }

    @Test func `the end of a parent is followed up by the next leader when the first died before`()
        async throws
    {
        let stage = try await Stage([ChildJob(JobName("app/child"))])
        try await stage.end(stage.trigger()[0], .completed)
        let next = try await stage.rig.lead()
        await #expect(throws: StoreError.self) { try await stage.follow() }
        _ = try await SequelLoop(stage.rig.parts, planner: TriggerPlanner()).round(under: next)
        #expect(try await stage.rig.allRuns().count == 2)
    }

    @Test func `a job that would trigger itself is refused, however long the way`() async throws {
        let rig = try SchedulerRig()
        let itself = await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.create(.sample("a", children: [ChildJob(JobName("app/a"))]))
        }
        #expect("\(itself!)".contains("children"))
        _ = try await rig.jobs.create(.sample("a", children: [ChildJob(JobName("app/b"))]))
        let b = try await rig.jobs.create(.sample("b"))
        _ = try await rig.jobs.create(.sample("c", children: [ChildJob(JobName("app/a"))]))
        let round = await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.update(
                b.id,
                version: b.version,
                to: .sample("b", children: [ChildJob(JobName("app/c"))])
            )
        }
        #expect("\(round!)".contains("app/b → app/c → app/a → app/b"))
    }
}

/// A parent, its children and a leader.
private struct Stage {
    let rig: SchedulerRig
    let lease: Lease
    let parent: Job
    private let children: [String: Job]

    init(
        _ list: [ChildJob],
        childNames: [String] = ["child"],
        route: RouteStrategy = .first,
        hosts: [String] = ["one"],
        retry: RetryPolicy = .never
    ) async throws {
        rig = try SchedulerRig()
        lease = try await rig.lead()
        for host in hosts { try await rig.executor(at: host) }
        var made: [String: Job] = [:]
        for name in childNames { made[name] = try await rig.jobs.create(.sample(name, schedule: .manual)) }
        children = made
        parent = try await rig.jobs.create(
            .sample("parent", schedule: .manual, route: route, retry: retry, children: list)
        )
    }

    func child(_ name: String) throws -> Job { try #require(children[name]) }

    func trigger(params: String? = nil) async throws -> [JobRun] {
        try await rig.jobs.trigger(parent.id, params: params)
    }

    func end(_ run: JobRun, _ reason: RunReason, message: String = "") async throws {
        rig.clock.advance(by: .milliseconds(5))
        try await RunCloser(rig.parts).close(run, RunEnd(reason, message: message, at: rig.now), token: nil)
    }

    /// Follows up all ends; gives the runs that came of it.
    @discardableResult
    func follow() async throws -> [JobRun] {
        let before = Set(try await rig.allRuns().map(\.id))
        _ = try await SequelLoop(rig.parts, planner: TriggerPlanner()).round(under: lease)
        return try await rig.allRuns().filter { !before.contains($0.id) }
    }
}
