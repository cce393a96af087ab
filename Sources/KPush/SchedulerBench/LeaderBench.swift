import Foundation
import Groundwork
import LocalServers
import Scheduler

/// How long nothing is fired when the leader dies or hands over.
struct LeaderBench: Sendable {
    let site: SchedulerSite
    /// Jobs that are due each second, evenly over it.
    let count: Int

    func lines() async throws -> [SchedulerBenchLine] {
        try await BenchExecutor.serving(site) { [self] executor in
            let cluster = try site.needCluster()
            let start = SystemClock().now + .seconds(3)
            try await site.make(count) { number in
                .bench("term-\(number)", .eachSecond(from: start + .seconds(1) * number / count))
            }
            try await (start + .seconds(3)).reached()
            let death = try await change(executor) { leader in
                _ = await cluster.kill(leader)
                try await cluster.restart(leader)
            }
            let order = try await change(executor) { leader in await cluster.stop(leader) }
            let end = SystemClock().now + .seconds(-1)
            let books = books(executor.arrivals, from: start, to: end)
            return [
                line("leader killed, lease 6 s: next trigger", death.asMilliseconds, "7 s", death <= 7_000),
                line("orderly hand-over: next trigger", order.asMilliseconds, "500 ms", order <= 500),
                line(
                    "lost, doubled of \(books.due.grouped)",
                    "\(books.lost), \(books.doubled)",
                    "0, 0",
                    books.lost == 0 && books.doubled == 0
                ),
            ]
        }
    }

    /// Ends the leader, and waits for what was due since.
    ///
    /// - Returns: milliseconds until a run came that was due after the leader's end began.
    private func change(
        _ executor: BenchExecutor,
        _ end: @Sendable (String) async throws -> Void
    ) async throws -> Double {
        guard let leader = try await site.needCluster().leader() else { throw DemoError("nobody leads") }
        let began = BenchExecutor.now
        try await end(leader)
        var next: Int64?
        try await waited(for: "nothing is fired any more", atMost: .seconds(30)) {
            next =
                executor.arrivals.filter { $0.plannedAt.millisecondsSinceEpoch * 1_000 > began }.map(\.at)
                .min()
            return next != nil
        }
        // What was missed meanwhile comes too.
        try await ContinuousClock().sleep(for: .seconds(4))
        return Double((next ?? 0) - began) / 1_000
    }

    /// Compares what was due with what came.
    private func books(
        _ arrivals: [BenchExecutor.Arrival],
        from start: Moment,
        to end: Moment
    ) -> (due: Int, lost: Int, doubled: Int) {
        let told = arrivals.filter { start < $0.plannedAt && $0.plannedAt <= end }
        let instants = Set(told.map { [$0.job.rawValue, $0.plannedAt.millisecondsSinceEpoch] })
        var due = 0
        for number in 0..<count {
            let first = start + .seconds(1) * number / count
            if first > start, first <= end { due += 1 }
            due += max(0, Int((end - first).wholeMilliseconds / 1_000))
        }
        return (due, max(0, due - instants.count), told.count - instants.count)
    }

    private func line(
        _ what: String,
        _ measured: String,
        _ asked: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "leader",
            size: site.size.rawValue,
            what: what,
            measured: measured,
            asked: asked,
            verdict: isMet ? .met : .short
        )
    }
}
