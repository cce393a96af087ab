package import Groundwork
package import Scheduler

/// Jobs in the scheduler's tables.
package struct PostgresJobStore: JobStore {
    private let database: PostgresSchedulerDatabase
    private let shelf = SpecShelf()
    private var pool: PostgresPool { database.pool }

    package init(_ database: PostgresSchedulerDatabase) {
        self.database = database
    }

    package func add(_ job: NewJob) async throws(StoreError) -> Job {
        let values =
            try Self.values(of: job.spec, isEnabled: job.isEnabled) + [
                .int(job.isEnabled ? job.createdAt.millisecondsSinceEpoch : nil), .text(job.definition),
                .int(job.createdAt.millisecondsSinceEpoch), .int(job.nextTriggerAt?.millisecondsSinceEpoch),
            ]
        return try await pool.write("add job") { link in
            let rows = try Self.naming(job.spec, during: "add job") { try link.run(Self.insert, values) }
            guard let row = rows.first else { throw StoreError(.corrupted, during: "add job") }
            let added = try Job(row)
            let note = PostgresStatement.beginVersion(of: added.id, at: job.createdAt)
            try link.run(note.sql, note.values)
            return added
        }
    }

    package func replace(
        _ job: Job,
        nextTrigger: NextTrigger,
        at now: Moment
    ) async throws(StoreError) -> Job {
        let (isSet, next): (Bool, Moment?) =
            switch nextTrigger {
            case .keep: (false, nil)
            case .set(let next): (true, next)
            }
        let values =
            try Self.values(of: job.spec, isEnabled: job.isEnabled) + [
                .int(job.startedAt?.millisecondsSinceEpoch), .text(job.definition),
                .bool(isSet), .int(next?.millisecondsSinceEpoch), .int(job.id.rawValue), .int(job.version),
            ]
        return try await pool.write("replace job") { link in
            // Its lock keeps the next trigger where it is until the history has it.
            let brought = try Self.naming(job.spec, during: "replace job") {
                try link.runAll([
                    .lock([job.id]), Self.takeBack(job.id, after: now), .endVersion(of: job.id, at: now),
                    PostgresStatement(Self.update, values), .beginVersion(of: job.id, at: now),
                ])
            }
            if let row = brought[3].first { return try Job(row) }
            guard try link.run(Self.exists, .int(job.id.rawValue)).isEmpty else {
                let detail = "job \(job.id) was changed meanwhile"
                throw StoreError(.conflict, during: "replace job", detail: detail)
            }
            throw StoreError(.notFound, during: "replace job", detail: "job \(job.id)")
        }
    }

    package func remove(_ id: JobID, at now: Moment) async throws(StoreError) {
        try await pool.write("remove job") { link in
            // Whoever adds a run of it waits for this lock, or had added it before.
            let brought = try link.runAll([
                PostgresStatement("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", .int(id.rawValue)),
                Self.takeBack(id, after: now),
                PostgresStatement(Self.hasOpenRun, .int(id.rawValue)),
                .endVersion(of: id, at: now),
                PostgresStatement("DELETE FROM jobs WHERE id = $1", .int(id.rawValue)),
                PostgresStatement("DELETE FROM alarms WHERE job = $1", .int(id.rawValue)),
            ])
            guard brought[2].first?.bool(0) == false else {
                throw StoreError(.conflict, during: "remove job", detail: "a run of job \(id) is open")
            }
            guard brought[4].changed == 1 else {
                throw StoreError(.notFound, during: "remove job", detail: "job \(id)")
            }
        }
    }

    package func job(_ id: JobID) async throws(StoreError) -> Job? {
        try await pool.single("read job") { link in
            let statement = PostgresStatement(
                "SELECT \(Job.columns) FROM jobs WHERE id = $1",
                .int(id.rawValue)
            )
            return try link.run(statement.kept).first.map { try Job($0) }
        }
    }

    package func jobs(
        _ filter: JobFilter,
        after: JobID?,
        limit: Int
    ) async throws(StoreError) -> Page<Job, JobID> {
        let query = JobQuery(filter, after: after, limit: limit + 1).statement
        return try await pool.single("list jobs") { link in
            Page(try link.run(query.sql, query.values).map { try Job($0) }, limit: limit, key: \.id)
        }
    }

    package func upcoming(until moment: Moment, limit: Int) async throws(StoreError) -> [Job] {
        try await pool.single("read upcoming jobs") { [shelf] link in
            let instant = PostgresValue.int(moment.millisecondsSinceEpoch)
            return try link.run(PostgresStatement(Self.soonest, instant, .int(limit)).kept)
                .map { try Job($0, shelf) }
        }
    }

    package func stalled(limit: Int) async throws(StoreError) -> [Job] {
        try await pool.single("look for stalled jobs") { link in
            try link.run(PostgresStatement(Self.selectStalled, .int(limit)).kept).map { try Job($0) }
        }
    }

    package func resume(_ job: Job, at next: Moment, token: FencingToken) async throws(StoreError) {
        let statements = [
            // Whoever adds a run of it, or ends one, waits for this lock or held it before.
            .lock([job.id]),
            PostgresStatement(
                Self.setResumed,
                .int(next.millisecondsSinceEpoch),
                .int(job.id.rawValue),
                .int(job.version)
            ),
        ]
        try await database.write("resume job", under: token, statements) { _ in }
    }

    package func plan(
        _ triggers: [TriggerPlan],
        token: FencingToken
    ) async throws(StoreError) -> [JobRun] {
        // One statement moves a job once: a further trigger of the same job comes in a further one.
        var waves: [[TriggerPlan]] = []
        var counts: [JobID: Int] = [:]
        for trigger in triggers {
            let wave = counts[trigger.job, default: 0]
            counts[trigger.job] = wave + 1
            if wave == waves.count { waves.append([]) }
            waves[wave].append(trigger)
        }
        let planned = waves.map { wave in (wave, NewRuns(wave.flatMap(\.runs), token: token)) }
        let ended = triggers.flatMap(\.runs).filter { $0.plan.terms.hasSequel && $0.isRecord }
        let statements =
            [.lock(counts.keys)] + planned.map { wave, runs in Self.move(wave, andAdd: runs) }
            + (ended.isEmpty ? [] : [Self.list(ended)])
        return try await database.write("plan triggers", under: token, statements) { brought in
            zip(planned, brought.dropFirst()).flatMap { wave, rows in wave.1.added(rows) }
        }
    }

    static func move(_ triggers: [TriggerPlan], andAdd runs: NewRuns) -> PostgresStatement {
        let latest = triggers.map { $0.runs.map(\.plan.plannedAt).max()?.millisecondsSinceEpoch }
        return runs.insert(
            [
                .ints(triggers.map(\.job.rawValue)), .ints(triggers.map(\.version)),
                .ints(triggers.map(\.expected.millisecondsSinceEpoch)),
                .optionalInts(triggers.map(\.next?.millisecondsSinceEpoch)), .optionalInts(latest),
            ],
            head: """
                WITH moved AS (
                    UPDATE jobs SET next_at = t.next_at, last_at = greatest(jobs.last_at, t.last_at)
                    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                        AS t (id, version, expected, next_at, last_at)
                    WHERE jobs.id = ANY ($1) AND jobs.id = t.id AND jobs.version = t.version
                        AND jobs.next_at = t.expected AND jobs.enabled
                    RETURNING jobs.id)
                """,
            rule: "JOIN moved ON moved.id = n.job",
            unlessExists: true
        )
    }

    /// Lists those of the runs that this transaction added: somebody has to look at how they ended.
    private static func list(_ ended: [NewRun]) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO sequels (run)
            SELECT runs.id FROM unnest($1::bigint[], $2::bigint[]) AS n (job, planned_at)
            JOIN runs ON runs.job = n.job AND runs.planned_at = n.planned_at
            WHERE runs.xmin = pg_current_xact_id()::xid AND runs.ended_at IS NOT NULL AND runs.has_sequel <> 0
            """,
            .ints(ended.map(\.plan.job.rawValue)),
            .ints(ended.map(\.plan.plannedAt.millisecondsSinceEpoch))
        )
    }

    /// Tells by name what the server tells by constraint.
    private static func naming<Result>(
        _ spec: JobSpec,
        during operation: String,
        _ body: () throws -> Result
    ) throws -> Result {
        do { return try body() } catch let failure as PostgresFailure where failure.state == "23505" {
            let detail = "group \(spec.group) has a job called \(spec.name)"
            throw StoreError(.conflict, during: operation, detail: detail)
        }
    }

    /// What `$1` to `$7` are when a job is written.
    private static func values(of spec: JobSpec, isEnabled: Bool) throws(StoreError) -> [PostgresValue] {
        let text = try StoredJSON.text(spec, during: "write job")
        return [
            .text(spec.group), .text(spec.name), .text(text), .text(spec.summary), .text(spec.handler),
            .text(spec.schedule.type), .bool(isEnabled),
        ]
    }

    private static let insert = """
        INSERT INTO jobs (
            app, name, spec, summary, handler, schedule_kind, enabled, started_at, definition, created_at, next_at,
            version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
        RETURNING \(Job.columns)
        """

    private static let update = """
        UPDATE jobs
        SET app = $1, name = $2, spec = $3, summary = $4, handler = $5, schedule_kind = $6, enabled = $7,
            started_at = $8, definition = $9, next_at = CASE WHEN $10 THEN $11 ELSE next_at END,
            version = version + 1
        WHERE id = $12 AND version = $13
        RETURNING \(Job.columns)
        """

    /// Removes what a leader planned of a job ahead of its instant, and has the job due at the first of it again, in a transaction
    /// that has locked the job.
    ///
    /// What is planned for no later than something that is written as sent stays: a trigger comes whole.
    private static func takeBack(_ job: JobID, after now: Moment) -> PostgresStatement {
        PostgresStatement(
            """
            WITH taken AS (
                DELETE FROM runs
                WHERE job = $1 AND state = 'planned' AND trigger_kind = 'schedule'
                    AND planned_at > $2 AND NOT EXISTS (
                        SELECT 1 FROM runs AS sent
                        WHERE sent.job = $1 AND sent.planned_at >= runs.planned_at AND sent.state <> 'planned'
                            AND sent.trigger_kind = 'schedule')
                RETURNING planned_at),
            first AS (SELECT min(planned_at) AS instant FROM taken)
            UPDATE jobs
            SET next_at = first.instant,
                last_at = (SELECT max(planned_at) FROM runs WHERE job = $1 AND planned_at < first.instant)
            FROM first WHERE id = $1 AND first.instant IS NOT NULL
            """,
            .int(job.rawValue),
            .int(now.millisecondsSinceEpoch)
        )
    }

    private static let exists = "SELECT 1 FROM jobs WHERE id = $1"

    static let hasOpenRun = "SELECT \(PostgresRunStore.isOpen(job: "$1"))"

    /// As the index `jobs_stalled` has it.
    private static let isStalled = """
        enabled AND next_at IS NULL AND schedule_kind = 'FIX_DELAY' AND NOT \(PostgresRunStore.isOpen(job: "jobs.id"))
        """

    static let selectStalled = "SELECT \(Job.columns) FROM jobs WHERE \(isStalled) ORDER BY id LIMIT $1"

    private static let setResumed = """
        UPDATE jobs SET next_at = $1 WHERE id = $2 AND version = $3 AND \(isStalled)
        """

    static let soonest = """
        SELECT \(Job.columns) FROM jobs WHERE enabled AND next_at <= $1 ORDER BY next_at, id LIMIT $2
        """
}

extension Job {
    /// What to write after `SELECT`, in the order in which a row is read.
    static let columns = "id, spec, enabled, created_at, started_at, last_at, next_at, version, definition"

    /// Reads a row of `jobs`; its spec comes from the shelf where it lies there.
    init(_ row: PostgresRow, _ shelf: SpecShelf) throws {
        try self.init(row) { read in
            try shelf.spec(of: JobID(rawValue: row.int64(0)), version: row.int64(7), orElse: read)
        }
    }

    /// Reads a row of `jobs`.
    init(_ row: PostgresRow, spec from: (() throws -> JobSpec) throws -> JobSpec = { try $0() }) throws {
        let spec = try from { try JobSpec(stored: row.bytes(1), during: "read job") }
        self.init(
            id: JobID(rawValue: row.int64(0)),
            spec: spec,
            isEnabled: row.bool(2),
            createdAt: row.moment(3),
            startedAt: row.optionalMoment(4),
            lastTriggerAt: row.optionalMoment(5),
            nextTriggerAt: row.optionalMoment(6),
            version: row.int64(7),
            definition: row.optionalText(8)
        )
    }
}
