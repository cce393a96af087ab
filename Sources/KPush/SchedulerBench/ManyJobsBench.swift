import Console
import Foundation
import Groundwork
import LocalServers
import Scheduler

/// What the scheduler takes of processor and memory while few of very many jobs are due.
struct ManyJobsBench: Sendable {
    let site: SchedulerSite
    /// Jobs that are stored and not due.
    let stored: Int
    /// Jobs that are due each second.
    let due: Int
    let span: Duration

    func lines() async throws -> [SchedulerBenchLine] {
        try await fill()
        return try await BenchExecutor.serving(site) { [self] executor in
            let start = SystemClock().now + .seconds(3)
            try await site.make(due) { number in
                .bench("few-\(number)", .eachSecond(from: start + .seconds(1) * number / due))
            }
            try await (start + .seconds(2)).reached()
            let pids = await Array(site.schedulers.values)
            executor.forget()
            let before = pids.map(ProcessorTime.of).reduce(0, +)
            try await (start + .seconds(2) + span).reached()
            let used = pids.map(ProcessorTime.of).reduce(0, +) - before
            let share = used / span.inSeconds * 100
            let memory = pids.compactMap(ProcessMemory.peak).max() ?? 0
            let expected = Int(Double(due) * span.inSeconds)
            guard executor.count >= expected - 2 * due else {
                throw DemoError("\(executor.count) of \(expected) runs came")
            }
            let what = "\(stored.grouped) jobs stored, \(due.grouped) due each second"
            return [
                line(
                    "\(what): processor",
                    "\(share.tenths) % of a core",
                    "10 %",
                    share <= 10
                ),
                line("\(what): peak memory", memory.megabytes, "300 MB", memory <= 300 << 20),
            ]
        }
    }

    /// Stores jobs that are due in a year.
    private func fill() async throws {
        let later = ScheduleText.cron(at: (SystemClock().now + .seconds(-86_400)).nextSecond)
        if site.size == .embedded {
            return try await site.make(stored) { .bench("stored-\($0)", later) }
        }
        let pattern = try await site.service.create(.bench("stored", later))
        try await site.needCluster().postgres
            .run(
                """
                INSERT INTO jobs (
                    app, name, spec, summary, handler, schedule_kind, enabled, created_at, started_at, next_at, version)
                SELECT app, name || '-' || n, spec, summary, handler, schedule_kind, enabled, created_at, started_at,
                    next_at + n * 1000, version
                FROM jobs, generate_series(1, \(stored)) AS n WHERE id = \(pattern.id.rawValue);
                ANALYZE jobs
                """,
                in: "kpush"
            )
    }

    private func line(
        _ what: String,
        _ measured: String,
        _ asked: String,
        _ isMet: Bool
    ) -> SchedulerBenchLine {
        SchedulerBenchLine(
            row: "many",
            size: site.size.rawValue,
            what: what,
            measured: measured,
            asked: asked,
            verdict: isMet ? .met : .short
        )
    }
}

/// What the kernel says of a process's time on processors.
enum ProcessorTime {
    /// Seconds of processor time that a process has used so far; zero of one that is gone.
    static func of(_ pid: Int32) -> Double {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = text.lastIndex(of: ")")
        else { return 0 }
        // After the name: the state is field 3; user and system time are 14 and 15.
        let fields = text[text.index(after: name)...].split(separator: " ")
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
