import Conformance
import Groundwork
import Scheduler
import TestKit
import Testing

@testable import PostgresDriver

/// What is asked all the time, or about tables that grow, is found by an index: in tables of some size, by the server's
/// own choice.
struct SchedulerPlanTests {
    /// A statement, what is set for it, and what its plan must name.
    struct Question: CustomTestStringConvertible {
        let testDescription: String
        let statement: PostgresStatement
        let settings: PostgresStatement?
        let indexes: [String]

        init(
            _ what: String,
            _ statement: PostgresStatement,
            under settings: PostgresStatement? = nil,
            by indexes: String...
        ) {
            testDescription = what
            self.statement = statement
            self.settings = settings
            self.indexes = indexes
        }

        init(_ what: String, _ filter: RunFilter, by indexes: String...) {
            testDescription = what
            statement = RunQuery(filter, after: nil, limit: 51).statement
            settings = nil
            self.indexes = indexes
        }
    }

    /// A database with 100 000 ended runs and 300 open ones of 2000 jobs, made once.
    private static let room = Task { try await filledRoom() }

    private static let now = PostgresValue.int(1_900_000_000_000)
    private static let job = JobID(rawValue: 7)
    private static let old = RunSelection.Age.endedBefore(Moment(millisecondsSinceEpoch: 1_000_000))
    private static let days =
        RunDay(CivilDate(year: 2030, month: 1, day: 10))...RunDay(CivilDate(year: 2030, month: 1, day: 12))
    private static let outbox = outbox(besides: [])

    private static func outbox(besides groups: [String]) -> PostgresStatement {
        PostgresStatement(PostgresRunStore.outbox, now, .int(3), .int(128), .texts(groups)).kept
    }

    static let questions: [Question] = [
        Question(
            "jobs that are due",
            PostgresStatement(PostgresJobStore.soonest, now, .int(500)).kept,
            by: "jobs_upcoming"
        ),
        Question(
            "jobs that stand still",
            PostgresStatement(PostgresJobStore.selectStalled, .int(500)).kept,
            by: "jobs_stalled"
        ),
        Question("jobs", JobQuery(JobFilter(), after: job, limit: 51).statement, by: "jobs_pkey"),
        Question(
            "jobs of a group",
            JobQuery(JobFilter(group: "app 3"), after: nil, limit: 51).statement,
            by: "jobs_of_group"
        ),
        Question(
            "a job by name",
            JobQuery(JobFilter(group: "app 3", name: "job 3"), after: nil, limit: 1).statement,
            by: "jobs_name"
        ),
        Question(
            "whether a run of a job is open",
            PostgresStatement(PostgresJobStore.hasOpenRun, .int(7)),
            by: "runs_waiting",
            "runs_busy"
        ),
        Question(
            "the runs that one trigger added",
            NewRuns.added(to: .int(7), at: .int(7_000)),
            by: "runs_once"
        ),
        Question(
            "the note that a call added runs",
            PostgresIdempotencyStore.note("k", .int(7), .int(7_000)),
            by: "keyed_calls_pkey",
            "runs_once"
        ),
        Question(
            "the executors of a job's group",
            PostgresRegistryStore.book(ofJob: job)[0],
            by: "executors_pkey",
            "jobs_pkey"
        ),
        Question(
            "the record of a job's group",
            PostgresRegistryStore.book(ofJob: job)[1],
            by: "executor_groups_name",
            "jobs_pkey"
        ),
        Question(
            "the outbox",
            outbox,
            under: .inIndexOrder,
            by: "runs_lined",
            "runs_waiting",
            "runs_busy",
            "runs_unlined"
        ),
        Question(
            "when the outbox is next due",
            PostgresStatement(PostgresRunStore.nextDue, now).kept,
            by: "runs_unlined",
            "runs_lined"
        ),
        Question(
            "runs by their ids",
            PostgresStatement(PostgresRunStore.byIDs, .ints([1, 2, 3])).kept,
            by: "runs_pkey"
        ),
        Question(
            "runs by their ids that ended for a reason",
            PostgresStatement(PostgresRunStore.byIDsAndReasons, .ints([1, 2, 3]), .texts(["killed"])).kept,
            by: "runs_pkey"
        ),
        Question(
            "runs that are forgotten",
            PostgresRunStore.clear(RunSelection(.all(except: [job]), old), limit: 500),
            by: "runs_ended",
            "runs_pkey"
        ),
        Question(
            "runs of a job that are forgotten",
            PostgresRunStore.clear(RunSelection(.job(job), old), limit: 500),
            by: "runs_of_job"
        ),
        Question(
            "runs of a group that are forgotten",
            PostgresRunStore.clear(RunSelection(.group("app 3"), old), limit: 500),
            by: "runs_of_group"
        ),
        Question(
            "runs beyond the newest that are forgotten",
            PostgresRunStore.clear(RunSelection(.all(), .through(RunID(rawValue: 99_000))), limit: 500),
            by: "runs_pkey"
        ),
        Question(
            "jobs that keep their runs for a time of their own",
            PostgresStatement(PostgresRunStore.selectKeeps),
            by: "jobs_keeping"
        ),
        Question(
            "days that have changed",
            PostgresStatement(PostgresRunStore.changedQuarters, .int(90_000_000), .int(99_900_000)),
            by: "runs_ended"
        ),
        Question(
            "the runs of a day",
            PostgresStatement(
                PostgresRunStore.countDay,
                .int(20_300_115),
                .int(10_000_000),
                .int(11_000_000)
            ),
            by: "runs_by_plan",
            "run_days_pkey"
        ),
        Question("a report", PostgresRunStore.report(RunDayFilter(days)), by: "run_days_pkey"),
        Question(
            "a report of a job",
            PostgresRunStore.report(RunDayFilter(days, job: job)),
            by: "run_days_of_job"
        ),
        Question(
            "ends that nobody has followed up",
            PostgresStatement(PostgresRunStore.sequels, .int(200)).kept,
            by: "runs_pkey",
            "sequels_pkey"
        ),
        Question(
            "all runs of a trigger",
            PostgresStatement(PostgresRunStore.ofTrigger, .int(7), .int(7_000)),
            by: "runs_once"
        ),
        Question(
            "who got a job's newest runs",
            PostgresStatement(PostgresRunStore.receivers, .ints([7, 8]), .int(128), .int(1_000)).kept,
            by: "runs_of_job"
        ),
        Question("runs", RunFilter(), by: "runs_pkey"),
        Question("runs of a job", RunFilter(job: job), by: "runs_of_job"),
        Question("open runs", RunFilter(states: .open), by: "runs_open"),
        Question("running runs", RunFilter(states: [.running]), by: "runs_open"),
        Question("open runs of a job", RunFilter(job: job, states: .open), by: "runs_waiting", "runs_busy"),
        Question(
            "runs of a job that an executor has",
            RunFilter(job: job, states: [.dispatching, .running], address: .sample()),
            by: "runs_busy"
        ),
        Question(
            "what an executor that fetches its runs is to be told of",
            PostgresStatement(
                PostgresRunStore.untold,
                .text("kpush-pull://host7"),
                .int(1_000),
                .ints([1, 2]),
                .ints([1, 1])
            )
            .kept,
            by: "runs_pulled"
        ),
        Question(
            "how many runs executors that fetch theirs have",
            PostgresStatement(PostgresRunStore.loads).kept,
            by: "runs_pulled"
        ),
        Question("runs of a group", RunFilter(group: "app 3"), by: "runs_of_group"),
        Question("runs at an executor", RunFilter(address: .sample("host 3")), by: "runs_of_executor"),
        Question("runs that were killed", RunFilter(reasons: [.killed]), by: "runs_amiss"),
        Question("runs that failed", RunFilter(reasons: [.killed, .executorLost]), by: "runs_amiss"),
        Question(
            "runs of a job that failed",
            RunFilter(job: job, reasons: [.killed]),
            by: "runs_amiss_of_job"
        ),
        Question(
            "runs that failed at an executor",
            RunFilter(reasons: [.killed, .executorLost], address: .sample("host 3")),
            by: "runs_amiss_of_executor"
        ),
        Question(
            "runs of a day",
            RunFilter(
                plannedFrom: Moment(millisecondsSinceEpoch: 10_000_000),
                plannedBefore: Moment(millisecondsSinceEpoch: 11_000_000)
            ),
            by: "runs_by_plan"
        ),
        Question(
            "runs that failed on a day",
            RunFilter(
                reasons: [.handlerFailed],
                plannedFrom: Moment(millisecondsSinceEpoch: 10_000_000),
                plannedBefore: Moment(millisecondsSinceEpoch: 11_000_000)
            ),
            by: "runs_by_plan"
        ),
    ]

    @Test(arguments: questions)
    func `an index finds`(question: Question) async throws {
        let room = try await Self.room.value
        let plan = try await room.plan(of: question.statement, under: question.settings)
        for index in question.indexes {
            #expect(plan.contains(" \(index) ") || plan.contains("on \(index)\n"), "\(plan)")
        }
        // The list of ends that wait is all but empty, and the other has one row: whatever way is the shortest.
        let rest = plan.replacing("Seq Scan on sequels", with: "")
            .replacing("Seq Scan on run_days_settled", with: "")
        #expect(!rest.contains("Seq Scan"), "\(plan)")
        // One that is read from end to end, to be joined to another, grows with all that is stored.
        #expect(!plan.contains("BitmapAnd"), "\(plan)")
    }

    @Test(arguments: [0, 300, 10_000])
    func `what changes runs finds them by their ids, whatever the server knew`(known: Int) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        let runs = try await room.stores.runs.runs(RunFilter(states: .open), after: nil, limit: 64).elements
        let closings = runs.compactMap { RunClosing($0, RunEnd(.killed, at: .noon)) }
        let arrays = RunArrays(progressOf: runs)
        let advance = PostgresStatement(PostgresRunStore.advance(arrays), [.int(3)] + arrays.values).kept
        for statement in [.lockOpen(runs), PostgresRunStore.end(closings, nil), advance] {
            let plan = try await room.plan(of: statement)
            #expect(plan.contains("runs_pkey"), "\(plan)")
            #expect(!plan.contains("runs_open"), "\(plan)")
            // Who waits for an end is looked for in one line, not in all of them.
            #expect(!plan.contains("runs_lined"), "\(plan)")
            #expect(!plan.contains("Seq Scan on runs"), "\(plan)")
        }
    }

    @Test(arguments: [0, 300, 10_000])
    func `rows that travel together are not each compared with all the others, whatever the server knew`(
        known: Int
    ) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        let runs = try await room.stores.runs.runs(RunFilter(states: .open), after: nil, limit: 500).elements
        let closings = runs.compactMap { RunClosing($0, RunEnd(.killed, at: .noon)) }
        let arrays = RunArrays(progressOf: runs)
        let advance = PostgresStatement(PostgresRunStore.advance(arrays), [.int(3)] + arrays.values)
        let due = try await room.jobs(500)
        for statement in [
            PostgresRunStore.end(closings, nil), advance.kept(forRows: runs.count),
            PostgresRunStore.noteTriggers(of: due.flatMap(\.runs))[1],
            PostgresJobStore.move(due, andAdd: NewRuns(due.flatMap(\.runs), token: nil)),
        ] {
            #expect(statement.joinsMany)
            let plan = try await room.plan(of: statement)
            #expect(!plan.contains("Nested Loop"), "\(plan)")
            #expect(!plan.contains("runs_lined"), "\(plan)")
            #expect(!plan.contains("Seq Scan on"), "\(plan)")
        }
    }

    @Test(arguments: [0, 300, 10_000])
    func `what is looked up beside rows that travel together goes by an index, whatever the server knew`(
        known: Int
    ) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        let runs = try await room.stores.runs.runs(RunFilter(states: .open), after: nil, limit: 500).elements
        let lock = PostgresStatement.lockOpen(runs)
        let explained = PostgresStatement("EXPLAIN (COSTS OFF) \(lock.sql)", lock.values).kept
        let many = PostgresStatement("SELECT 1 FROM unnest($1::bigint[]) AS t", lock.values)
            .kept(forRows: runs.count)
        let plan = try await room.pool.single("explain") { link in
            try link.runAll([explained, many])[0].map { $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains("runs_pkey"), "\(plan)")
        #expect(!plan.contains("Seq Scan"), "\(plan)")
        // Each by itself: else all are looked for again for each that somebody else has changed.
        #expect(!plan.contains("= ANY"), "\(plan)")
    }

    @Test(arguments: [0, 300, 10_000])
    func `of a long line only the first is read, whatever the server knew of it`(known: Int) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        let plan = try await room.plan(of: Self.outbox, under: .inIndexOrder, Self.counted)
        #expect(plan.contains("(actual rows=50 "), "\(plan)")
        try expectFew(128, in: plan)
    }

    @Test(arguments: [0, 300, 10_000])
    func `lines of groups that are not asked for are not stepped over one by one, whatever the server knew`(
        known: Int
    ) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        try await room.pool.write("spread") {
            _ = try $0.runScript("UPDATE runs SET job = id WHERE state = 'planned'")
        }
        let plan = try await room.plan(of: Self.outbox(besides: ["app"]), under: .inIndexOrder, Self.counted)
        for step in plan.matches(of: /loops=([0-9]+)/) {
            #expect(try #require(Int(step.1)) <= 128, "\(plan)")
        }
    }

    @Test(arguments: [0, 300, 10_000])
    func `when the next run is due is told without reading those that are, whatever the server knew`(
        known: Int
    ) async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: known)
        let next = PostgresStatement(PostgresRunStore.nextDue, Self.now).kept
        let plan = try await room.plan(of: next, under: .inIndexOrder, Self.counted)
        try expectFew(128, in: plan)
    }

    @Test func `the newest failures of an executor are read in order, however many there are`() async throws {
        let room = try await SchedulerRoom()
        try await room.addLines(known: 0)
        try await room.pool.write("spread") {
            _ = try $0.runScript(
                """
                UPDATE runs SET address = 'http://h' || abs(planned_at / 1000) % 20,
                    reason = CASE WHEN abs(planned_at / 1000) % 20 = 3 THEN 'handler_failed' ELSE 'completed' END
                WHERE ended_at IS NOT NULL
                """
            )
        }
        try await room.pool.single("analyze") { _ = try $0.runScript("ANALYZE") }
        let filter = RunFilter(reasons: [.handlerFailed], address: ExecutorAddress(stored: "http://h3"))
        let query = RunQuery(filter, after: nil, limit: 51)
        #expect(query.isInOrder)
        let plan = try await room.plan(of: query.statement, under: .inIndexOrder, Self.counted)
        #expect(plan.contains("(actual rows=51 "), "\(plan)")
        try expectFew(51, in: plan)
    }

    /// Has the server run what it explains, and tell how many rows each step brought.
    private static let counted = "ANALYZE, TIMING OFF, SUMMARY OFF, "

    /// No step of a plan brings or drops more rows than `most`, or is taken more often.
    private func expectFew(_ most: Int, in plan: String) throws {
        let steps = plan.matches(of: /rows=([0-9]+) loops=([0-9]+)|Rows Removed by Filter: ([0-9]+)/)
        #expect(!steps.isEmpty, "\(plan)")
        for figure in steps.flatMap({ [$0.1, $0.2, $0.3] }).compactMap({ $0 }) {
            #expect(try #require(Int(figure)) <= most, "\(plan)")
        }
    }

    private static func filledRoom() async throws -> SchedulerRoom {
        let room = try await SchedulerRoom()
        try await room.pool.write("fill") { link in
            _ = try link.runScript(
                """
                INSERT INTO jobs (app, name, spec, summary, handler, schedule_kind, enabled, created_at, next_at, version)
                SELECT 'app ' || n % 20, 'job ' || n, '{}', '', 'handle', 'CRON', true, 0,
                    1900000000000 + n, 1
                FROM generate_series(1, 2000) AS n;
                INSERT INTO runs (
                    job, planned_at, shard_index, shard_total, attempt, trigger_kind, app, handler, params,
                    overlap, route, timeout_ms, retry, state, due_at, sends, address, ended_at, reason,
                    version, token)
                SELECT n % 2000, n * 1000, 0, 1, 1, 'schedule', 'app ' || n % 500, 'handle', '',
                    'SERIAL_EXECUTION', 'FIRST', 0, '0 0 0 1 0',
                    CASE WHEN n <= 100000 THEN 'ended' ELSE
                        (ARRAY['planned', 'dispatching', 'running'])[1 + n % 3] END,
                    CASE WHEN n > 100000 AND n % 3 < 2 THEN n * 1000 END, 0,
                    CASE n % 40 WHEN 7 THEN 'kpush-pull://host7' ELSE 'http://host' || n % 40 || ':9999' END, CASE WHEN n <= 100000 THEN n * 1000 END,
                    CASE WHEN n <= 100000 THEN
                        CASE WHEN n % 300 = 0 THEN 'killed' WHEN n % 301 = 0 THEN 'executor_lost'
                        ELSE 'completed' END END,
                    1, 2
                FROM generate_series(1, 100300) AS n;
                INSERT INTO run_days (day, job, app, outcome, present, removed)
                SELECT 20300101 + n / 2000, n % 2000, 'app ' || n % 20, 'completed', 7, 0
                FROM generate_series(0, 61999) AS n
                """
            )
        }
        try await room.pool.single("analyze") { _ = try $0.runScript("ANALYZE") }
        return room
    }
}
