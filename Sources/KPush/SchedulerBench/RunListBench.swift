import Foundation
import Groundwork
import LocalServers
import Scheduler

/// How long the list of runs takes, by any filter, with very many runs stored.
struct RunListBench: Sendable {
    let site: SchedulerSite
    /// Runs that are stored.
    let stored: Int

    /// Jobs that the runs are of.
    private static let jobs = 5_000
    /// Groups that the jobs are of.
    private static let groups = 20
    /// Executors of all groups.
    private static let executors = 200
    /// How often each filter is asked.
    private static let times = 20
    private static let page = 50

    func lines() async throws -> [SchedulerBenchLine] {
        let cluster = try site.needCluster()
        let first = SystemClock().now + .seconds(-86_400 * 30)
        try await fill(cluster, since: first)
        var lines: [SchedulerBenchLine] = []
        for (name, filter) in filters(since: first) {
            let times = try await (0..<Self.times)
                .asyncMap { turn in
                    let start = BenchExecutor.now
                    _ = try await site.runs.runs(filter(turn), after: nil, limit: Self.page)
                    return BenchExecutor.now - start
                }
            let p95 = Percentiles(times).milliseconds(0.95)
            lines.append(
                SchedulerBenchLine(
                    row: "list",
                    size: site.size.rawValue,
                    what: "\(stored.grouped) runs, by \(name): p95",
                    measured: p95.asMilliseconds,
                    asked: "200 ms",
                    verdict: p95 <= 200 ? .met : .short
                )
            )
        }
        return lines
    }

    /// Each filter that lists take, with a value by the turn.
    private func filters(since first: Moment) -> [(name: String, filter: @Sendable (Int) -> RunFilter)] {
        let day: @Sendable (Int) -> (Moment, Moment) = { turn in
            let from = first + .seconds(86_400 * (turn % 29))
            return (from, from + .seconds(3_600))
        }
        return [
            ("nothing", { _ in RunFilter() }),
            ("job", { RunFilter(job: JobID(rawValue: Int64($0 * 37 % Self.jobs))) }),
            ("group", { RunFilter(group: "app-\($0 % Self.groups)") }),
            ("open", { _ in RunFilter(states: .open) }),
            ("running", { _ in RunFilter(states: [.running]) }),
            ("ended", { _ in RunFilter(states: [.ended]) }),
            ("failed", { _ in RunFilter(reasons: [.handlerFailed]) }),
            ("rare reason", { _ in RunFilter(reasons: [.killed]) }),
            ("executor", { RunFilter(address: Self.address($0 % Self.executors)) }),
            (
                "job, failed",
                { RunFilter(job: JobID(rawValue: Int64($0 * 37 % Self.jobs)), reasons: [.handlerFailed]) }
            ),
            ("group, rare reason", { RunFilter(group: "app-\($0 % Self.groups)", reasons: [.killed]) }),
            ("executor, failed", { RunFilter(reasons: [.handlerFailed], address: Self.address($0)) }),
            ("an hour", { RunFilter(plannedFrom: day($0).0, plannedBefore: day($0).1) }),
            (
                "job, an hour",
                {
                    RunFilter(
                        job: JobID(rawValue: Int64($0 * 37 % Self.jobs)),
                        plannedFrom: day($0).0,
                        plannedBefore: day($0).1
                    )
                }
            ),
            (
                "group, failed, an hour",
                {
                    RunFilter(
                        group: "app-\($0 % Self.groups)",
                        reasons: [.handlerFailed],
                        plannedFrom: day($0).0,
                        plannedBefore: day($0).1
                    )
                }
            ),
        ]
    }

    private static func address(_ number: Int) -> ExecutorAddress {
        ExecutorAddress(stored: "http://10.0.0.\(number):9999")
    }

    /// Stores ended runs evenly over thirty days, a million a statement: one in fifty failed, one in a hundred thousand
    /// was ended by an operator, and the newest thousand run.
    private func fill(_ cluster: LocalCluster, since first: Moment) async throws {
        let step = Double(86_400_000 * 30) / Double(stored)
        var done = 0
        while done < stored {
            let next = min(stored, done + 1_000_000)
            let isOpen = "n >= \(stored - 1_000)"
            let planned = "\(first.millisecondsSinceEpoch) + (n * \(step))::bigint"
            try await cluster.postgres.run(
                """
                SET synchronous_commit = off;
                INSERT INTO runs (
                    job, planned_at, shard_index, shard_total, attempt, trigger_kind, app, handler, params, overlap,
                    route, timeout_ms, retry, state, sends, address, dispatched_at, started_at, ended_at, reason,
                    message, version)
                SELECT n % \(Self.jobs), \(planned), 0, 1, 1, 'schedule', 'app-' || n % \(Self.groups), 'nothing', '',
                    'DISCARD_LATER', 'ROUND', 0, '\(RetryPolicy.never.stored)',
                    CASE WHEN \(isOpen) THEN 'running' ELSE 'ended' END, 1,
                    'http://10.0.0.' || n % \(Self.executors) || ':9999', \(planned), \(planned),
                    CASE WHEN \(isOpen) THEN NULL ELSE \(planned) + 5 END,
                    CASE WHEN \(isOpen) THEN NULL WHEN n % 100000 = 7 THEN 'killed'
                        WHEN n % 50 = 3 THEN 'handler_failed' ELSE 'completed' END,
                    CASE WHEN \(isOpen) THEN NULL ELSE '' END, 3
                FROM generate_series(\(done), \(next - 1)) AS n
                """,
                in: "kpush"
            )
            done = next
            FileHandle.standardError.write(Data("stored \(done.grouped) runs\n".utf8))
        }
        try await cluster.postgres.run("VACUUM ANALYZE runs", in: "kpush")
    }
}

extension Sequence where Element: Sendable {
    /// What becomes of each element, one after the other.
    fileprivate func asyncMap<Result>(
        _ transform: (Element) async throws -> Result
    ) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
