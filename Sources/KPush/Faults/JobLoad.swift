import CurlDriver
import Executor
import Foundation
import Groundwork
import LocalServers
import Logging
import Scheduler
import Synchronization

/// Jobs that are due every second, and an executor of ours that keeps count of what it is asked to run.
final class JobLoad: Sendable {
    /// What the executor saw.
    struct Notes: Sendable {
        /// Runs it began, by their number; more than one beginning is a double.
        var runs: [Int64: Int] = [:]
        /// Beginnings by job and planned instant.
        var instants: [Instant: Int] = [:]
        var latest = Duration.zero
        /// How long before its instant a run began, at most.
        var earliest = Duration.zero

        struct Instant: Hashable, Sendable {
            let job: JobID
            let planned: Moment
        }
    }

    /// What was to be run and what was, the scheduler's books against ours.
    struct Outcome: Sendable {
        var planned = 0
        var begun = 0
        /// Begun more than once: the same run, or two of the same instant.
        var doubled = 0
        /// Instants between two others that nobody planned and no record explains, and runs that never began.
        var missed = 0
        /// Records of instants that nobody could serve in time.
        var skipped = 0
        /// Runs that have not ended.
        var open = 0
        /// Runs that ended otherwise than well, by reason.
        var amiss: [String: Int] = [:]
        var latest = Duration.zero
    }

    /// The name of the executor group.
    static let group = "faults"

    private let cluster: LocalCluster
    private let jobs: JobService
    private let count: Int
    private let http = CurlHTTPClient()
    private let made = Mutex<[JobID]>([])
    private let state = Mutex(Notes())

    init(_ cluster: LocalCluster, _ jobs: JobService, count: Int) {
        self.cluster = cluster
        self.jobs = jobs
        self.count = count
    }

    /// Serves as an executor until the task is cancelled.
    func serve() async throws {
        var logger = Logger(label: "kpush.oracle")
        // It is cancelled in the end, which servers complain about.
        logger.logLevel = .critical
        var settings = ExecutorSettings(
            appName: Self.group,
            schedulers: [cluster.url],
            folder: "\(cluster.data)/oracle"
        )
        settings.port = 0
        settings.token = Secret(cluster.executorToken)
        settings.heartbeat = .seconds(5)
        settings.drainLimit = .seconds(1)
        settings.flushLimit = .seconds(1)
        var handlers = HandlerCatalogue()
        handlers.add("faultProbe") { [self] context in
            note(context)
            return nil
        }
        defer { http.shutdown() }
        try await ExecutorService(settings: settings, handlers: handlers, http: http, logger: logger).run()
    }

    /// Makes the jobs; they are due from now on, each second.
    func begin() async throws {
        try await waited(for: "the oracle's executor is not known") { [cluster] in
            try await !cluster.postgres
                .query(
                    "SELECT 1 FROM executors WHERE app = '\(Self.group)'",
                    in: "kpush"
                )
                .isEmpty
        }
        try await each(Array(0..<count)) { [self] number in
            let job = try await jobs.create(
                JobSpec(
                    name: "probe-\(number)",
                    group: Self.group,
                    schedule: .every(.seconds(1)),
                    misfire: .skip,
                    overlap: .serial,
                    route: .first,
                    handler: "faultProbe"
                )
            )
            self.made.withLock { $0.append(job.id) }
        }
    }

    /// Takes the jobs off their schedule.
    func end() async throws {
        try await each(made.withLock { $0 }) { [jobs] id in
            try await Insistence.patient { _ = try await jobs.setEnabled(id, false) }
        }
    }

    /// How long before its instant a run began so far, at most, by this process's clock.
    var earliest: Duration { state.withLock { $0.earliest } }

    /// How many runs have not ended.
    func open() async throws -> Int {
        let sql = "SELECT count(*) FROM runs WHERE app = '\(Self.group)' AND state <> 'ended'"
        return try await cluster.postgres.query(sql, in: "kpush").first.flatMap { Int($0) } ?? 0
    }

    /// Compares the books.
    func outcome() async throws -> Outcome {
        let notes = state.withLock { $0 }
        var outcome = Outcome()
        outcome.begun = notes.runs.count
        outcome.latest = notes.latest
        // A run that began twice began twice for its instant.
        outcome.doubled = notes.instants.values.reduce(0) { $0 + $1 - 1 }
        let ids = try await cluster.postgres.query(
            """
            SELECT id, coalesce(reason, state) FROM runs
            WHERE app = '\(Self.group)' AND reason IS DISTINCT FROM 'misfire_skipped'
            """,
            in: "kpush"
        )
        outcome.planned = ids.count
        for line in ids {
            let parts = line.split(separator: "|")
            guard parts.count == 2, let id = Int64(parts[0]) else { continue }
            if notes.runs[id] == nil { outcome.missed += 1 }
            if parts[1] != "completed" { outcome.amiss[String(parts[1]), default: 0] += 1 }
        }
        outcome.open = try await open()
        let gaps = try await cluster.postgres.query(Self.gaps, in: "kpush").first?.split(separator: "|") ?? []
        guard gaps.count == 2, let unexplained = Int(gaps[0]), let skipped = Int(gaps[1]) else {
            return outcome
        }
        outcome.missed += unexplained
        outcome.skipped = skipped
        return outcome
    }

    /// Instants that are missing between two planned ones of a job, and records of skipped ones.
    private static let gaps = """
        WITH steps AS (
            SELECT reason, lag(reason) OVER job AS before, planned_at - lag(planned_at) OVER job AS step
            FROM runs WHERE app = '\(group)' WINDOW job AS (PARTITION BY job ORDER BY planned_at)
        )
        SELECT coalesce(sum(step / 1000 - 1) FILTER (
                WHERE step > 1000 AND before IS DISTINCT FROM 'misfire_skipped'), 0)::bigint,
            count(*) FILTER (WHERE reason = 'misfire_skipped')
        FROM steps
        """

    private func note(_ context: JobContext) {
        let lateness = SystemClock().now - context.plannedAt
        let instant = Notes.Instant(job: context.job, planned: context.plannedAt)
        state.withLock { notes in
            notes.runs[context.run.rawValue, default: 0] += 1
            notes.instants[instant, default: 0] += 1
            notes.latest = max(notes.latest, lateness)
            notes.earliest = max(notes.earliest, .zero - lateness)
        }
    }

    /// Does something with each, a few at a time.
    private func each<Item: Sendable>(
        _ items: [Item],
        _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, item) in items.enumerated() {
                if number >= 4 { try await group.next() }
                group.addTask { try await body(item) }
            }
            try await group.waitForAll()
        }
    }
}

/// Does again what did not work because something of the cluster was not there.
enum Insistence {
    /// Does it until it works, for a minute at most.
    static func patient<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws -> Result {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(60)
        while true {
            do { return try await body() } catch {
                guard clock.now < end, !Task.isCancelled else { throw error }
                try await clock.sleep(for: .milliseconds(200))
            }
        }
    }
}
