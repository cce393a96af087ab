import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Runs that wait for room.
@Suite(.timeLimit(.minutes(1)))
struct DispatcherTests {
    @Test func `more runs than there is room for are all handed over, each once`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        for number in 0..<200 {
            let job = try await rig.jobs.create(.sample("job-\(number)", schedule: .manual))
            _ = try await rig.jobs.trigger(job.id)
        }
        var rules = DispatchRules()
        rules.underWay = 100
        rules.underWayOfGroup = 64
        try await dispatching(rig, lease, rules) {
            try await pass(rig, until: "all runs run") {
                try await rig.parts.runs.runs(RunFilter(states: [.running]), after: nil, limit: 500).elements
                    .count == 200
            }
        }
        #expect(executor.requests.count == 200)
        #expect(Set(executor.started).count == 200)
    }

    @Test func `runs of one job wait for each other while others of it are known`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .manual, overlap: .serial))
        var runs: [RunID] = []
        for _ in 0..<5 { runs += try await rig.jobs.trigger(job.id).map(\.id) }
        try await dispatching(rig, lease) {
            for run in runs {
                try await pass(rig, until: "the next run runs") {
                    try await rig.runs.run(run).state == .running
                }
                #expect(executor.requests.last?.run == run)
                executor.finish(job.id)
                await rig.callBack(run)
            }
        }
        #expect(executor.requests.map(\.run) == runs)
    }

    @Test func `a run is written as sent a little before its instant, and sent at the instant`() async throws
    {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let run = try await planned(rig, .serial)
        try await dispatching(rig, lease) {
            try await pass(rig, until: "the run is taken up") {
                try await rig.runs.run(run.id).state.name == .dispatching
            }
            #expect(rig.now < .noon + .seconds(1))
            #expect(executor.requests.isEmpty)
            // Its time counts from the instant.
            #expect(try await rig.runs.run(run.id).dispatchedAt == .noon + .seconds(1))
            try await pass(rig, until: "the run runs") { try await rig.runs.run(run.id).state == .running }
            #expect(executor.requests.map(\.run) == [run.id])
            #expect(rig.now >= .noon + .seconds(1))
        }
    }

    @Test func `a run whose fate others decide is looked at when it is due`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let run = try await planned(rig, .discardLater)
        try await dispatching(rig, lease) {
            try await pass(rig, until: "the instant is near") { rig.now >= .noon + .milliseconds(980) }
            #expect(try await rig.runs.run(run.id).state.name == .planned)
            try await pass(rig, until: "the run runs") { try await rig.runs.run(run.id).state == .running }
            #expect(executor.requests.map(\.run) == [run.id])
        }
    }

    @Test func `a term that ends leaves what was not sent yet as planned`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let run = try await planned(rig, .serial)
        try await dispatching(rig, lease) {
            try await pass(rig, until: "the run is taken up") {
                try await rig.runs.run(run.id).state.name == .dispatching
            }
        }
        let left = try await rig.runs.run(run.id)
        #expect(left.state == .planned(due: .noon + .seconds(1)))
        #expect(left.executor == nil)
        #expect(executor.requests.isEmpty)
    }

    @Test func `serial runs stay one after the other while the first of them looks for somebody idle`()
        async throws
    {
        let rig = try SchedulerRig()
        let executors = [try await rig.executor(at: "a"), try await rig.executor(at: "b")]
        executors[0].setDeaf(true)
        let lease = try await rig.lead()
        let spec = JobSpec.sample(schedule: .manual, route: .busyover)
        let job = try await rig.jobs.create(spec)
        // The older one is due later, as one of a backfill may be.
        let older = NewRun.sample(of: job.id, at: .noon + .milliseconds(500), terms: RunTerms(spec))
        let first = try #require(try await rig.parts.runs.add([older]).first)
        let second = try #require(try await rig.jobs.trigger(job.id).first)
        try await dispatching(rig, lease) {
            try await pass(rig, until: "a run runs") {
                let states = try await rig.runs.list().elements.map(\.state)
                return states.contains(.running) && rig.now > .noon + .seconds(1)
            }
            #expect(executors[1].started == [second.id])
            #expect(try await rig.runs.run(first.id).state.name == .planned)
            executors[1].finish(job.id)
            await rig.callBack(second.id)
            try await pass(rig, until: "the other runs") {
                try await rig.runs.run(first.id).state == .running
            }
        }
        #expect(executors[1].started == [second.id, first.id])
    }

    /// A run that is due in a second.
    private func planned(_ rig: SchedulerRig, _ overlap: BlockStrategy) async throws -> JobRun {
        let spec = JobSpec.sample(schedule: .manual, overlap: overlap)
        let job = try await rig.jobs.create(spec)
        let new = NewRun.sample(of: job.id, at: .noon + .seconds(1), terms: RunTerms(spec))
        return try #require(try await rig.parts.runs.add([new]).first)
    }
}
