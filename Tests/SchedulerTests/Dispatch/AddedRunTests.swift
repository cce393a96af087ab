import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Runs of which the dispatcher is told as they are added.
@Suite(.timeLimit(.minutes(1)))
struct AddedRunTests {
    @Test func `a run that it is told of is handed over without a look at what else there is`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        // That one came would have it look twice.
        _ = await rig.parts.bells.dispatch.wait()
        try await dispatching(rig, try await rig.lead()) {
            // It has looked at the outbox, and will not again before time passes.
            await rig.clock.sleepers()
            let (told, other) = (try await added(rig, "told"), try await added(rig, "other"))
            rig.parts.bells.dispatch.ring(for: [told])
            try await eventually("it is handed over") { executor.started == [told.id] }
            #expect(try await rig.runs.run(other.id) == other)
            rig.parts.bells.dispatch.ring()
            try await eventually("the other comes") { executor.started == [told.id, other.id] }
        }
    }

    @Test func `what the store does not have as it is told is not handed over`() async throws {
        let rig = try SchedulerRig()
        let executor = try await rig.executor()
        try await dispatching(rig, try await rig.lead()) {
            await rig.clock.sleepers()
            let run = try await added(rig, "job")
            var plan = run.plan
            plan.job = JobID(rawValue: 99)
            let wrong = [
                JobRun(id: RunID(rawValue: 99), plan: run.plan, state: run.state),
                JobRun(id: run.id, plan: plan, state: run.state),
            ]
            rig.parts.bells.dispatch.ring(for: wrong)
            // As they are not, the outbox is looked at, where it stands as it is.
            try await eventually("it is handed over") { executor.started == [run.id] }
            #expect(executor.requests.map(\.job) == [run.plan.job])
        }
    }

    @Test(arguments: [false, true])
    func `runs of few jobs that come while it dispatches go one after the other in each line`(
        isOneGone: Bool
    ) async throws {
        let rig = try SchedulerRig()
        // Where the first is not reached, all is for the other.
        if isOneGone { try await rig.beat("a") }
        let executor = try await rig.executor(at: isOneGone ? "b" : "a")
        if !isOneGone { try await rig.executor(at: "b") }
        var jobs: [JobID] = []
        for number in 0..<4 {
            jobs.append(try await rig.jobs.create(.sample("job-\(number)", schedule: .manual)).id)
        }
        let lease = try await rig.lead()
        let count = 40
        try await dispatching(rig, lease) {
            var asked = 0
            try await eventually("all have ended") {
                for _ in 0..<5 where asked < count {
                    _ = try await rig.jobs.trigger(jobs[asked % jobs.count])
                    asked += 1
                }
                let held = try await rig.runs.list(RunFilter(states: [.dispatching, .running])).elements
                for (job, runs) in Dictionary(grouping: held, by: \.plan.job) {
                    #expect(runs.count == 1, "job \(job)")
                }
                for run in held where run.state == .running { await rig.callBack(run.id) }
                let ended = try await rig.runs.list(RunFilter(states: [.ended])).elements.count
                if ended < asked {
                    await rig.clock.sleepers()
                    rig.clock.advance(by: .milliseconds(20))
                }
                return ended == count
            }
        }
        #expect(executor.started.count == count)
        #expect(Set(executor.started).count == count)
    }

    @Test func `a bell that nobody hears keeps no runs, and one that is heard only so many`() async throws {
        let rig = try SchedulerRig()
        let bell = RunBell()
        let run = try await added(rig, "job")
        bell.ring(for: [run])
        #expect(await bell.wait() == RunBell.Ring(isForMore: true))
        await bell.heard {
            bell.ring(for: [run])
            #expect(await bell.wait() == RunBell.Ring(added: [run]))
            bell.ring()
            bell.ring(for: [run])
            #expect(await bell.wait() == RunBell.Ring(added: [run], isForMore: true))
            for _ in 0...RunBell.most { bell.ring(for: [run]) }
            let ring = await bell.wait()
            #expect(ring.added.count == RunBell.most)
            #expect(ring.isForMore)
            bell.ring(for: [run])
        }
        #expect(await bell.wait() == RunBell.Ring(isForMore: true))
    }

    @Test func `a run with long parameters is left to be found by other processes`() async throws {
        let rig = try SchedulerRig()
        var long = try await added(rig, "long").plan
        long.terms.params = String(repeating: "x", count: 20_000)
        let (one, two) = (
            try await added(rig, "short"),
            JobRun(id: RunID(rawValue: 9), plan: long, state: .planned(due: .noon))
        )
        #expect(WakeWord.words(for: RunBell.Ring(added: [one])) == [.runsAdded([one])])
        #expect(WakeWord.words(for: RunBell.Ring(added: [one, two])) == [.runsAdded([one]), .runsMayGo])
        #expect(WakeWord.words(for: RunBell.Ring(added: [two])) == [.runsMayGo])
        #expect(WakeWord.words(for: RunBell.Ring(isForMore: true)) == [.runsMayGo])
        #expect(WakeWord.words(for: RunBell.Ring()).isEmpty)
    }

    /// A run that is due, of which nobody was told.
    private func added(_ rig: SchedulerRig, _ name: String) async throws -> JobRun {
        let spec = JobSpec.sample(name, schedule: .manual)
        let job = try await rig.jobs.create(spec)
        let new = NewRun.sample(of: job.id, terms: RunTerms(spec))
        return try #require(try await rig.parts.runs.add([new]).first)
    }
}
