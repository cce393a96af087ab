import GRDB
import Groundwork
import TestKit
import Testing

@testable import SQLiteDriver
@testable import Scheduler

/// The comparison of what ran with what was due, on a real store that tests change behind the scheduler's back.
struct LedgerAuditTests {
    @Test func `what ran as it was due is proven, through changes of the jobs`() async throws {
        let stage = try await LedgerStage()
        let jobs = stage.rig.jobs
        let steady = try await jobs.create(.sample("steady", schedule: .every(.seconds(2))))
        let cron = try await jobs.create(.sample("cron", schedule: .cron("0/5 * * * * ?", zone: "UTC")))
        _ = try await jobs.create(.sample("delayed", schedule: .after(.seconds(3))))
        let gone = try await jobs.create(.sample("gone", schedule: .every(.seconds(4))))
        try await stage.pass(.seconds(21))
        var spec = steady.spec
        spec.params = "other"
        let kept = try await jobs.update(steady.id, version: steady.version, to: spec)
        spec.schedule = .every(.seconds(7))
        _ = try await jobs.update(steady.id, version: kept.version, to: spec)
        _ = try await jobs.setEnabled(cron.id, false)
        _ = try await jobs.trigger(cron.id)
        try await stage.pass(.seconds(22))
        _ = try await jobs.setEnabled(cron.id, true)
        try await jobs.remove(gone.id)
        try await stage.pass(.seconds(20))
        let report = try await stage.verify()
        #expect(report.findings.isEmpty)
        #expect(report.isProven)
        #expect(report.jobs == 4)
        #expect(report.counts.asked == 1)
        let runs = try await stage.rig.allRuns().filter { $0.plan.plannedAt < report.span.upperBound }
        #expect(report.counts.served == runs.count - 1)
        #expect(report.counts.expected == report.counts.served)
    }

    @Test func `triggers that nobody served in time are skipped, or made up for, and not missing`()
        async throws
    {
        let stage = try await LedgerStage(headStart: .zero)
        _ = try await stage.rig.jobs.create(.sample("skip", schedule: .every(.seconds(2))))
        let spec = JobSpec.sample("once", schedule: .every(.seconds(3)), misfire: .fireOnce)
        _ = try await stage.rig.jobs.create(spec)
        try await stage.pass(.seconds(10))
        stage.rig.clock.advance(by: .seconds(60))
        try await stage.serve()
        try await stage.pass(.seconds(20))
        let report = try await stage.verify()
        #expect(report.findings.isEmpty)
        #expect(report.counts.skipped == 30)
        // Of 20 that were missed one ran.
        #expect(report.counts.madeUp == 19)
        #expect(
            report.counts.expected == report.counts.served + report.counts.skipped + report.counts.madeUp
        )
    }

    @Test func `skipped triggers that were made up for on demand are served, and none is there twice`()
        async throws
    {
        let stage = try await LedgerStage(headStart: .zero)
        let job = try await stage.rig.jobs.create(.sample("skip", schedule: .every(.seconds(2))))
        try await stage.pass(.seconds(10))
        stage.rig.clock.advance(by: .seconds(60))
        try await stage.serve()
        try await stage.pass(.seconds(10))
        let span = Backfill(from: .noon, until: stage.rig.now, spacing: .seconds(1))
        let outcome = try await stage.rig.jobs.backfill(job.id, span)
        #expect(outcome.runs.count == 30)
        try await stage.pass(.seconds(60))
        let report = try await stage.verify()
        #expect(report.findings.isEmpty)
        // The record of the skipped triggers stands at the first of them.
        #expect(report.counts.skipped == 1)
        #expect(report.counts.expected == report.counts.served + 1)
    }

    @Test func `a run that is gone is named, and no other`() async throws {
        let (stage, job) = try await Self.served()
        let instant = Moment.noon + .seconds(6)
        try await stage.change("DELETE FROM runs WHERE job = ? AND planned_at = ?", job, instant)
        let report = try await stage.verify()
        #expect(report.findings.map(\.kind) == [.missing])
        #expect(report.findings.first?.job == job)
        #expect(report.findings.first?.instant == instant)
        #expect(report.differences == [.missing: 1])
    }

    @Test func `a run that is there twice is named`() async throws {
        let (stage, job) = try await Self.served()
        let instant = Moment.noon + .seconds(6)
        try await stage.copy(job, instant, changing: ["shard_index": "1"])
        try await stage.copy(job, instant, changing: ["attempt": "2"])
        try await stage.copy(job, instant, changing: ["planned_at": "planned_at + 1"])
        let report = try await stage.verify()
        #expect(report.findings.map(\.kind) == [.doubled, .doubled, .unplanned])
        #expect(report.findings.map(\.instant) == [instant, instant, instant + .milliseconds(1)])
        #expect(report.findings.allSatisfy { $0.run != nil })
    }

    @Test func `a run of another instant is named, and so is the instant that it left`() async throws {
        let (stage, job) = try await Self.served()
        let instant = Moment.noon + .seconds(6)
        let sql = "UPDATE runs SET planned_at = planned_at + 700 WHERE job = ? AND planned_at = ?"
        try await stage.change(sql, job, instant)
        let report = try await stage.verify()
        #expect(report.findings.map(\.kind) == [.missing, .unplanned])
        #expect(report.findings.map(\.instant) == [instant, instant + .milliseconds(700)])
    }

    @Test func `what was handed over early or late is named`() async throws {
        let (stage, job) = try await Self.served()
        let sql = "UPDATE runs SET dispatched_at = dispatched_at + ? WHERE job = ? AND planned_at = ?"
        try await stage.change(sql, -1_500, job, Moment.noon + .seconds(4))
        try await stage.change(sql, 7_000, job, Moment.noon + .seconds(8))
        let report = try await stage.verify()
        #expect(report.findings.map(\.kind) == [.early, .late])
        #expect(report.findings.map(\.instant) == [.noon + .seconds(4), .noon + .seconds(8)])
        #expect(report.findings.last?.detail == "handed over after 7.000 s")
        #expect(try await stage.verify(limit: .seconds(8)).findings.map(\.kind) == [.early])
    }

    @Test func `a serial run that waited for the one before it is not late`() async throws {
        var stage = try await LedgerStage()
        stage.length = .seconds(9)
        let serial = JobSpec.sample("serial", schedule: .every(.seconds(10)), overlap: .serial)
        let job = try await stage.rig.jobs.create(serial)
        _ = try await stage.rig.jobs.trigger(job.id)
        try await stage.pass(.milliseconds(9_500))
        _ = try await stage.rig.jobs.trigger(job.id)
        try await stage.pass(.seconds(40))
        #expect(try await stage.verify(limit: .seconds(2)).findings.isEmpty)
        let sql = "UPDATE runs SET overlap = 'DISCARD_LATER' WHERE job = ?"
        try await stage.change(sql, job.id)
        let history =
            "UPDATE job_history SET spec = json_set(spec, '$.overlap', 'DISCARD_LATER') WHERE job = ?"
        try await stage.change(history, job.id)
        #expect(try await stage.verify(limit: .seconds(2)).differences[.late] ?? 0 > 0)
    }

    @Test func `a job is compared only as far back as its runs are kept, and others as ever`() async throws {
        let (stage, job) = try await Self.served()
        let other = try await stage.rig.jobs.create(.sample("other", schedule: .every(.seconds(3))))
        try await stage.pass(.seconds(12))
        let before = try await stage.verify()
        let selection = RunSelection(.job(job), .endedBefore(.noon + .seconds(7)))
        let runs = stage.rig.parts.runs
        #expect(try await runs.clear(selection, limit: 100, by: RunCalendar()) == 3)
        let report = try await stage.verify()
        #expect(report.isProven)
        let notBefore = try #require(report.notBefore)
        #expect(notBefore > .noon + .seconds(6) && notBefore <= .noon + .seconds(7))
        #expect(report.counts.served == before.counts.served - 3)
        let gone = "DELETE FROM runs WHERE job = ? AND planned_at = ?"
        try await stage.change(gone, other.id, other.createdAt + .seconds(3))
        #expect(try await stage.verify().findings.map(\.job) == [other.id])
    }

    @Test func `a fixed delay of whose past nothing is kept is proven from there on`() async throws {
        let stage = try await LedgerStage()
        let job = try await stage.rig.jobs.create(.sample("delayed", schedule: .after(.seconds(2))))
        try await stage.pass(.seconds(30))
        let runs = try await stage.rig.allRuns()
        let last = try #require(runs.dropFirst(3).first?.end?.at)
        let selection = RunSelection(.job(job.id), .endedBefore(last + .milliseconds(1)))
        let calendar = stage.rig.parts.calendar
        #expect(try await stage.rig.parts.runs.clear(selection, limit: 100, by: calendar) == 4)
        let report = try await stage.verify()
        #expect(report.findings.isEmpty)
        #expect(report.counts.served > 3)
    }

    @Test func `a fixed delay counts from the end of the last attempt, also where that is before the span`()
        async throws
    {
        let stage = try await LedgerStage()
        let backoff = Backoff(first: .seconds(3), ceiling: .seconds(3), jitter: 0)
        let spec = JobSpec.sample(
            "delayed",
            schedule: .after(.seconds(4)),
            retry: RetryPolicy(limit: 1, backoff: backoff)
        )
        _ = try await stage.rig.jobs.create(spec)
        try await stage.pass(.seconds(4), step: .milliseconds(100))
        let first = try #require(try await stage.rig.allRuns().first)
        let failed = try #require(RunClosing(first, RunEnd(.handlerFailed, at: stage.rig.now)))
        _ = try await stage.rig.parts.runs.close([failed], token: nil)
        try await stage.pass(.seconds(4), step: .milliseconds(100))
        let retry = try #require(try await stage.rig.allRuns().last)
        #expect(retry.plan.attempt == 2)
        let over = try #require(retry.end?.at)
        try await stage.pass(.seconds(30), step: .milliseconds(100))
        #expect(try await stage.verify(from: over + .milliseconds(1)).findings.isEmpty)
    }

    @Test func `a fixed delay waits for a run that somebody asked for, and is not missing meanwhile`()
        async throws
    {
        var stage = try await LedgerStage()
        let jobs = stage.rig.jobs
        let job = try await jobs.create(.sample("delayed", schedule: .after(.seconds(2)), overlap: .serial))
        stage.length = .seconds(1)
        try await stage.pass(.milliseconds(2_500), step: .milliseconds(100))
        // Waits behind the run of the schedule, and takes long.
        _ = try await jobs.trigger(job.id)
        try await stage.pass(.seconds(1), step: .milliseconds(100))
        stage.length = .seconds(20)
        try await stage.pass(.seconds(10), step: .milliseconds(100))
        #expect(try await stage.verify(limit: .seconds(1)).findings.isEmpty)
        var spec = job.spec
        spec.params = "other"
        _ = try await jobs.update(job.id, version: job.version, to: spec)
        try await stage.pass(.seconds(30), step: .milliseconds(100))
        #expect(try await stage.verify(limit: .seconds(1)).findings.isEmpty)
    }

    @Test func `a run that was made up for hides no other that was late`() async throws {
        let stage = try await LedgerStage()
        let serial = JobSpec.sample("serial", schedule: .every(.seconds(2)), overlap: .serial)
        let job = try await stage.rig.jobs.create(serial)
        try await stage.pass(.seconds(20))
        let instant = Moment.noon + .seconds(4)
        try await stage.change("DELETE FROM runs WHERE job = ? AND planned_at = ?", job.id, instant)
        _ = try await stage.rig.jobs.setEnabled(job.id, false)
        let span = Backfill(from: .noon, until: instant + .seconds(1))
        #expect(try await stage.rig.jobs.backfill(job.id, span).runs.count == 1)
        try await stage.pass(.seconds(20))
        let sql = "UPDATE runs SET dispatched_at = dispatched_at + ? WHERE job = ? AND planned_at = ?"
        try await stage.change(sql, 7_000, job.id, Moment.noon + .seconds(8))
        #expect(try await stage.verify().findings.map(\.kind) == [.late])
    }

    @Test func `a span of which nothing was due yet is refused`() async throws {
        let (stage, _) = try await Self.served()
        let now = stage.rig.now
        await #expect(throws: SchedulerError.self) { _ = try await stage.verify(from: now - .seconds(1)) }
    }

    /// A job that was due every two seconds for half a minute, and ran.
    private static func served() async throws -> (LedgerStage, JobID) {
        let stage = try await LedgerStage()
        let job = try await stage.rig.jobs.create(.sample(schedule: .every(.seconds(2))))
        try await stage.pass(.seconds(30))
        try #require(try await stage.verify().isProven)
        return (stage, job.id)
    }
}

/// Random schedules, changes and outages leave a ledger that is proven, and each row that is taken out of it is found.
struct LedgerPropertyTests {
    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `whatever happens to jobs, their ledger is proven, and any row that is gone is named`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let stage = try await LedgerStage()
        let jobs = stage.rig.jobs
        var ids: [JobID] = []
        for number in 0..<4 {
            ids.append(try await jobs.create(Self.spec("job \(number)", &random)).id)
        }
        for _ in 0..<24 {
            let id = ids[Int.random(in: 0..<ids.count, using: &random)]
            let job = try await jobs.job(id)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: _ = try await jobs.setEnabled(id, !job.isEnabled)
            case 1:
                let spec = Self.spec(job.spec.name, &random)
                _ = try await jobs.update(id, version: job.version, to: spec)
            case 2: _ = try await jobs.trigger(id)
            case 3:
                // Nobody leads for a while.
                stage.rig.clock.advance(by: .milliseconds(Int.random(in: 1...40_000, using: &random)))
                try await stage.serve()
            default: break
            }
            let step = Duration.milliseconds(Int.random(in: 50...900, using: &random))
            try await stage.pass(.milliseconds(Int.random(in: 1...6_000, using: &random)), step: step)
        }
        // However long nobody led, and a run waited for that, is no difference here.
        let limit = Duration.seconds(60)
        try await stage.pass(limit + .seconds(12))
        let report = try await stage.verify(limit: limit)
        #expect(report.findings.isEmpty)
        #expect(report.counts.expected > 10)

        let runs = try await stage.rig.allRuns()
            .filter { $0.plan.trigger == .schedule && $0.plan.plannedAt < report.span.upperBound }
        let choice = runs.randomElement(using: &random)
        let victim = try #require(choice)
        let sql = "DELETE FROM runs WHERE job = ? AND planned_at = ?"
        try await stage.change(sql, victim.plan.job, victim.plan.plannedAt)
        let missing = try await stage.verify(limit: limit).findings
        #expect(missing.map(\.kind) == [.missing])
        #expect(missing.first?.job == victim.plan.job)
        #expect(missing.first?.instant == victim.plan.plannedAt)
    }

    private static func spec(_ name: String, _ random: inout SeededGenerator) -> JobSpec {
        let period = Int.random(in: 1...9, using: &random)
        let schedule: ScheduleText =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .every(.milliseconds(period * 700))
            case 1: .cron("\(period)/\(period + 1) * * * * ?", zone: "Asia/Shanghai")
            default: .after(.seconds(period))
            }
        let misfire: MisfirePolicy = Bool.random(using: &random) ? .skip : .fireOnce
        return .sample(name, schedule: schedule, misfire: misfire, overlap: .coverEarly)
    }
}

extension LedgerStage {
    /// Runs a statement on the scheduler's file that the scheduler would never run.
    fileprivate func change(_ sql: String, _ arguments: any LedgerArgument...) async throws {
        let values = StatementArguments(arguments.map(\.number))
        let count = try await database.write("change by hand") { db in
            try db.execute(sql: sql, arguments: values)
            return db.changesCount
        }
        #expect(count > 0)
    }

    /// Adds a run like another but for some columns.
    fileprivate func copy(_ job: JobID, _ instant: Moment, changing columns: [String: String]) async throws {
        let names = RunColumn.allCases.filter { $0 != .id }.map(\.name)
        let values = names.map { columns[$0] ?? $0 }.joined(separator: ", ")
        let sql = """
            INSERT INTO runs (\(names.joined(separator: ", ")))
            SELECT \(values) FROM runs
            WHERE job = ? AND planned_at = ? AND shard_index = 0 AND attempt = 1
            """
        try await change(sql, job, instant)
    }
}

/// What stands for a `?` of a statement.
private protocol LedgerArgument {
    var number: Int64 { get }
}

extension JobID: LedgerArgument { fileprivate var number: Int64 { rawValue } }

extension Moment: LedgerArgument { fileprivate var number: Int64 { millisecondsSinceEpoch } }

extension Int: LedgerArgument { fileprivate var number: Int64 { Int64(self) } }
