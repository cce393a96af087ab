import Groundwork
import TestKit
import Testing

@testable import Scheduler

@Suite(.timeLimit(.minutes(1)))
struct TriggerLoopTests {
    @Test func `it sleeps exactly until the next trigger, and never past a second`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let loop = TriggerLoop(rig.parts, planner: TriggerPlanner())
        #expect(try await loop.round(under: lease) == .seconds(1))
        _ = try await rig.jobs.create(.sample(schedule: .every(.milliseconds(250))))
        #expect(try await loop.round(under: lease) == .milliseconds(250))
        rig.clock.advance(by: .milliseconds(249))
        #expect(try await loop.round(under: lease) == .milliseconds(1))
        #expect(try await rig.allRuns().isEmpty)
        rig.clock.advance(by: .milliseconds(1))
        #expect(try await loop.round(under: lease) == .milliseconds(250))
        #expect(try await rig.allRuns().map(\.plan.plannedAt) == [.noon + .milliseconds(250)])
        #expect(rig.parts.gauges.reading.planLateness.sum == .zero)
    }

    @Test func `it is woken by a job that is due before it would look again`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let loop = TriggerLoop(rig.parts, planner: TriggerPlanner())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run(under: lease) }
            await rig.clock.sleepers()
            _ = try await rig.jobs.create(.sample(schedule: .every(.milliseconds(100))))
            // The bell, not the clock, makes it look; then it sleeps until the trigger.
            try await eventually("the trigger is planned") {
                rig.clock.advance(by: .milliseconds(100))
                return try await !rig.allRuns().isEmpty
            }
            group.cancelAll()
        }
    }

    @Test func `a job that another process switches off is planned no more, whatever was read before`()
        async throws
    {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let loop = TriggerLoop(rig.parts, planner: TriggerPlanner())
        let other = try await rig.jobs.create(.sample(schedule: .every(.milliseconds(100))))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run(under: lease) }
            try await eventually("some triggers are planned") {
                rig.clock.advance(by: .milliseconds(10))
                return try await rig.allRuns().count >= 3
            }
            // By the store alone: no bell of this process rings.
            var job = try #require(try await rig.parts.jobs.job(other.id))
            job.isEnabled = false
            _ = try await rig.parts.jobs.replace(job, nextTrigger: .set(nil), at: rig.now)
            let planned = try await rig.allRuns().count
            for _ in 0..<30 {
                await rig.clock.sleepers()
                rig.clock.advance(by: .milliseconds(100))
            }
            #expect(try await rig.allRuns().count == planned)
            group.cancelAll()
        }
    }

    @Test func `what is due within the head start is planned in one go, due at its instant`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let loop = TriggerLoop(rig.parts, planner: TriggerPlanner(headStart: .milliseconds(300)))
        for name in ["a", "b"] { _ = try await rig.jobs.create(.sample(name, schedule: .every(.seconds(1)))) }
        // Most of the head start is left to the trigger when it is planned.
        #expect(try await loop.round(under: lease) == .milliseconds(750))
        rig.clock.advance(by: .milliseconds(750))
        #expect(try await loop.round(under: lease) == .seconds(1))
        let runs = try await rig.allRuns()
        #expect(
            runs.map(\.state) == [.planned(due: .noon + .seconds(1)), .planned(due: .noon + .seconds(1))]
        )
        // Whoever switches a job off before its instant is heeded.
        let job = try #require(runs.first?.plan.job)
        _ = try await rig.jobs.setEnabled(job, false)
        #expect(try await rig.allRuns().map(\.plan.job) == [runs[1].plan.job])
    }

    @Test func `each trigger of many jobs is planned once, though the next ones come along`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let planner = TriggerPlanner(headStart: .seconds(3), stride: .seconds(2))
        let loop = TriggerLoop(rig.parts, planner: planner)
        let count = 33
        for number in 0..<count {
            _ = try await rig.jobs.create(.sample("job-\(number)", schedule: .every(.seconds(1))))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await loop.run(under: lease) }
            var most = Duration.zero
            try await eventually("nine seconds pass") {
                await rig.clock.sleepers()
                let ahead = try await rig.allRuns().map { $0.plan.plannedAt - rig.now }.max()
                most = max(most, ahead ?? .zero)
                rig.clock.advance(by: .milliseconds(500))
                return rig.now >= .noon + .seconds(9)
            }
            group.cancelAll()
            #expect(most > planner.headStart)
            #expect(most <= planner.headStart + planner.stride)
        }
        let runs = try await rig.allRuns()
        for (job, theirs) in Dictionary(grouping: runs, by: \.plan.job) {
            let instants = theirs.map(\.plan.plannedAt).sorted()
            #expect(instants == instants.indices.map { .noon + .seconds($0 + 1) }, "job \(job)")
            #expect(instants.count >= 12)
        }
        // Whoever switches a job off is heeded for all of its triggers that are to come.
        let job = try #require(runs.first?.plan.job)
        _ = try await rig.jobs.setEnabled(job, false)
        let left = try await rig.allRuns().filter { $0.plan.job == job }.map(\.plan.plannedAt)
        #expect(left.allSatisfy { $0 <= rig.now })
    }

    @Test func `a deposed leader stops planning`() async throws {
        let rig = try SchedulerRig()
        let stale = try await rig.lead()
        _ = try await rig.jobs.create(.sample(schedule: .every(.seconds(1))))
        let fresh = try await rig.lead()
        rig.clock.advance(by: .seconds(1))
        let loop = TriggerLoop(rig.parts, planner: TriggerPlanner())
        let error = await #expect(throws: StoreError.self) { try await loop.run(under: stale) }
        #expect(error?.code == .staleToken)
        #expect(try await rig.allRuns().isEmpty)
        try await rig.plan(under: fresh)
        #expect(try await rig.allRuns().count == 1)
    }

    @Test func `a calendar that jumps repeats no trigger`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        _ = try await rig.jobs.create(.sample(schedule: .every(.seconds(1)), misfire: .fireOnce))
        for jump in [3_600, -7_200, 7_200, 1, -1, 86_400, -86_400] {
            rig.clock.setCalendar(to: rig.now + .seconds(jump))
            try await rig.plan(under: lease)
            rig.clock.advance(by: .seconds(1))
            try await rig.plan(under: lease)
        }
        let planned = try await rig.allRuns().map(\.plan.plannedAt)
        #expect(!planned.isEmpty)
        #expect(Set(planned).count == planned.count)
    }
}
