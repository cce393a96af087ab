import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct TriggerPlannerTests {
    private let planner = TriggerPlanner()

    @Test func `a job that is not due, not enabled or never due gets no plan`() throws {
        #expect(try planner.plan(job(next: .noon), at: .noon - .milliseconds(1), living: 1) == nil)
        #expect(try planner.plan(job(next: nil), at: .noon, living: 1) == nil)
        #expect(try planner.plan(job(next: .noon, isEnabled: false), at: .noon, living: 1) == nil)
    }

    @Test func `a due trigger gets one run and the instant that follows`() throws {
        let plan = try #require(try planner.plan(job(next: .noon), at: .noon, living: 3))
        #expect(plan.expected == .noon)
        #expect(plan.next == .noon + .seconds(10))
        let run = try #require(plan.runs.first)
        #expect(plan.runs.count == 1)
        #expect(run.plan.plannedAt == .noon)
        #expect(run.plan.trigger == .schedule)
        #expect(run.plan.shard == .whole)
        #expect(run.state == .planned(due: .noon))
    }

    @Test func `a trigger for all executors gets one run a shard`() throws {
        let spec = JobSpec.sample(route: .sharding)
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: .noon, living: 3))
        #expect(plan.runs.map(\.plan.shard) == Shard.all(3))
        let alone = try #require(try planner.plan(job(spec, next: .noon), at: .noon, living: 0))
        #expect(alone.runs.map(\.plan.shard) == [.whole])
    }

    @Test func `every trigger that is late by up to the threshold runs at its own instant`() throws {
        let spec = JobSpec.sample(schedule: .every(.seconds(1)))
        let now = Moment.noon + .seconds(10)
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: now, living: 1))
        #expect(plan.runs.map(\.plan.plannedAt) == (0...10).map { .noon + .seconds($0) })
        #expect(plan.next == .noon + .seconds(11))
    }

    @Test func `where many are planned a job's next triggers come along, and it is moved past them`() throws {
        let planner = TriggerPlanner(headStart: .seconds(3), stride: .seconds(2))
        let spec = JobSpec.sample(schedule: .every(.seconds(1)))
        func plan(at now: Moment, isBusy: Bool, _ spec: JobSpec) throws -> TriggerPlan? {
            try planner.plan(job(spec, next: .noon), at: now, living: 2, isBusy: isBusy)
        }
        let now = Moment.noon - .seconds(3)
        #expect(try plan(at: now - .milliseconds(1), isBusy: true, spec) == nil)
        let alone = try #require(try plan(at: now, isBusy: false, spec))
        #expect(alone.runs.map(\.plan.plannedAt) == [.noon])
        let busy = try #require(try plan(at: now, isBusy: true, spec))
        #expect(busy.runs.map(\.plan.plannedAt) == (0...2).map { .noon + .seconds($0) })
        #expect(busy.runs.map(\.state) == (0...2).map { .planned(due: .noon + .seconds($0)) })
        #expect(busy.next == .noon + .seconds(3))
        // Who is alive by then decides into how many shards it is split.
        let split = JobSpec.sample(schedule: .every(.seconds(1)), route: .sharding)
        #expect(try plan(at: now, isBusy: true, split)?.runs.map(\.plan.plannedAt) == [.noon, .noon])
    }

    @Test func `what is planned ahead is no more than what would be made up for`() {
        let planner = SchedulerSettings().planner
        #expect(planner.headStart + planner.stride <= planner.misfireThreshold)
    }

    @Test func `a takeover from a leader that is gone comes before anything is missed`() {
        let leader = LeaderSettings()
        #expect(planner.misfireThreshold > leader.lease + leader.electionPause)
    }

    @Test func `a batch is bounded and the rest stays due`() throws {
        let planner = TriggerPlanner(misfireThreshold: .seconds(5), batch: 2)
        let spec = JobSpec.sample(schedule: .every(.seconds(1)))
        let plan = try #require(
            try planner.plan(job(spec, next: .noon), at: .noon + .seconds(4), living: 1)
        )
        #expect(plan.runs.count == 2)
        #expect(plan.next == .noon + .seconds(2))
    }

    @Test func `what is later than the threshold is skipped in one row that counts`() throws {
        let now = Moment.noon + .seconds(35)
        let plan = try #require(try planner.plan(job(next: .noon), at: now, living: 1))
        let run = try #require(plan.runs.first)
        #expect(plan.runs.count == 1)
        #expect(run.plan.plannedAt == .noon)
        #expect(run.state == .ended(RunEnd(.misfireSkipped, message: "missed triggers: 4", at: now)))
        #expect(plan.next == .noon + .seconds(40))
    }

    @Test func `one run makes up for all that was missed`() throws {
        let now = Moment.noon + .seconds(35)
        let spec = JobSpec.sample(misfire: .fireOnce)
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: now, living: 1))
        let run = try #require(plan.runs.first)
        #expect(plan.runs.count == 1)
        #expect(run.plan.trigger == .misfire)
        #expect(run.plan.plannedAt == .noon)
        #expect(run.state == .planned(due: now))
        #expect(plan.next == .noon + .seconds(40))
    }

    @Test func `fixed rates never drift, however late they are served`() throws {
        let spec = JobSpec.sample(schedule: .every(.milliseconds(700)), misfire: .fireOnce)
        var job = job(spec, next: .noon)
        var random = SystemRandomNumberGenerator()
        var now = Moment.noon
        for _ in 0..<200 {
            now = now + .milliseconds(Int64.random(in: 0..<9_000, using: &random))
            guard let plan = try planner.plan(job, at: now, living: 1) else { continue }
            for run in plan.runs {
                #expect((run.plan.plannedAt - .noon).wholeMilliseconds.isMultiple(of: 700))
            }
            let next = try #require(plan.next)
            #expect(next > plan.expected)
            job.nextTriggerAt = next
        }
    }

    @Test func `a fixed delay is not due again before its run has ended`() throws {
        let spec = JobSpec.sample(schedule: .after(.seconds(2)))
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: .noon, living: 1))
        #expect(plan.next == nil)
        #expect(plan.runs.first?.plan.terms.followUp == .seconds(2))
    }

    @Test func `a fixed delay that skips what it missed goes on`() throws {
        let spec = JobSpec.sample(schedule: .after(.seconds(2)))
        let now = Moment.noon + .seconds(60)
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: now, living: 1))
        #expect(plan.next == now + .seconds(2))
    }

    @Test func `one instant is due once`() throws {
        let spec = JobSpec.sample(schedule: .once(at: .noon))
        let plan = try #require(try planner.plan(job(spec, next: .noon), at: .noon, living: 1))
        #expect(plan.runs.count == 1)
        #expect(plan.next == nil)
    }

    private func job(
        _ spec: JobSpec = .sample(),
        next: Moment?,
        isEnabled: Bool = true
    ) -> Job {
        Job(
            id: JobID(rawValue: 1),
            spec: spec,
            isEnabled: isEnabled,
            createdAt: .noon,
            nextTriggerAt: next
        )
    }
}
