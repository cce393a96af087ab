package import Groundwork
package import Scheduler

/// Runs in the scheduler's tables.
package struct PostgresRunStore: RunStore {
    let database: PostgresSchedulerDatabase
    private let shelf = SpecShelf()
    var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func add(_ runs: [NewRun]) async throws(StoreError) -> [JobRun] {
        guard !runs.isEmpty else { return [] }
        let new = NewRuns(runs, token: nil)
        let statements = Self.noteTriggers(of: runs) + [new.insert(unlessExists: false)]
        return try await pool.write("add runs") { link in
            new.added(try link.runAll(statements)[2])
        }
    }

    package func trigger(
        _ job: JobID,
        for key: String?,
        _ plan: @escaping @Sendable (TriggerScene) -> TriggerDraft
    ) async throws(StoreError) -> Triggered {
        let operation = "trigger job"
        let id = PostgresValue.int(job.rawValue)
        let call = key.map(PostgresIdempotencyStore.held)
        // What comes after the lock sees what was committed before it.
        let held = PostgresStatement("SELECT \(Job.columns) FROM jobs WHERE id = $1 FOR NO KEY UPDATE", id)
            .kept
        let isOpen = PostgresStatement(PostgresJobStore.hasOpenRun, id).kept
        let book = PostgresRegistryStore.book(ofJob: job)
        let beginning = (call.map { [$0] } ?? []) + [held, isOpen] + book
        return try await pool.write(operation, reading: beginning) {
            [shelf, sealer = database.sealer] brought in
            if let key, let repeated = try PostgresIdempotencyStore.repeated(key, brought[0]) {
                return .last(
                    PostgresLast([repeated], again: repeated) { Triggered(repeated: try $0.map(JobRun.init)) }
                )
            }
            let brought = brought.dropFirst(key == nil ? 0 : 1).map(\.self)
            guard let row = brought[0].first else {
                throw StoreError(.notFound, during: operation, detail: "job \(job)")
            }
            let draft = plan(
                TriggerScene(
                    job: try Job(row, shelf),
                    executors: try PostgresRegistryStore.executors(Array(brought.dropFirst(2)), sealer),
                    hasOpenRun: brought[1].first?.bool(0) ?? true
                )
            )
            return Self.adding(draft, to: id, noting: key)
        }
    }

    /// Adds what a trigger is to add, with the note that it did.
    private static func adding(
        _ draft: TriggerDraft,
        to job: PostgresValue,
        noting key: String?
    ) -> PostgresStep<Triggered> {
        guard let latest = draft.runs.map(\.plan.plannedAt).max() else { return .over(Triggered([])) }
        let instant = PostgresValue.int(latest.millisecondsSinceEpoch)
        let new = NewRuns(draft.runs, token: nil)
        let insert = new.insert(
            [job, instant],
            head: "WITH noted AS (UPDATE jobs SET last_at = greatest(last_at, $2) WHERE id = $1)",
            unlessExists: false
        )
        let note = key.map { PostgresIdempotencyStore.note($0, job, instant) }
        return .last(
            PostgresLast([insert] + (note.map { [$0] } ?? []), again: NewRuns.added(to: job, at: instant)) {
                Triggered(new.added($0), sentTo: draft.recipient)
            }
        )
    }

    package func sequels(limit: Int) async throws(StoreError) -> [JobRun] {
        try await pool.single("read sequels") { link in
            try link.run(PostgresStatement(Self.sequels, .int(limit)).kept).map(JobRun.init)
        }
    }

    package func follow(_ steps: [SequelStep], token: FencingToken) async throws(StoreError) -> [JobRun] {
        let runs = steps.flatMap(\.runs)
        let new = NewRuns(runs, token: token)
        let insert = new.insert(
            [.ints(steps.map(\.run.rawValue))],
            head: "WITH followed AS (DELETE FROM sequels WHERE run = ANY ($1) RETURNING run)",
            rule: "JOIN followed ON followed.run = n.parent",
            unlessExists: false
        )
        return try await database.write(
            "follow runs",
            under: token,
            Self.noteTriggers(of: runs) + [insert] + PostgresAlarmStore.write(steps.compactMap(\.alarm))
        ) { brought in
            new.added(brought[2])
        }
    }

    package func trigger(of plan: RunPlan) async throws(StoreError) -> TriggerRuns {
        try await pool.single("read trigger") { link in
            let rows =
                try link.run(
                    Self.ofTrigger,
                    .int(plan.job.rawValue),
                    .int(plan.plannedAt.millisecondsSinceEpoch)
                )
                .map { (run: try JobRun($0), isListed: $0.bool(Int32(RunColumn.allCases.count))) }
            return TriggerRuns(runs: rows.map(\.run), listed: Set(rows.filter(\.isListed).map(\.run.id)))
        }
    }

    /// Locks the jobs of the runs, and notes the runs as their latest triggers.
    static func noteTriggers(of runs: [NewRun]) -> [PostgresStatement] {
        let latest = Dictionary(runs.map { ($0.plan.job, $0.plan.plannedAt) }, uniquingKeysWith: max)
        let jobs = latest.sorted { $0.key.rawValue < $1.key.rawValue }
        return [
            .lock(latest.keys),
            PostgresStatement(
                noteTriggers,
                .ints(jobs.map(\.key.rawValue)),
                .ints(jobs.map(\.value.millisecondsSinceEpoch))
            )
            .kept(forRows: jobs.count),
        ]
    }

    package func advance(_ runs: [JobRun], token: FencingToken?) async throws(StoreError) -> [JobRun] {
        // One statement writes a row once: of equal changes the first counts, as if they came one by one.
        var seen: Set<[Int64]> = []
        let runs = runs.filter { seen.insert([$0.id.rawValue, $0.version]).inserted }
        let arrays = RunArrays(progressOf: runs.sorted { $0.id < $1.id })
        let advance = PostgresStatement(Self.advance(arrays), [.int(token?.rawValue)] + arrays.values)
            .kept(forRows: runs.count)
        // What is sent for the first time hardly anybody else writes: it is locked as it is written, in the same order.
        let lock = runs.allSatisfy(\.isSentFirst) ? PostgresStatement.inKeyOrder : .lockOpen(runs)
        return try await database.write("advance runs", under: token, [lock, advance]) { brought in
            let written = Set(brought.last?.map { $0.int64(0) } ?? [])
            return runs.filter { written.contains($0.id.rawValue) }.map { $0.stored(under: token) }
        }
    }

    package func close(
        _ closings: [RunClosing],
        token: FencingToken?
    ) async throws(StoreError) -> ClosedRuns {
        var seen: Set<RunID> = []
        let closings = closings.filter { $0.run.end != nil && seen.insert($0.run.id).inserted }
        let statements =
            [.lockOpen(closings.map(\.run)), Self.end(closings, token)] + Self.followUp(closings)
        let ended = try await database.write("close runs", under: token, statements) { brought in
            brought[1]
                .map {
                    (id: RunID(rawValue: $0.int64(0)), version: $0.int64(1), isWaitedFor: $0.bool(2))
                }
        }
        // Nearly all are as they were read before, and need not be read again.
        let ours = Dictionary(uniqueKeysWithValues: closings.map { ($0.run.id, $0.run.stored(under: token)) })
        let changed = ended.filter { ours[$0.id]?.version != $0.version }.map(\.id)
        let read = changed.isEmpty ? [] : try await runs(changed)
        let theirs = Dictionary(uniqueKeysWithValues: read.map { ($0.id, $0) })
        return ClosedRuns(
            ended.compactMap { theirs[$0.id] ?? ours[$0.id] },
            isWaitedFor: ended.contains(where: \.isWaitedFor)
        )
    }

    package func runs(_ ids: [RunID]) async throws(StoreError) -> [JobRun] {
        try await pool.single("read runs") { link in
            try link.run(PostgresStatement(Self.byIDs, .ints(ids.map(\.rawValue))).kept).map(JobRun.init)
        }
    }

    package func runs(
        _ ids: [RunID],
        endedFor reasons: Set<RunReason>
    ) async throws(StoreError) -> [JobRun] {
        try await pool.single("read ended runs") { link in
            let ended = PostgresStatement(
                Self.byIDsAndReasons,
                .ints(ids.map(\.rawValue)),
                .texts(reasons.map(\.rawValue).sorted())
            )
            return try link.run(ended.kept).map(JobRun.init)
        }
    }

    package func runs(
        _ filter: RunFilter,
        after: RunID?,
        limit: Int
    ) async throws(StoreError) -> Page<JobRun, RunID> {
        let query = RunQuery(filter, after: after, limit: limit + 1)
        let statements = (query.isInOrder ? [.inIndexOrder] : []) + [query.statement]
        return try await pool.single("list runs") { link in
            Page(try link.runAll(statements).last?.map(JobRun.init) ?? [], limit: limit, key: \.id)
        }
    }

    package func receivers(
        of jobs: Set<JobID>,
        since moment: Moment,
        among limit: Int
    ) async throws(StoreError) -> [JobID: [ExecutorAddress]] {
        try await pool.single("read receivers") { link in
            let receivers = PostgresStatement(
                Self.receivers,
                .ints(jobs.map(\.rawValue)),
                .int(limit),
                .int(moment.millisecondsSinceEpoch)
            )
            let rows = try link.run(receivers.kept)
            let found = rows.map { (job: JobID(rawValue: $0.int64(0)), address: $0.text(1)) }
            return Dictionary(grouping: found, by: \.job)
                .mapValues { $0.map { ExecutorAddress(stored: $0.address) } }
        }
    }

    /// Ends the runs and tells their ids and versions, and whether somebody waits for that, adds the retries of those that ended now
    /// and that nobody asked to end, and lists the others of which somebody wants to know.
    ///
    /// Who waits is looked for in the line of each: an empty text added to the policy keeps the server from an index of all lines, which
    /// holds also those who wait no more until it is cleaned.
    static func end(_ closings: [RunClosing], _ token: FencingToken?) -> PostgresStatement {
        let ends = closings.compactMap(\.run.end)
        let next = closings.compactMap(\.retry)
        let retries = NewRuns(next, token: token)
        let insert = retries.insert(
            [
                .int(token?.rawValue), .ints(closings.map(\.run.id.rawValue)),
                .ints(ends.map(\.at.millisecondsSinceEpoch)), .texts(ends.map(\.reason.rawValue)),
                .texts(ends.map(\.message)),
                .optionalInts(closings.map(\.run.startedAt?.millisecondsSinceEpoch)),
                .ints(next.compactMap(\.plan.parent?.rawValue)),
            ],
            rule: "JOIN ended ON ended.id = n.parent AND ended.kill_requested_at IS NULL",
            unlessExists: true
        )
        return PostgresStatement(
            """
            WITH ended AS (
                UPDATE runs
                SET state = 'ended', due_at = NULL, ended_at = t.ended_at, reason = t.reason,
                    message = t.message, started_at = coalesce(runs.started_at, t.started_at),
                    token = coalesce($1::bigint, runs.token), version = runs.version + 1
                FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])
                    AS t (id, ended_at, reason, message, started_at)
                WHERE runs.id = ANY ($2) AND runs.id = t.id AND runs.ended_at IS NULL
                RETURNING runs.*),
            retried AS (\(insert.sql)),
            listed AS (
                INSERT INTO sequels (run)
                SELECT id FROM ended
                WHERE has_sequel <> 0 AND (kill_requested_at IS NOT NULL OR id <> ALL ($7::bigint[])))
            SELECT id, version, EXISTS (
                SELECT 1 FROM runs AS o
                WHERE o.state = 'planned' AND o.overlap || '' IN (\(lining))
                    AND o.job = ended.job AND o.shard_index = ended.shard_index AND o.id <> ALL ($2)
                    AND o.due_at <= ended.ended_at + \(ClosedRuns.margin.wholeMilliseconds) OFFSET 0)
            FROM ended ORDER BY id
            """,
            insert.values
        )
        .kept(forRows: closings.count)
    }

    /// Makes jobs with a fixed delay due again whose last open run ended in this transaction.
    ///
    /// Two transactions may end a job's last two runs at once, and neither sees what the other has not committed: the lock on
    /// the job makes one of them look after the other.
    private static func followUp(_ closings: [RunClosing]) -> [PostgresStatement] {
        let delayed = closings.filter { $0.nextTriggerAt != nil }
        guard !delayed.isEmpty else { return [] }
        return [
            .lock(delayed.map(\.run.plan.job)),
            PostgresStatement(
                setNext,
                .ints(delayed.map(\.run.id.rawValue)),
                .ints(delayed.compactMap(\.nextTriggerAt?.millisecondsSinceEpoch)),
                .ints(Set(delayed.map(\.run.plan.job.rawValue)).sorted())
            )
            .kept(forRows: delayed.count),
        ]
    }
}

extension PostgresRunStore {
    static let byIDs = "SELECT \(RunColumn.list()) FROM runs WHERE id = ANY ($1)"

    /// An empty text added to the reason keeps the server from going by an index of it.
    static let byIDsAndReasons = "\(byIDs) AND (reason || '') = ANY ($2)"

    /// The list is read first: it is short, and the server need not know that.
    static let sequels = """
        SELECT \(RunColumn.list()) FROM runs
        WHERE id = ANY (ARRAY(SELECT run FROM sequels ORDER BY run LIMIT $1)) ORDER BY id
        """

    static let ofTrigger = """
        SELECT \(RunColumn.list()), EXISTS (SELECT 1 FROM sequels WHERE sequels.run = runs.id)
        FROM runs WHERE job = $1 AND planned_at = $2
        """

    private static let noteTriggers = """
        UPDATE jobs SET last_at = greatest(jobs.last_at, t.last_at)
        FROM unnest($1::bigint[], $2::bigint[]) AS t (id, last_at)
        WHERE jobs.id = ANY ($1) AND jobs.id = t.id
        """

    /// As where runs are ended, the server is led to them by their ids: its estimates may be from when hardly any run was
    /// open, and it would go through all that are.
    static func advance(_ arrays: RunArrays) -> String {
        let changed = arrays.columns.filter { $0 != .id && $0 != .version }
        return """
            UPDATE runs
            SET \(changed.map { "\($0.name) = t.\($0.name)" }.joined(separator: ", ")),
                token = coalesce($1::bigint, runs.token), version = runs.version + 1
            FROM \(arrays.table("t", from: 2))
            WHERE runs.id = ANY ($2) AND runs.id = t.id AND runs.version = t.version AND runs.ended_at IS NULL
            RETURNING runs.id
            """
    }

    /// Whether a run of the job is open.
    static func isOpen(job: String) -> String {
        """
        (EXISTS (SELECT 1 FROM runs WHERE state = 'planned' AND runs.job = \(job))
            OR EXISTS (SELECT 1 FROM runs WHERE \(busy) AND runs.job = \(job)))
        """
    }

    /// A run that this transaction wrote has its number: one that ended before is passed over.
    private static let setNext = """
        UPDATE jobs SET next_at = t.next_at
        FROM (
            SELECT runs.job, max(n.next_at) AS next_at
            FROM unnest($1::bigint[], $2::bigint[]) AS n (run, next_at)
            JOIN runs ON runs.id = n.run
            WHERE runs.id = ANY ($1) AND runs.xmin = pg_current_xact_id()::xid
            GROUP BY runs.job
        ) AS t
        WHERE jobs.id = ANY ($3) AND jobs.id = t.job AND enabled AND jobs.next_at IS NULL AND schedule_kind = 'FIX_DELAY'
          AND NOT \(isOpen(job: "jobs.id"))
        """

    static let receivers = """
        SELECT j.job, r.address
        FROM unnest($1::bigint[]) AS j (job)
        CROSS JOIN LATERAL (
            SELECT id, address, dispatched_at FROM \(RunSource.newest(ofJob: "j.job", limit: "$2"))
            ORDER BY id DESC LIMIT $2) AS r
        WHERE r.dispatched_at >= $3 AND r.address IS NOT NULL
        ORDER BY j.job, r.dispatched_at, r.id
        """
}

extension JobRun {
    /// Whether this change of it is that it is sent, and was not before.
    fileprivate var isSentFirst: Bool {
        if case .dispatching(sends: 1, _) = state { true } else { false }
    }
}
