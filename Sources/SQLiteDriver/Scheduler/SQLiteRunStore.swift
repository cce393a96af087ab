import GRDB
package import Groundwork
package import Scheduler

/// Runs in the scheduler's file.
package struct SQLiteRunStore: RunStore {
    let database: SchedulerDatabase
    private let shelf = SpecShelf()

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func add(_ runs: [NewRun]) async throws(StoreError) -> [JobRun] {
        try await database.write("add runs") { db in
            try runs.map { try Self.add($0, token: nil, during: "add runs", in: db) }
        }
    }

    package func trigger(
        _ job: JobID,
        for key: String?,
        _ plan: @escaping @Sendable (TriggerScene) -> TriggerDraft
    ) async throws(StoreError) -> Triggered {
        let operation = "trigger job"
        return try await database.write(operation) { [shelf, sealer = database.sealer] db in
            if let key, let runs = try SQLiteIdempotencyStore.runs(of: key, in: db) {
                return Triggered(repeated: runs)
            }
            guard let job = try db.job(job, shelf) else {
                throw StoreError(.notFound, during: operation, detail: "job \(job)")
            }
            let draft = plan(
                TriggerScene(
                    job: job,
                    executors: try db.executors(of: job.spec.group, sealer),
                    hasOpenRun: try Bool.fetchOne(
                        db.cachedStatement(sql: SQLiteJobStore.hasOpenRun),
                        arguments: [job.id.rawValue]
                    ) ?? true
                )
            )
            guard !draft.runs.isEmpty else { return Triggered([]) }
            let added = try draft.runs.map { try Self.add($0, token: nil, during: operation, in: db) }
            if let key { try SQLiteIdempotencyStore.note(added, of: key, in: db) }
            return Triggered(added, sentTo: draft.recipient)
        }
    }

    /// Adds a run that no schedule asked for, and notes its trigger on its job.
    static func add(
        _ run: NewRun,
        token: FencingToken?,
        during operation: String,
        in db: Database
    ) throws -> JobRun {
        try db.execute(
            cached: Self.noteTrigger,
            [run.plan.plannedAt.millisecondsSinceEpoch, run.plan.job.rawValue]
        )
        guard let added = try RunInsertion(db, unlessExists: false).add(run, token: token) else {
            throw StoreError(.conflict, during: operation)
        }
        return added
    }

    package func outbox(
        at now: Moment,
        limit: Int,
        without groups: Set<String>,
        token: FencingToken?
    ) async throws(StoreError) -> Outbox {
        let names = String(decoding: WireValue.list(groups.map(WireValue.text)).json, as: UTF8.self)
        let sql = token == nil ? Self.outbox : Self.outboxWithRests
        var arguments: StatementArguments = [
            "now": now.millisecondsSinceEpoch, "limit": limit, "groups": names,
        ]
        if let token { arguments += ["token": token.rawValue] }
        return try await database.read("read outbox") { [arguments] db in
            let runs = try JobRun.all(db.cachedStatement(sql: sql), arguments)
            let next = try Int64.fetchOne(
                db.cachedStatement(sql: Self.nextDue),
                arguments: [now.millisecondsSinceEpoch]
            )
            return Outbox(runs: runs, next: next.map(Moment.init(millisecondsSinceEpoch:)))
        }
    }

    package func advance(_ runs: [JobRun], token: FencingToken?) async throws(StoreError) -> [JobRun] {
        try await database.write("advance runs") { db in
            try db.check(token, during: "advance runs")
            let statement = try RawStatement(db, Self.advance)
            return try runs.compactMap { run in
                run.bindProgress(token, to: statement)
                return try statement.run() == 1 ? run.stored(under: token) : nil
            }
        }
    }

    package func close(
        _ closings: [RunClosing],
        token: FencingToken?
    ) async throws(StoreError) -> ClosedRuns {
        try await database.write("close runs") { db in
            try db.check(token, during: "close runs")
            let end = try RawStatement(db, Self.endOfVersion)
            let ended = try closings.compactMap { try Self.close($0, token, end, in: db) }
            return ClosedRuns(ended, isWaitedFor: try ended.contains { try Self.isWaitedFor($0, in: db) })
        }
    }

    /// Whether a run stands in line behind one that ended.
    private static func isWaitedFor(_ run: JobRun, in db: Database) throws -> Bool {
        guard let end = run.end else { return false }
        let due = end.at + ClosedRuns.margin
        return try Bool.fetchOne(
            db.cachedStatement(sql: waits),
            arguments: [run.plan.job.rawValue, run.plan.shard.index, due.millisecondsSinceEpoch]
        ) ?? false
    }

    package func sequels(limit: Int) async throws(StoreError) -> [JobRun] {
        try await database.read("read sequels") { db in
            try JobRun.all(db.cachedStatement(sql: Self.sequels), [limit])
        }
    }

    package func follow(_ steps: [SequelStep], token: FencingToken) async throws(StoreError) -> [JobRun] {
        try await database.write("follow runs") { db in
            try db.check(token, during: "follow runs")
            var added: [JobRun] = []
            for step in steps {
                try db.execute(cached: Self.followed, [step.run.rawValue])
                guard db.changesCount == 1 else { continue }
                if let alarm = step.alarm { try db.write(alarm) }
                added += try step.runs.map { try Self.add($0, token: token, during: "follow runs", in: db) }
            }
            return added
        }
    }

    package func trigger(of plan: RunPlan) async throws(StoreError) -> TriggerRuns {
        try await database.read("read trigger") { db in
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: Self.ofTrigger),
                arguments: [plan.job.rawValue, plan.plannedAt.millisecondsSinceEpoch]
            )
            let runs = try rows.map(JobRun.init)
            let listed = zip(runs, rows).filter { $0.1["is_listed"] as Bool }.map(\.0.id)
            return TriggerRuns(runs: runs, listed: Set(listed))
        }
    }

    package func runs(_ ids: [RunID]) async throws(StoreError) -> [JobRun] {
        try await database.read("read runs") { db in
            let ids = WireValue.list(ids.map { .integer($0.rawValue) }).json
            return try JobRun.all(
                db.cachedStatement(sql: Self.byIDs),
                [String(decoding: ids, as: UTF8.self)]
            )
        }
    }

    package func runs(
        _ ids: [RunID],
        endedFor reasons: Set<RunReason>
    ) async throws(StoreError) -> [JobRun] {
        try await database.read("read ended runs") { db in
            let ids = WireValue.list(ids.map { .integer($0.rawValue) }).json
            let reasons = WireValue.list(reasons.map { .text($0.rawValue) }).json
            return try JobRun.all(
                db.cachedStatement(sql: Self.byIDsAndReasons),
                [String(decoding: ids, as: UTF8.self), String(decoding: reasons, as: UTF8.self)]
            )
        }
    }

    package func runs(
        _ filter: RunFilter,
        after: RunID?,
        limit: Int
    ) async throws(StoreError) -> Page<JobRun, RunID> {
        let query = RunQuery(filter, after: after, limit: limit + 1)
        return try await database.read("list runs") { db in
            let runs = try JobRun.all(db.makeStatement(sql: query.sql), query.arguments)
            return Page(runs, limit: limit, key: \.id)
        }
    }

    package func receivers(
        of jobs: Set<JobID>,
        since moment: Moment,
        among limit: Int
    ) async throws(StoreError) -> [JobID: [ExecutorAddress]] {
        try await database.read("read receivers") { db in
            let statement = try db.cachedStatement(sql: Self.receivers)
            var found: [JobID: [ExecutorAddress]] = [:]
            for job in jobs {
                let addresses = try String.fetchAll(
                    statement,
                    arguments: [job.rawValue, limit, moment.millisecondsSinceEpoch]
                )
                if !addresses.isEmpty { found[job] = addresses.map(ExecutorAddress.init(stored:)) }
            }
            return found
        }
    }

    private static func close(
        _ closing: RunClosing,
        _ token: FencingToken?,
        _ endOfVersion: RawStatement,
        in db: Database
    ) throws -> JobRun? {
        guard let ended = try end(closing.run, token, endOfVersion, in: db) else { return nil }
        // An operator may have asked for its end after the retry was decided on.
        if let retry = closing.retry, ended.killRequestedAt == nil {
            _ = try RunInsertion(db, unlessExists: true).add(retry, token: token)
        } else if ended.plan.terms.hasSequel {
            try db.addSequel(of: ended.id)
        }
        if let next = closing.nextTriggerAt {
            let job = ended.plan.job.rawValue
            try db.execute(cached: Self.followUp, [next.millisecondsSinceEpoch, job, job])
        }
        return ended
    }
}

extension SQLiteRunStore {
    /// Ends a run in whatever open state it is; nil when it has ended before.
    ///
    /// Nearly always it is as it was read, and then what is in the store need not be read again.
    private static func end(
        _ run: JobRun,
        _ token: FencingToken?,
        _ endOfVersion: RawStatement,
        in db: Database
    ) throws -> JobRun? {
        guard let end = run.end else { return nil }
        endOfVersion.bind(end.at.millisecondsSinceEpoch, at: 1)
        endOfVersion.bind(text: end.reason.rawValue, at: 2)
        endOfVersion.bind(text: end.message, at: 3)
        endOfVersion.bind(run.startedAt?.millisecondsSinceEpoch, at: 4)
        endOfVersion.bind(token?.rawValue, at: 5)
        endOfVersion.bind(run.id.rawValue, at: 6)
        endOfVersion.bind(run.version, at: 7)
        if try endOfVersion.run() == 1 { return run.stored(under: token) }
        let row = try Row.fetchOne(
            db.cachedStatement(sql: Self.end),
            arguments: [
                end.at.millisecondsSinceEpoch, end.reason.rawValue, end.message,
                run.startedAt?.millisecondsSinceEpoch, token?.rawValue, run.id.rawValue,
            ]
        )
        return try row.map(JobRun.init)
    }

    private static let byIDs =
        "SELECT \(RunColumn.list()) FROM runs WHERE id IN (SELECT value FROM json_each(?))"

    /// The reason's plus keeps SQLite from going by an index of it.
    private static let byIDsAndReasons = "\(byIDs) AND +reason IN (SELECT value FROM json_each(?))"

    private static let sequels = """
        SELECT \(RunColumn.list()) FROM sequels JOIN runs ON runs.id = sequels.run
        ORDER BY sequels.run LIMIT ?
        """

    private static let followed = "DELETE FROM sequels WHERE run = ?"

    private static let ofTrigger = """
        SELECT \(RunColumn.list()), EXISTS (SELECT 1 FROM sequels WHERE run = runs.id) AS is_listed
        FROM runs WHERE job = ? AND planned_at = ?
        """

    private static let noteTrigger = "UPDATE jobs SET last_at = max(coalesce(last_at, 0), ?) WHERE id = ?"

    static let outbox = outbox(withRests: false)
    static let outboxWithRests = outbox(withRests: true)

    /// What is to be handed over, group by group: one that is left out may have any number of runs that are due.
    ///
    /// - Parameter hasRests: whether what earlier terms sent is brought before its time, which takes a look at all that is to come.
    /// - Returns: the statement.
    private static func outbox(withRests hasRests: Bool) -> String {
        let due =
            hasRests
            ? "(r.due_at <= :now OR (r.state = 'dispatching' AND r.token <> :token))" : "r.due_at <= :now"
        return """
            \(outboxGroups)
            SELECT \(RunColumn.list(of: "o")) FROM groups CROSS JOIN runs o ON o.id IN (
                SELECT r.id FROM runs r INDEXED BY runs_outbox_of_group
                WHERE r.app = groups.app AND r.due_at IS NOT NULL AND \(due) AND \(mayGo("r", at: ":now"))
                ORDER BY r.due_at, r.id LIMIT :limit)
            WHERE groups.app NOT IN (SELECT value FROM json_each(:groups))
            ORDER BY o.due_at, o.id LIMIT :limit
            """
    }

    /// The groups that have anything in the outbox.
    private static let outboxGroups = """
        WITH RECURSIVE groups (app) AS (
            SELECT min(app) FROM runs INDEXED BY runs_outbox_of_group WHERE due_at IS NOT NULL
            UNION ALL
            SELECT (
                SELECT min(app) FROM runs INDEXED BY runs_outbox_of_group
                WHERE due_at IS NOT NULL AND app > groups.app)
            FROM groups WHERE app IS NOT NULL)
        """

    /// Whether a run waits for none of its line.
    private static func mayGo(_ run: String, at now: String) -> String {
        """
        NOT (\(run).state = 'planned' AND \(run).overlap IN ('SERIAL_EXECUTION', 'COVER_EARLY') AND EXISTS (
            SELECT 1 FROM runs o
            WHERE o.state <> 'ended' AND o.job = \(run).job AND o.shard_index = \(run).shard_index AND o.id <> \(run).id
              AND ((\(run).overlap = 'SERIAL_EXECUTION' AND o.state <> 'planned')
                OR (\(run).overlap = 'COVER_EARLY' AND o.state = 'dispatching')
                OR (o.state = 'planned' AND o.id < \(run).id
                  AND (o.due_at <= \(now) OR o.unreached_since IS NOT NULL)))))
        """
    }

    /// The index is named: without statistics SQLite may as well go through a job's history.
    private static let waits = """
        SELECT EXISTS (
            SELECT 1 FROM runs INDEXED BY runs_open
            WHERE job = ? AND state <> 'ended' AND state = 'planned' AND shard_index = ? AND due_at <= ?
                AND overlap IN ('SERIAL_EXECUTION', 'COVER_EARLY'))
        """

    static let nextDue = """
        \(outboxGroups)
        SELECT min((
            SELECT min(due_at) FROM runs INDEXED BY runs_outbox_of_group
            WHERE runs.app = groups.app AND due_at IS NOT NULL AND due_at > ?))
        FROM groups
        """

    /// What changes of a run on its way to its end.
    private static let progress = """
        SET state = ?, due_at = ?, sends = ?, address = ?, instance = ?, dispatched_at = ?, started_at = ?,
            unreached_since = ?, kill_requested_at = ?, token = coalesce(?, token), version = version + 1
        WHERE id = ? AND version = ?
        """

    private static let advance = "UPDATE runs \(progress) AND state <> 'ended'"

    private static let endOpen = """
        UPDATE runs
        SET state = 'ended', due_at = NULL, ended_at = ?, reason = ?, message = ?,
            started_at = coalesce(started_at, ?), token = coalesce(?, token), version = version + 1
        WHERE id = ? AND state <> 'ended'
        """

    private static let end = "\(endOpen) RETURNING \(RunColumn.list())"
    private static let endOfVersion = "\(endOpen) AND version = ?"

    private static let followUp = """
        UPDATE jobs SET next_at = ?
        WHERE id = ? AND enabled = 1 AND next_at IS NULL AND schedule_kind = 'FIX_DELAY'
          AND NOT EXISTS (SELECT 1 FROM runs WHERE job = ? AND state <> 'ended')
        """

    /// The index is named: without statistics SQLite may as well sort a job's whole history.
    static let receivers = """
        SELECT address FROM (
            SELECT id, address, dispatched_at FROM runs INDEXED BY runs_of_job
            WHERE job = ? ORDER BY id DESC LIMIT ?)
        WHERE dispatched_at >= ? AND address IS NOT NULL ORDER BY dispatched_at, id
        """
}

/// The statement for one filter; only what is asked for is in it, so that SQLite can pick the index that
/// fits.
private struct RunQuery: Sendable {
    let sql: String
    let arguments: StatementArguments

    init(_ filter: RunFilter, after: RunID?, limit: Int) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ values: [any DatabaseValueConvertible]) {
            conditions.append(condition)
            arguments += StatementArguments(values)
        }
        if let job = filter.job { require("job = ?", [job.rawValue]) }
        if let group = filter.group { require("app = ?", [group]) }
        if let groups = filter.permitted?.sorted() {
            let places = groups.map { _ in "?" }.joined(separator: ", ")
            require("app IN (\(places))", groups)
        }
        if let states = filter.states { Self.require(states, &conditions) }
        if let reasons = filter.reasons {
            let marks = Array(repeating: "?", count: reasons.count).joined(separator: ", ")
            require("reason IN (\(marks))", reasons.map(\.rawValue))
        }
        if let address = filter.address { require("address = ?", [address.url]) }
        if let from = filter.plannedFrom { require("planned_at >= ?", [from.millisecondsSinceEpoch]) }
        if let before = filter.plannedBefore { require("planned_at < ?", [before.millisecondsSinceEpoch]) }
        if let after { require("id < ?", [after.rawValue]) }
        arguments += [limit]
        let filtered = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        sql =
            "SELECT \(RunColumn.list()) FROM runs \(Self.index(for: filter))\(filtered)ORDER BY id DESC LIMIT ?"
        self.arguments = arguments
    }

    /// The index that holds open runs alone, where one fits: a job's history may be a million times longer, and
    /// without statistics SQLite takes either.
    private static func index(for filter: RunFilter) -> String {
        guard let states = filter.states, !states.contains(.ended) else { return "" }
        if filter.job != nil { return "INDEXED BY runs_open " }
        return states == [.running] ? "INDEXED BY runs_running " : ""
    }

    /// States are words of ours and stand in the text itself: only then do the indexes on open runs apply.
    private static func require(_ states: Set<RunState.Name>, _ conditions: inout [String]) {
        if states == .open {
            conditions.append("state <> 'ended'")
        } else if states.count == 1, let state = states.first {
            conditions.append("state = '\(state.rawValue)'")
        } else {
            let words = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            conditions.append("state IN (\(words))")
        }
        if !states.contains(.ended), states != .open { conditions.append("state <> 'ended'") }
    }
}
