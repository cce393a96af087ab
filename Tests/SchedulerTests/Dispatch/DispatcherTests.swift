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
        try await dispatching(rig, lease) {
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

    /// Dispatches while `body` runs.
    private func dispatching(
        _ rig: SchedulerRig,
        _ lease: Lease,
        _ body: () async throws -> Void
    ) async throws {
        let dispatcher = Dispatcher(rig.parts, rules: DispatchRules())
        try await withThrowingTaskGroup(of: Void.self) { loops in
            loops.addTask { try await dispatcher.run(under: lease) }
            try await body()
            loops.cancelAll()
        }
    }

    /// Lets a little time pass whenever the dispatcher waits for it.
    private func pass(
        _ rig: SchedulerRig,
        until what: Comment,
        _ condition: () async throws -> Bool
    ) async throws {
        try await eventually(what) {
            if try await condition() { return true }
            await rig.clock.sleepers()
            rig.clock.advance(by: .milliseconds(20))
            return false
        }
    }
}
