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
        /// Instants that nobody planned and no record explains, and runs that never began.
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
    /// The jobs, and when each was due first.
    private let made = Mutex<[JobID: Moment]>([:])
    /// Up to when each of them had to be planned.
    private let last = Mutex<Moment?>(nil)
    private let state = Mutex(Notes())

    init(_ cluster: LocalCluster, _ jobs: JobService, count: Int) {
        self.cluster = cluster
        self.jobs = jobs
        self.count = count
    }

    /// Serves as an executor until the task is cancelled.
    func serve() async throws {
        var logger = Logger(label: "kpush.oracle")
        // The cluster is broken on purpose, which an executor complains about.
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
        try await ExecutorService(settings: settings, handlers: handlers, http: http, logger: logger)
            .runUntilCancelled(logger)
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
                    schedule: .every(InstantBooks.period),
                    misfire: .skip,
                    overlap: .serial,
                    route: .first,
                    handler: "faultProbe"
                )
            )
            guard let first = job.nextTriggerAt else { throw DemoError("\(job.id) is never due") }
            self.made.withLock { $0[job.id] = first }
        }
    }

    /// Takes the jobs off their schedule once they are planned up to now.
    func end() async throws {
        let now = SystemClock().now
        last.withLock { $0 = now }
        // Whoever leads may have just begun to. What is not planned even so is missed, and counted so.
        try? await waited(for: "jobs are not planned", atMost: .seconds(60)) {
            // Not yet, as long as nobody answers.
            (try? await isPlanned(through: now)) ?? false
        }
        try await each(Array(made.withLock { $0.keys })) { [jobs] id in
            try await Insistence.patient { _ = try await jobs.setEnabled(id, false) }
        }
    }

    /// How long before its instant a run began so far, at most, by this process's clock.
    var earliest: Duration { state.withLock { $0.earliest } }

    /// How many runs have not ended.
    func open() async throws -> Int {
        try await count("runs WHERE app = '\(Self.group)' AND state <> 'ended'")
    }

    /// Whether no job is due at an instant or before.
    private func isPlanned(through instant: Moment) async throws -> Bool {
        let due = "next_at <= \(instant.millisecondsSinceEpoch)"
        return try await count("jobs WHERE app = '\(Self.group)' AND enabled AND \(due)") == 0
    }

    private func count(_ rows: String) async throws -> Int {
        let answer = try await cluster.postgres.query("SELECT count(*) FROM \(rows)", in: "kpush")
        guard let count = answer.first.flatMap({ Int($0) }) else {
            throw DemoError("not a number of \(rows): \(answer)")
        }
        return count
    }

    /// Compares the books.
    func outcome() async throws -> Outcome {
        let notes = state.withLock { $0 }
        var outcome = Outcome()
        outcome.begun = notes.runs.count
        outcome.latest = notes.latest
        // A run that began twice began twice for its instant.
        outcome.doubled = notes.instants.values.reduce(0) { $0 + $1 - 1 }
        guard let last = last.withLock({ $0 }) else { throw DemoError("the jobs were not taken off") }
        var instants = InstantBooks(made.withLock { $0 })
        for line in try await cluster.postgres.query(Self.runs, in: "kpush") {
            guard let run = Row(line) else { throw DemoError("not a run: \(line)") }
            if run.end == "misfire_skipped" {
                instants.skip(run.job, from: run.plannedAt, writtenAt: run.endedAt)
                outcome.skipped += 1
                continue
            }
            instants.plan(run.job, at: run.plannedAt)
            outcome.planned += 1
            if notes.runs[run.id] == nil { outcome.missed += 1 }
            if run.end != "completed" { outcome.amiss[run.end, default: 0] += 1 }
        }
        outcome.missed += instants.missing(until: last)
        outcome.open = try await open()
        return outcome
    }

    private static let runs = """
        SELECT id, job, planned_at, coalesce(ended_at, 0), coalesce(reason, state) FROM runs
        WHERE app = '\(group)'
        """

    /// A run as the scheduler's books have it.
    private struct Row {
        let id: Int64
        let job: JobID
        let plannedAt: Moment
        let endedAt: Moment
        /// Why it ended, or where it stands.
        let end: String

        init?(_ line: String) {
            let fields = line.split(separator: "|")
            let numbers = fields.prefix(4).compactMap { Int64($0) }
            guard fields.count == 5, numbers.count == 4 else { return nil }
            id = numbers[0]
            job = JobID(rawValue: numbers[1])
            plannedAt = Moment(millisecondsSinceEpoch: numbers[2])
            endedAt = Moment(millisecondsSinceEpoch: numbers[3])
            end = String(fields[4])
        }
    }

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
