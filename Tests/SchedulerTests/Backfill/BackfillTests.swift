import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Triggers of the past that nobody served, and that somebody asks for afterwards.
@Suite(.timeLimit(.minutes(1))) struct BackfillTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    /// A job of every minute that ran at none of the last ten.
    private func missed(
        _ overlap: BlockStrategy = .serial,
        retry: RetryPolicy = .never
    ) async throws -> Job {
        let spec = JobSpec.sample(schedule: .every(.seconds(60)), overlap: overlap, retry: retry)
        let job = try await rig.jobs.create(spec)
        rig.clock.advance(by: .seconds(630))
        let lease = try await rig.lead()
        try await rig.plan(under: lease)
        return job
    }

    private var span: Backfill { Backfill(from: .noon, until: .noon + .seconds(630)) }

    private func backfilled() async throws -> [JobRun] {
        try await rig.allRuns().filter { $0.plan.trigger == .backfill }
    }

    @Test func `each trigger without a run gets one, also the one that stands for those that were skipped`()
        async throws
    {
        let job = try await missed()
        // One record for all ten.
        #expect(try await rig.allRuns().map(\.end?.reason) == [.misfireSkipped])
        let beforehand = try await rig.jobs.backfillable(job.id, span)
        #expect((beforehand.due, beforehand.missing.count, beforehand.runs.count) == (10, 10, 0))
        #expect(try await backfilled().isEmpty)
        let done = try await rig.jobs.backfill(job.id, span)
        #expect(done.missing == (1...10).map { .noon + .seconds($0 * 60) })
        let runs = try await backfilled()
        #expect(runs.map(\.plan.plannedAt) == done.missing)
        #expect(runs.map(\.plan.attempt) == [2] + Array(repeating: 1, count: 9))
        #expect(runs.allSatisfy { $0.plan.terms.params == "a=1" })
    }

    @Test func `called again, and at once by several, it adds nothing twice`() async throws {
        let job = try await missed()
        let jobs = rig.jobs
        let span = span
        let added = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await jobs.backfill(job.id, span).runs.count } }
            return try await group.reduce(0, +)
        }
        #expect(added == 10)
        let again = try await rig.jobs.backfill(job.id, span)
        #expect((again.due, again.missing.count, again.runs.count) == (10, 0, 0))
        #expect(again.lastDue == nil)
        let instants = try await backfilled().map(\.plan.plannedAt)
        #expect(Set(instants).count == instants.count)
    }

    @Test func `an instant that ran is left alone, whatever became of it`() async throws {
        let job = try await rig.jobs.create(.sample(schedule: .every(.seconds(60))))
        let lease = try await rig.lead()
        for _ in 0..<3 {
            rig.clock.advance(by: .seconds(60))
            try await rig.plan(under: lease)
        }
        let runs = try await rig.allRuns()
        _ = try await rig.runs.kill(try #require(runs.first?.id))
        rig.clock.advance(by: .seconds(30))
        let found = try await rig.jobs.backfillable(job.id, Backfill(from: .noon, until: rig.now))
        #expect((found.due, found.missing.count) == (3, 0))
    }

    @Test func `runs are handed over one after the other, and what is due meanwhile waits for none to come`()
        async throws
    {
        let job = try await missed()
        let lease = try await rig.lead()
        let executor = try await rig.executor()
        var backfill = span
        backfill.spacing = .seconds(5)
        let done = try await rig.jobs.backfill(job.id, backfill)
        #expect(done.lastDue == rig.now + .seconds(45))
        let starts = try await backfilled()
            .compactMap { run in
                if case .planned(let due) = run.state { due } else { nil }
            }
        #expect(starts == (0..<10).map { rig.now + .seconds($0 * 5) })
        // What is due now goes, and so does a trigger of an operator right behind it.
        try await rig.dispatch(under: lease)
        let first = try #require(try await backfilled().first)
        #expect(first.state == .running)
        await rig.callBack(first.id)
        let manual = try #require(try await rig.jobs.trigger(job.id).first)
        try await rig.dispatch(under: lease)
        #expect(try await rig.runs.run(manual.id).state == .running)
        #expect(executor.started.count == 2)
    }

    @Test func `parameters tell the instant in the zone of the schedule`() async throws {
        let daily = ScheduleText.cron("0 30 2 * * ?", zone: "America/New_York")
        let job = try await rig.jobs.create(.sample(schedule: daily))
        var backfill = Backfill(from: .noon - .seconds(3 * 86_400), until: .noon)
        backfill.params = #"{"day":"{date}","at":"{instant}"}"#
        let runs = try await rig.jobs.backfill(job.id, backfill).runs
        #expect(runs.count == 3)
        let rules = try #require(ZoneRules(named: "America/New_York"))
        for run in runs {
            let instant = InstantText.local(run.plan.plannedAt, in: rules)
            #expect(run.plan.terms.params == #"{"day":"\#(instant.prefix(10))","at":"\#(instant)"}"#)
            #expect(instant.contains("T02:30:00-0"))
        }
    }

    @Test func `a run that makes up for a record is tried again as often as any other`() async throws {
        let retry = RetryPolicy(limit: 2)
        let job = try await missed(retry: retry)
        let runs = try await rig.jobs.backfill(job.id, span).runs
            .sorted { $0.plan.plannedAt < $1.plan.plannedAt }
        #expect(runs.map { $0.plan.terms.retry.limit - $0.plan.attempt } == Array(repeating: 1, count: 10))
    }

    @Test func `a sharded job gets a run for each executor that lives`() async throws {
        let spec = JobSpec.sample(schedule: .cron("0 0 * * * ?"), route: .sharding)
        let job = try await rig.jobs.create(spec)
        try await rig.executor(at: "one")
        try await rig.executor(at: "two")
        let span = Backfill(from: .noon - .seconds(2 * 3_600), until: .noon)
        let done = try await rig.jobs.backfill(job.id, span)
        #expect(done.missing.count == 2)
        #expect(done.runs.count == 4)
        #expect(Set(done.runs.map(\.plan.shard)) == Set(Shard.all(2)))
    }

    @Test func `what the scheduler is about to plan by itself is left to it`() async throws {
        let job = try await rig.jobs.create(.sample(schedule: .every(.seconds(60))))
        rig.clock.advance(by: .seconds(200))
        // No leader has planned anything yet: the first trigger is the leader's.
        let found = try await rig.jobs.backfillable(job.id, Backfill(from: .noon, until: rig.now))
        #expect(found.due == 0)
    }

    @Test func `a span that makes no sense is refused, and one with too many triggers with their number`()
        async throws
    {
        let job = try await rig.jobs.create(.sample(schedule: .cron("* * * * * ?")))
        let manual = try await rig.jobs.create(.sample("manual", schedule: .manual))
        let wrong: [(JobID, Backfill, String)] = [
            (job.id, Backfill(from: .noon - .seconds(9), until: .noon + .seconds(1)), "to"),
            (job.id, Backfill(from: .noon, until: .noon), "to"),
            (job.id, Backfill(from: .noon - .seconds(9), until: .noon, spacing: .zero), "spacing"),
            (job.id, Backfill(from: .noon - .seconds(10_001), until: .noon), "to"),
            (job.id, Backfill(from: .noon - .seconds(1_000_001), until: .noon), "to"),
            (manual.id, Backfill(from: .noon - .seconds(9), until: .noon), "from"),
        ]
        for (id, backfill, field) in wrong {
            let error = await #expect(throws: SchedulerError.self) {
                try await rig.jobs.backfill(id, backfill)
            }
            guard case .invalid(let faults) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(faults.map(\.field) == [field], "\(faults)")
        }
        let many = Backfill(from: .noon - .seconds(10_001), until: .noon)
        let error = await #expect(throws: SchedulerError.self) { try await rig.jobs.backfill(job.id, many) }
        #expect("\(String(describing: error))".contains("10001 runs"))
        let most = Backfill(from: .noon - .seconds(10_000), until: .noon)
        #expect(try await rig.jobs.backfill(job.id, most).runs.count == 10_000)
    }

    @Test func `the usual spacing is as long as the job's runs take`() async throws {
        try await rig.executor()
        let (run, _) = try await rig.running(.sample(schedule: .cron("0 0 * * * ?")))
        rig.clock.advance(by: .seconds(40))
        await rig.callBack(run.id)
        let span = Backfill(from: .noon - .seconds(7_200), until: .noon)
        let found = try await rig.jobs.backfillable(run.plan.job, span)
        #expect(found.spacing == .seconds(40))
    }

    @Test func `days of which nobody knows whether they count are counted as steps all the same`()
        async throws
    {
        let calendar = try JobCalendar(name: "old", years: 1_990...1_990)
        var schedule = ScheduleText.cron("* * * * * ?")
        schedule.limits.calendar = .own(calendar)
        let job = try await rig.jobs.create(.sample(schedule: schedule))
        let span = Backfill(from: rig.now - .seconds(1_000_001), until: rig.now)
        let error = await #expect(throws: SchedulerError.self) {
            try await rig.jobs.backfillable(job.id, span)
        }
        guard case .invalid(let faults) = error else {
            Issue.record("must be invalid")
            return
        }
        #expect(faults.first?.reason.contains("more than 1000000 triggers") == true)
    }
}
