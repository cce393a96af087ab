import Foundation
import Groundwork
import LocalServers
import Scheduler

/// How long it takes to prove, from the history of the jobs, that very many runs are those that were due.
struct VerifyBench: Sendable {
    let site: SchedulerSite
    /// Runs that are stored.
    let stored: Int

    /// Jobs that the runs are of; each is due once a minute.
    private static let jobs = 1_000
    /// What is asked, in seconds, of ten million runs.
    private static let asked = 60.0

    func lines() async throws -> [SchedulerBenchLine] {
        let minutes = max(1, stored / Self.jobs)
        let end = Moment(secondsSinceEpoch: SystemClock().now.secondsSinceEpoch / 60 * 60 - 3_600)
        let first = end + .seconds(-60 * minutes)
        try await fill(from: first, until: end)
        let client = APIClient(server: site.url, token: site.apiToken)
        defer { client.shutdown() }
        let start = BenchExecutor.now
        let answer = try await client.getPatiently(
            "/api/v1/jobs/verify",
            [("from", InstantText.local(first, in: .utc)), ("to", InstantText.local(end, in: .utc))]
        )
        let seconds = Double(BenchExecutor.now - start) / 1_000_000
        let report: LedgerAnswer = try answer.decoded()
        // Other jobs have no runs in that time, and were not there.
        guard report.proven, report.served == minutes * Self.jobs else {
            throw DemoError("not proven: \(report.text)")
        }
        let (count, limit) = (minutes * Self.jobs, Self.asked * Double(stored) / 10_000_000)
        return [
            SchedulerBenchLine(
                row: "verify",
                size: site.size.rawValue,
                what: "\(count.grouped) runs of \(Self.jobs.grouped) jobs proven to be those that were due",
                measured: (seconds * 1_000).asMilliseconds,
                asked: (limit * 1_000).asMilliseconds,
                verdict: seconds <= limit ? .met : .short
            )
        ]
    }

    /// Stores jobs that are due no more, the history in which they counted, and their runs in the order of their instants, a million a
    /// statement.
    private func fill(from first: Moment, until end: Moment) async throws {
        let schedule = ScheduleText(type: ScheduleType.cron.rawValue, conf: "0 * * * * ?")
        let pattern = try await site.service.create(.bench("proven", schedule), isEnabled: false)
        let (from, id) = (first.millisecondsSinceEpoch, pattern.id.rawValue)
        let postgres = try site.needCluster().postgres
        try await postgres.run(
            """
            INSERT INTO jobs (
                app, name, spec, summary, handler, schedule_kind, enabled, created_at, started_at, version)
            SELECT app, name || '-' || n, spec, summary, handler, schedule_kind, true, \(from) - 1000, \(from) - 1000, 1
            FROM jobs, generate_series(1, \(Self.jobs)) AS n WHERE id = \(id);
            INSERT INTO job_history (job, version, spec, enabled, started_at, since_at, first_at)
            SELECT id, 1, spec, true, started_at, created_at, \(from) FROM jobs WHERE id > \(id);
            DELETE FROM job_history WHERE job = \(id);
            DELETE FROM jobs WHERE id = \(id)
            """,
            in: "kpush"
        )
        let count = Int((end - first).inSeconds) / 60 * Self.jobs
        for done in stride(from: 0, to: count, by: 1_000_000) {
            let planned = "\(from) + (n / \(Self.jobs)) * 60000::bigint"
            try await postgres.run(
                """
                SET synchronous_commit = off;
                INSERT INTO runs (
                    job, planned_at, shard_index, shard_total, attempt, trigger_kind, app, handler, params, overlap,
                    route, timeout_ms, retry, state, sends, address, dispatched_at, started_at, ended_at, reason,
                    message, version)
                SELECT \(id) + 1 + n % \(Self.jobs), \(planned), 0, 1, 1, 'schedule', '\(BenchExecutor.group)',
                    'nothing', '', 'SERIAL_EXECUTION', 'ROUND', 0, '\(RetryPolicy.never.stored)', 'ended', 1,
                    'http://10.0.0.1:9999', \(planned) + 1, \(planned) + 2, \(planned) + 5, 'completed', '', 4
                FROM generate_series(\(done), \(min(count, done + 1_000_000) - 1)) AS n
                """,
                in: "kpush"
            )
            FileHandle.standardError.write(Data("stored \(min(count, done + 1_000_000).grouped) runs\n".utf8))
        }
        try await postgres.run("VACUUM ANALYZE runs", in: "kpush")
    }
}
