import GRDB
package import Groundwork
package import Scheduler

/// Jobs in the scheduler's file.
package struct SQLiteJobStore: JobStore {
    private let database: SchedulerDatabase
    private let shelf = SpecShelf()

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func add(_ job: NewJob) async throws(StoreError) -> Job {
        let spec = try Self.encode(job.spec)
        return try await database.write("add job") { db in
            do {
                try db.execute(
                    sql: Self.insert,
                    arguments: [
                        job.spec.group, job.spec.name, spec, job.spec.schedule.type, job.isEnabled,
                        job.createdAt.millisecondsSinceEpoch,
                        job.isEnabled ? job.createdAt.millisecondsSinceEpoch : nil,
                        job.nextTriggerAt?.millisecondsSinceEpoch, job.definition,
                    ]
                )
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw Self.nameTaken(job.spec, during: "add job")
            }
            let id = JobID(rawValue: db.lastInsertedRowID)
            try db.beginVersion(of: id, at: job.createdAt)
            return Job(
                id: id,
                spec: job.spec,
                isEnabled: job.isEnabled,
                createdAt: job.createdAt,
                startedAt: job.isEnabled ? job.createdAt : nil,
                nextTriggerAt: job.nextTriggerAt,
                definition: job.definition
            )
        }
    }

    package func replace(
        _ job: Job,
        nextTrigger: NextTrigger,
        at now: Moment
    ) async throws(StoreError) -> Job {
        let spec = try Self.encode(job.spec)
        return try await database.write("replace job") { db in
            try Self.takeBack(job.id, after: now, in: db)
            try db.endVersion(of: job.id, at: now)
            do {
                try db.execute(
                    sql: Self.update,
                    arguments: [
                        job.spec.group, job.spec.name, spec, job.spec.schedule.type, job.isEnabled,
                        job.startedAt?.millisecondsSinceEpoch, job.definition, job.id.rawValue, job.version,
                    ]
                )
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw Self.nameTaken(job.spec, during: "replace job")
            }
            let isChanged = db.changesCount == 1
            if isChanged {
                if case .set(let next) = nextTrigger {
                    try db.execute(cached: Self.setNext, [next?.millisecondsSinceEpoch, job.id.rawValue])
                }
                try db.beginVersion(of: job.id, at: now)
            }
            guard let found = try db.job(job.id) else {
                throw StoreError(.notFound, during: "replace job", detail: "job \(job.id)")
            }
            guard isChanged else {
                throw StoreError(
                    .conflict,
                    during: "replace job",
                    detail: "job \(job.id) was changed meanwhile"
                )
            }
            return found
        }
    }

    package func remove(_ id: JobID, at now: Moment) async throws(StoreError) {
        try await database.write("remove job") { db in
            try Self.takeBack(id, after: now, in: db)
            if try Bool.fetchOne(db, sql: Self.hasOpenRun, arguments: [id.rawValue]) == true {
                throw StoreError(.conflict, during: "remove job", detail: "a run of job \(id) is open")
            }
            try db.endVersion(of: id, at: now)
            try db.execute(sql: Self.delete, arguments: [id.rawValue])
            guard db.changesCount == 1 else {
                throw StoreError(.notFound, during: "remove job", detail: "job \(id)")
            }
            try db.execute(sql: "DELETE FROM alarms WHERE job = ?", arguments: [id.rawValue])
        }
    }

    package func job(_ id: JobID) async throws(StoreError) -> Job? {
        try await database.read("read job") { [shelf] db in try db.job(id, shelf) }
    }

    package func jobs(
        _ filter: JobFilter,
        after: JobID?,
        limit: Int
    ) async throws(StoreError) -> Page<Job, JobID> {
        try await database.read("list jobs") { db in
            let rows = try Row.fetchAll(
                db,
                sql: Self.page,
                arguments: [
                    "group": filter.group, "name": filter.name, "text": filter.text?.likePattern,
                    "enabled": filter.isEnabled,
                    "permitted": try filter.permitted.map { try StoredJSON.text($0, during: "list jobs") },
                    "after": after?.rawValue, "limit": limit + 1,
                ]
            )
            return Page(try rows.map { try Job($0) }, limit: limit, key: \.id)
        }
    }

    package func upcoming(until moment: Moment, limit: Int) async throws(StoreError) -> [Job] {
        try await database.read("read upcoming jobs") { [shelf] db in
            let arguments: StatementArguments = [moment.millisecondsSinceEpoch, limit]
            return try Job.all(db.cachedStatement(sql: Self.soonest), arguments, shelf)
        }
    }

    package func stalled(limit: Int) async throws(StoreError) -> [Job] {
        try await database.read("look for stalled jobs") { db in
            try Job.all(db.cachedStatement(sql: Self.selectStalled), [limit])
        }
    }

    package func resume(_ job: Job, at next: Moment, token: FencingToken) async throws(StoreError) {
        try await database.write("resume job") { db in
            try db.check(token, during: "resume job")
            let values = [next.millisecondsSinceEpoch, job.id.rawValue, job.version]
            try db.execute(cached: Self.setResumed, StatementArguments(values))
        }
    }

    package func plan(
        _ triggers: [TriggerPlan],
        token: FencingToken
    ) async throws(StoreError) -> [JobRun] {
        try await database.write("plan triggers") { db in
            try db.check(token, during: "plan triggers")
            let move = try RawStatement(db, Self.move)
            let insertion = try RunInsertion(db, unlessExists: true)
            var added: [JobRun] = []
            for trigger in triggers {
                move.bind(trigger.next?.millisecondsSinceEpoch, at: 1)
                move.bind(trigger.runs.map(\.plan.plannedAt).max()?.millisecondsSinceEpoch, at: 2)
                move.bind(trigger.job.rawValue, at: 3)
                move.bind(trigger.version, at: 4)
                move.bind(trigger.expected.millisecondsSinceEpoch, at: 5)
                guard try move.run() == 1 else { continue }
                added += try trigger.runs.compactMap { try insertion.add($0, token: token) }
            }
            return added
        }
    }

    /// Removes what a leader planned of a job ahead of its instant, and has the job due at the first of it again.
    ///
    /// What is planned for no later than something that is written as sent stays: a trigger comes whole.
    private static func takeBack(_ job: JobID, after now: Moment, in db: Database) throws {
        let taken = try Int64.fetchAll(
            db.cachedStatement(sql: Self.deleteAhead),
            arguments: ["job": job.rawValue, "now": now.millisecondsSinceEpoch]
        )
        guard let first = taken.min() else { return }
        try db.execute(cached: Self.setNext, [first, job.rawValue])
        try db.execute(cached: Self.setLast, [job.rawValue, first, job.rawValue])
    }

    private static func nameTaken(_ spec: JobSpec, during operation: String) -> StoreError {
        StoreError(.conflict, during: operation, detail: "group \(spec.group) has a job called \(spec.name)")
    }

    private static func encode(_ spec: JobSpec) throws(StoreError) -> String {
        try StoredJSON.text(spec, during: "write job")
    }
}

extension SQLiteJobStore {
    private static let insert = """
        INSERT INTO jobs (
            app, name, spec, schedule_kind, enabled, created_at, started_at, next_at, version, definition)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
        """

    private static let update = """
        UPDATE jobs
        SET app = ?, name = ?, spec = ?, schedule_kind = ?, enabled = ?, started_at = ?, definition = ?,
            version = version + 1
        WHERE id = ? AND version = ?
        """

    private static let setNext = "UPDATE jobs SET next_at = ? WHERE id = ?"

    private static let deleteAhead = """
        DELETE FROM runs
        WHERE job = :job AND state <> 'ended' AND state = 'planned' AND trigger_kind = 'schedule'
          AND planned_at > :now AND NOT EXISTS (
            SELECT 1 FROM runs AS sent
            WHERE sent.job = :job AND sent.planned_at >= runs.planned_at AND sent.state <> 'planned'
              AND sent.trigger_kind = 'schedule')
        RETURNING planned_at
        """

    private static let setLast = """
        UPDATE jobs SET last_at = (SELECT max(planned_at) FROM runs WHERE job = ? AND planned_at < ?) WHERE id = ?
        """

    private static let delete = "DELETE FROM jobs WHERE id = ?"

    /// The index is named: without statistics SQLite may as well go through a job's history.
    static let hasOpenRun = """
        SELECT EXISTS (SELECT 1 FROM runs INDEXED BY runs_open WHERE job = ? AND state <> 'ended')
        """

    private static let page = """
        SELECT \(Job.columns) FROM jobs
        WHERE (:after IS NULL OR id < :after)
          AND (:group IS NULL OR app = :group)
          AND (:permitted IS NULL OR app IN (SELECT value FROM json_each(:permitted)))
          AND (:name IS NULL OR name = :name)
          AND (:enabled IS NULL OR enabled = :enabled)
          AND (:text IS NULL OR name LIKE :text ESCAPE '\\'
            OR spec ->> 'summary' LIKE :text ESCAPE '\\' OR spec ->> 'handler' LIKE :text ESCAPE '\\')
        ORDER BY id DESC LIMIT :limit
        """

    private static let soonest = """
        SELECT \(Job.columns) FROM jobs WHERE enabled = 1 AND next_at <= ? ORDER BY next_at, id LIMIT ?
        """

    /// As the index `jobs_stalled` has it.
    private static let isStalled = """
        enabled = 1 AND next_at IS NULL AND schedule_kind = 'FIX_DELAY'
          AND NOT EXISTS (SELECT 1 FROM runs WHERE job = jobs.id AND state <> 'ended')
        """

    static let selectStalled = """
        SELECT \(Job.columns) FROM jobs INDEXED BY jobs_stalled WHERE \(isStalled) ORDER BY id LIMIT ?
        """

    private static let setResumed = """
        UPDATE jobs SET next_at = ? WHERE id = ? AND version = ? AND \(isStalled)
        """

    private static let move = """
        UPDATE jobs SET next_at = ?, last_at = max(coalesce(last_at, 0), ?)
        WHERE id = ? AND version = ? AND next_at = ? AND enabled = 1
        """
}

extension Database {
    private static let jobByID = "SELECT \(Job.columns) FROM jobs WHERE id = ?"

    /// The job, with its spec from the shelf where it lies there; nil when there is none.
    func job(_ id: JobID, _ shelf: SpecShelf? = nil) throws -> Job? {
        try Row.fetchOne(cachedStatement(sql: Self.jobByID), arguments: [id.rawValue])
            .map { try Job($0, shelf) }
    }
}

extension Job {
    /// What to write after `SELECT`, in the order in which a row is read: looking names up takes longer.
    fileprivate static let columns =
        "id, spec, enabled, created_at, started_at, last_at, next_at, version, definition"

    /// Reads all rows that a statement brings, with specs from the shelf where they lie there.
    fileprivate static func all(
        _ statement: Statement,
        _ arguments: StatementArguments,
        _ shelf: SpecShelf? = nil
    ) throws -> [Job] {
        try Array(try Row.fetchCursor(statement, arguments: arguments).map { try Job($0, shelf) })
    }

    /// Reads a row of `jobs`; its spec comes from the shelf where it lies there.
    fileprivate init(_ row: Row, _ shelf: SpecShelf? = nil) throws {
        let (id, version) = (JobID(rawValue: row[0]), row[7] as Int64)
        let read = { try JobSpec(stored: (row[1] as String).utf8, during: "read job") }
        self.init(
            id: id,
            spec: try shelf?.spec(of: id, version: version, orElse: read) ?? read(),
            isEnabled: row[2],
            createdAt: Moment(millisecondsSinceEpoch: row[3]),
            startedAt: row.moment(4),
            lastTriggerAt: row.moment(5),
            nextTriggerAt: row.moment(6),
            version: version,
            definition: row[8]
        )
    }
}

extension Row {
    /// The instant in a column, or nil.
    fileprivate func moment(_ column: Int) -> Moment? {
        (self[column] as Int64?).map(Moment.init(millisecondsSinceEpoch:))
    }

    /// The instant in a column, or nil.
    func moment(_ column: String) -> Moment? {
        (self[column] as Int64?).map(Moment.init(millisecondsSinceEpoch:))
    }
}

extension String {
    /// The pattern that finds the text anywhere, its own wildcards taken literally.
    fileprivate var likePattern: String {
        let escaped = map { "\\%_".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "%\(escaped)%"
    }
}
