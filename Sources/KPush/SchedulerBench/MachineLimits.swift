import CurlDriver
import Foundation
import Groundwork
import LocalServers
import Scheduler

/// What this machine does of the same I/O with nothing of the scheduler around it.
struct MachineLimits: Sendable {
    let site: SchedulerSite

    /// Bare calls of the client that hands runs over.
    struct Posts: Sendable {
        let perSecond: Double
        let times: Percentiles

        var text: String { "\(Int(perSecond).grouped) posts/s" }
        var middle: String { "a post \(times.milliseconds(0.5).asMilliseconds)" }
        var last: String { "a post \(times.milliseconds(0.99).asMilliseconds)" }
    }

    /// Posts a run request to the executor's server again and again.
    ///
    /// - Parameters:
    ///   - executor: whose server.
    ///   - count: how many are on their way at once.
    ///   - length: for how long.
    ///   - pause: between two of those that follow each other: who does little finds the machine half asleep.
    /// - Returns: how many it took, and how long each took.
    /// - Throws: `HTTPError` of a post that fails.
    func posts(
        to executor: BenchExecutor,
        atOnce count: Int = 64,
        for length: Duration = .seconds(1),
        every pause: Duration = .zero
    ) async throws -> Posts {
        let url = try await executor.url + "/beat"
        let body = RunRequest(
            job: JobID(rawValue: 1),
            run: RunID(rawValue: 1),
            handler: "nothing",
            plannedAt: SystemClock().now
        )
        .json
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + length
        let times = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<count {
                group.addTask {
                    var times: [Int64] = []
                    while clock.now < end {
                        if pause > .zero { try await clock.sleep(for: pause) }
                        let began = BenchExecutor.now
                        let headers = [(name: "Content-Type", value: "application/json")]
                        _ = try await http.send(HTTPRequest(url: url, headers: headers, body: body))
                        times.append(BenchExecutor.now - began)
                    }
                    return times
                }
            }
            var all: [Int64] = []
            for try await times in group { all += times }
            return all
        }
        let seconds = (clock.now - start).inSeconds
        return Posts(perSecond: Double(times.count) / seconds, times: Percentiles(times))
    }

    /// Inserts the rows of the newest runs into a table like theirs, 500 a commit.
    func inserts(_ count: Int) async throws -> String {
        let cluster = try site.needCluster()
        try await cluster.postgres.run(
            "CREATE TABLE bare (LIKE runs INCLUDING DEFAULTS INCLUDING INDEXES)",
            in: "kpush"
        )
        let start = ContinuousClock().now
        try await cluster.postgres.run(
            """
            DO $$
            DECLARE least bigint := (SELECT min(id) FROM runs);
            BEGIN
                FOR step IN 0..\((count - 1) / 500) LOOP
                    INSERT INTO bare SELECT * FROM runs
                    WHERE id >= least + step * 500 AND id < least + (step + 1) * 500;
                    COMMIT;
                END LOOP;
            END $$
            """,
            in: "kpush"
        )
        let time = (ContinuousClock().now - start).inSeconds * 1_000
        return "bare inserts \(time.asMilliseconds)"
    }

    /// Adds a run of each of the jobs to the store, marks it as sent and ends it, 500 at a time: what is written of a run that goes
    /// well, with nobody who plans, sends or does it.
    func stores(_ jobs: [JobID]) async throws -> String {
        // Nobody takes them up meanwhile.
        let due = SystemClock().now + .seconds(86_400)
        let terms = RunTerms(JobSpec.bench("bare", .manual))
        let executor = ExecutorReference(
            address: ExecutorAddress(stored: "\(ExecutorAddress.pulledScheme)bare")
        )
        let runs = site.runs
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { lanes in
            for first in stride(from: 0, to: jobs.count, by: 500) {
                if first >= 500 * 4 { try await lanes.next() }
                lanes.addTask {
                    let new = jobs[first..<min(first + 500, jobs.count)]
                        .map { job in
                            let plan = RunPlan(job: job, plannedAt: due, trigger: .api, terms: terms)
                            return NewRun(plan, .planned(due: due))
                        }
                    let added = try await runs.add(new)
                    let sent = added.compactMap { $0.dispatched(to: executor, at: due, resendAt: due) }
                    let end = RunEnd(.completed, message: "", at: due)
                    let written = try await runs.advance(sent, token: nil)
                    _ = try await runs.close(written.compactMap { RunClosing($0, end) }, token: nil)
                }
            }
            try await lanes.waitForAll()
        }
        let perSecond = Double(jobs.count) / (clock.now - start).inSeconds
        return "store alone \(Int(perSecond).grouped) runs/s"
    }

    /// How long a small write takes until it is on the disk, with a pause before each.
    func commit(every pause: Duration) async throws -> String {
        let path = NSTemporaryDirectory() + "/kpush-\(UUID().uuidString)"
        let file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DemoError("\(path) cannot be written") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 4_096)
        var times: [Int64] = []
        for _ in 0..<100 {
            try await ContinuousClock().sleep(for: pause)
            let start = BenchExecutor.now
            guard write(file, page, page.count) == page.count, fdatasync(file) == 0 else {
                throw DemoError("\(path) cannot be written")
            }
            times.append(BenchExecutor.now - start)
        }
        return "a commit \(Percentiles(times).milliseconds(0.5).asMilliseconds)"
    }
}
