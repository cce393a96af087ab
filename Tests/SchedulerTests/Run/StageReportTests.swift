import Groundwork
import TestKit
import Testing

@testable import Scheduler

struct StageReportTests {
    @Test func `the spread of durations is by the nearest rank`() throws {
        let spread = try #require(StageReport.Spread((1...200).reversed().map { .milliseconds($0) }))
        #expect(spread.median == .milliseconds(100))
        #expect(spread.percentile99 == .milliseconds(198))
        #expect(spread.longest == .milliseconds(200))
        let one = try #require(StageReport.Spread([.seconds(3)]))
        #expect(one.median == .seconds(3) && one.percentile99 == .seconds(3))
        #expect(StageReport.Spread([]) == nil)
    }

    @Test func `a job's runs are told stage by stage, of what its schedule made alone`() async throws {
        let rig = try SchedulerRig()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(.sample(schedule: .every(.seconds(10)), overlap: .coverEarly))
        let none = try await rig.jobs.lateness(of: job.id)
        #expect(none.runs == 0 && none.start == nil && none.span == nil)
        // Sent 1 s after it was due, accepted 2 s after that, ended 3 s after that; then the same a second slower.
        for (round, slow) in [Duration.zero, .seconds(1)].enumerated() {
            rig.clock.advance(by: Moment.noon + .seconds(10 * (round + 1)) - rig.now)
            try await rig.plan(under: lease)
            rig.clock.advance(by: .seconds(1) + slow)
            let run = try #require(try await rig.allRuns().last)
            let sent = try #require(
                run.dispatched(to: .sample(), at: rig.now, resendAt: rig.now + .seconds(60))
            )
            let stored = try #require(try await rig.parts.runs.advance([sent], token: lease.token).first)
            rig.clock.advance(by: .seconds(2))
            let accepted = try #require(stored.accepted(at: rig.now))
            _ = try await rig.parts.runs.advance([accepted], token: lease.token)
            rig.clock.advance(by: .seconds(3))
            let last = try #require(try await rig.allRuns().last)
            try await RunCloser(rig.parts).close(last, RunEnd(.completed, at: rig.now), token: nil)
        }
        _ = try await rig.jobs.trigger(job.id)
        let report = try await rig.jobs.lateness(of: job.id)
        #expect(report.runs == 2)
        #expect(report.span == Moment.noon + .seconds(10)...Moment.noon + .seconds(20))
        #expect(report.stages[.sent]?.median == .seconds(1))
        #expect(report.stages[.sent]?.longest == .seconds(2))
        #expect(report.stages[.accepted]?.longest == .seconds(2))
        #expect(report.stages[.ended]?.median == .seconds(3))
        #expect(report.start?.percentile99 == .seconds(4))
        #expect(report.stages[.planned] == nil)
        await #expect(throws: SchedulerError.self) {
            _ = try await rig.jobs.lateness(of: JobID(rawValue: 99))
        }
    }
}
