import GRDB
import Groundwork
import Scheduler

extension JobRun {
    /// Reads a row of `runs`.
    init(_ row: Row) throws {
        let address: String? = row[.address]
        self.init(
            id: RunID(rawValue: row[.id]),
            plan: try RunPlan(row),
            state: try RunState(row),
            executor: address.map {
                ExecutorReference(address: ExecutorAddress(stored: $0), instance: row[.instance])
            },
            dispatchedAt: row.moment(.dispatchedAt),
            startedAt: row.moment(.startedAt),
            unreachedSince: row.moment(.unreachedSince),
            killRequestedAt: row.moment(.killRequestedAt),
            version: row[.version],
            token: (row[.token] as Int64?).map(FencingToken.init(rawValue:))
        )
    }

    /// Reads all rows that a statement brings, one at a time: rows are wide, and need not be copied first.
    static func all(_ statement: Statement, _ arguments: StatementArguments) throws -> [JobRun] {
        try Array(try Row.fetchCursor(statement, arguments: arguments).map { try JobRun($0) })
    }

    /// Binds what `advance` writes, in the order of its parameters.
    func bindProgress(_ token: FencingToken?, to statement: RawStatement) {
        let stored = state.stored
        statement.bind(text: state.name.rawValue, at: 1)
        statement.bind(stored.due?.millisecondsSinceEpoch, at: 2)
        statement.bind(stored.sends, at: 3)
        statement.bind(text: executor?.address.url, at: 4)
        statement.bind(text: executor?.instance, at: 5)
        statement.bind(dispatchedAt?.millisecondsSinceEpoch, at: 6)
        statement.bind(startedAt?.millisecondsSinceEpoch, at: 7)
        statement.bind(unreachedSince?.millisecondsSinceEpoch, at: 8)
        statement.bind(killRequestedAt?.millisecondsSinceEpoch, at: 9)
        statement.bind(token?.rawValue, at: 10)
        statement.bind(id.rawValue, at: 11)
        statement.bind(version, at: 12)
    }
}

extension RunState {
    init(_ row: Row) throws {
        let name: RunState.Name = try row.word(.state)
        switch name {
        case .planned: self = .planned(due: try row.needed(.dueAt))
        case .dispatching: self = .dispatching(sends: row[.sends], resendAt: try row.needed(.dueAt))
        case .running: self = .running
        case .ended:
            self = .ended(
                RunEnd(try row.word(.reason), message: row[.message] ?? "", at: try row.needed(.endedAt))
            )
        }
    }
}

extension RunPlan {
    init(_ row: Row) throws {
        let retry: String = row[.retry]
        self.init(
            job: JobID(rawValue: row[.job]),
            plannedAt: try row.needed(.plannedAt),
            shard: Shard(index: row[.shardIndex], total: row[.shardTotal]),
            attempt: row[.attempt],
            parent: (row[.parent] as Int64?).map(RunID.init(rawValue:)),
            trigger: try row.word(.triggerKind),
            terms: RunTerms(
                group: row[.app],
                handler: row[.handler],
                params: row[.params],
                overlap: try row.word(.overlap),
                route: try row.word(.route),
                timeout: .milliseconds(row[.timeoutMs] as Int64),
                retry: try RetryPolicy(stored: retry),
                followUp: (row[.followUpMs] as Int64?).map(Duration.milliseconds),
                hasSequel: row[.hasSequel],
                target: (row[.target] as String?).map(ExecutorAddress.init(stored:)),
                hashKey: row[.hashKey]
            )
        )
    }
}

/// Adds runs within one access to the database.
struct RunInsertion {
    private let db: Database
    private let statement: RawStatement

    /// Adds to `db`; with `unlessExists` a run is passed over where one of the same job, planned instant, shard and attempt exists.
    init(_ db: Database, unlessExists: Bool) throws {
        self.db = db
        statement = try RawStatement(db, unlessExists ? Self.insertNewRun : Self.insertRun)
    }

    /// Adds a run; nil when it is passed over.
    func add(_ new: NewRun, token: FencingToken?) throws -> JobRun? {
        bind(new, token)
        guard try statement.run() == 1 else { return nil }
        let run = JobRun(new, id: RunID(rawValue: db.lastInsertedRowID), token: token)
        if new.isRecord, new.plan.terms.hasSequel { try db.addSequel(of: run.id) }
        return run
    }

    private func bind(_ new: NewRun, _ token: FencingToken?) {
        let (plan, terms) = (new.plan, new.plan.terms)
        let end: RunEnd? = if case .ended(let end) = new.state { end } else { nil }
        statement.bind(plan.job.rawValue, at: 1)
        statement.bind(plan.plannedAt.millisecondsSinceEpoch, at: 2)
        statement.bind(plan.shard.index, at: 3)
        statement.bind(plan.shard.total, at: 4)
        statement.bind(plan.attempt, at: 5)
        statement.bind(plan.parent?.rawValue, at: 6)
        statement.bind(text: plan.trigger.rawValue, at: 7)
        statement.bind(text: terms.group, at: 8)
        statement.bind(text: terms.handler, at: 9)
        statement.bind(text: terms.params, at: 10)
        statement.bind(text: terms.overlap.rawValue, at: 11)
        statement.bind(text: terms.route.rawValue, at: 12)
        statement.bind(terms.timeout.wholeMilliseconds, at: 13)
        statement.bind(text: terms.retry.stored, at: 14)
        statement.bind(terms.followUp?.wholeMilliseconds, at: 15)
        statement.bind(text: new.state.name.rawValue, at: 16)
        statement.bind(new.state.stored.due?.millisecondsSinceEpoch, at: 17)
        statement.bind(end?.at.millisecondsSinceEpoch, at: 18)
        statement.bind(text: end?.reason.rawValue, at: 19)
        statement.bind(text: end?.message, at: 20)
        statement.bind(token?.rawValue, at: 21)
        statement.bind(terms.hasSequel ? 1 : 0, at: 22)
        statement.bind(text: terms.target?.url, at: 23)
        statement.bind(text: terms.hashKey, at: 24)
        statement.bind(new.state.stored.sends, at: 25)
        statement.bind(text: new.executor?.address.url, at: 26)
        statement.bind(text: new.executor?.instance, at: 27)
        statement.bind(new.dispatchedAt?.millisecondsSinceEpoch, at: 28)
    }

    private static let insertRun = """
        INSERT INTO runs (
            job, planned_at, shard_index, shard_total, attempt, parent, trigger_kind, app, handler, params, overlap,
            route, timeout_ms, retry, follow_up_ms, state, due_at, ended_at, reason, message, token, has_sequel, target,
            hash_key, sends, address, instance, dispatched_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
        """

    private static let insertNewRun = insertRun + " ON CONFLICT DO NOTHING"
}

extension Database {
    /// Notes that somebody has to look at how a run ended.
    func addSequel(of run: RunID) throws {
        try execute(sql: "INSERT INTO sequels (run) VALUES (?)", arguments: [run.rawValue])
    }
}

extension Row {
    /// What is in a column of a row of `runs`.
    fileprivate subscript<Value: DatabaseValueConvertible & StatementColumnConvertible>(
        column: RunColumn
    ) -> Value {
        self[column.rawValue]
    }

    /// The instant in a column, or nil.
    fileprivate func moment(_ column: RunColumn) -> Moment? {
        (self[column] as Int64?).map(Moment.init(millisecondsSinceEpoch:))
    }

    /// The word of a closed list in a column.
    fileprivate func word<Word: RawRepresentable<String>>(_ column: RunColumn) throws -> Word {
        let text: String? = self[column]
        guard let word = text.flatMap(Word.init(rawValue:)) else {
            throw StoreError(.corrupted, during: "read \(column) of a run", detail: text ?? "null")
        }
        return word
    }

    /// The instant in a column that has one in this state.
    fileprivate func needed(_ column: RunColumn) throws -> Moment {
        guard let moment = moment(column) else {
            throw StoreError(.corrupted, during: "read \(column) of a run", detail: "null")
        }
        return moment
    }
}
