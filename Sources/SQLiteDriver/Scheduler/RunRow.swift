import Foundation
import GRDB
import Groundwork
import Scheduler

extension JobRun {
    /// Reads a row of `runs`.
    init(_ row: Row) throws {
        let address: String? = row["address"]
        self.init(
            id: RunID(rawValue: row["id"]),
            plan: try RunPlan(row),
            state: try RunState(row),
            executor: address.map {
                ExecutorReference(address: ExecutorAddress(stored: $0), instance: row["instance"])
            },
            dispatchedAt: row.moment("dispatched_at"),
            startedAt: row.moment("started_at"),
            unreachedSince: row.moment("unreached_since"),
            killRequestedAt: row.moment("kill_requested_at"),
            version: row["version"],
            token: (row["token"] as Int64?).map(FencingToken.init(rawValue:))
        )
    }

    /// What `advance` writes.
    func progress(_ token: FencingToken?) -> StatementArguments {
        let stored = state.stored
        return [
            "id": id.rawValue, "version": version, "state": state.name.rawValue,
            "due_at": stored.due?.millisecondsSinceEpoch, "sends": stored.sends,
            "address": executor?.address.url, "instance": executor?.instance,
            "dispatched_at": dispatchedAt?.millisecondsSinceEpoch,
            "started_at": startedAt?.millisecondsSinceEpoch,
            "unreached_since": unreachedSince?.millisecondsSinceEpoch,
            "kill_requested_at": killRequestedAt?.millisecondsSinceEpoch, "token": token?.rawValue,
        ]
    }
}

extension RunState {
    /// The parts of a state that have columns of their own.
    var stored: (due: Moment?, sends: Int) {
        switch self {
        case .planned(let due): (due, 0)
        case .dispatching(let sends, let resendAt): (resendAt, sends)
        case .running, .ended: (nil, 0)
        }
    }

    init(_ row: Row) throws {
        let name: RunState.Name = try row.word("state")
        switch name {
        case .planned: self = .planned(due: try row.needed("due_at"))
        case .dispatching: self = .dispatching(sends: row["sends"], resendAt: try row.needed("due_at"))
        case .running: self = .running
        case .ended:
            self = .ended(
                RunEnd(try row.word("reason"), message: row["message"] ?? "", at: try row.needed("ended_at"))
            )
        }
    }
}

extension RunPlan {
    init(_ row: Row) throws {
        let retry: String = row["retry"]
        self.init(
            job: JobID(rawValue: row["job"]),
            plannedAt: try row.needed("planned_at"),
            shard: Shard(index: row["shard_index"], total: row["shard_total"]),
            attempt: row["attempt"],
            parent: (row["parent"] as Int64?).map(RunID.init(rawValue:)),
            trigger: try row.word("trigger_kind"),
            terms: RunTerms(
                group: row["app"],
                handler: row["handler"],
                params: row["params"],
                overlap: try row.word("overlap"),
                route: try row.word("route"),
                timeout: .milliseconds(row["timeout_ms"] as Int64),
                retry: try JSONDecoder().decode(RetryPolicy.self, from: Data(retry.utf8)),
                followUp: (row["follow_up_ms"] as Int64?).map(Duration.milliseconds)
            )
        )
    }
}

extension Database {
    /// Adds a run; nil when one of the same job, planned instant, shard and attempt exists and may.
    func insert(_ new: NewRun, token: FencingToken?, unlessExists: Bool) throws -> JobRun? {
        let plan = new.plan
        let stored = new.state.stored
        let end: RunEnd? = if case .ended(let end) = new.state { end } else { nil }
        let retry = String(decoding: try JSONEncoder().encode(plan.terms.retry), as: UTF8.self)
        let statement = try cachedStatement(sql: unlessExists ? Self.insertNewRun : Self.insertRun)
        try statement.execute(arguments: [
            plan.job.rawValue, plan.plannedAt.millisecondsSinceEpoch, plan.shard.index, plan.shard.total,
            plan.attempt, plan.parent?.rawValue, plan.trigger.rawValue, plan.terms.group, plan.terms.handler,
            plan.terms.params, plan.terms.overlap.rawValue, plan.terms.route.rawValue,
            plan.terms.timeout.wholeMilliseconds, retry, plan.terms.followUp?.wholeMilliseconds,
            new.state.name.rawValue, stored.due?.millisecondsSinceEpoch, end?.at.millisecondsSinceEpoch,
            end?.reason.rawValue, end?.message, token?.rawValue,
        ])
        guard changesCount == 1 else { return nil }
        return JobRun(id: RunID(rawValue: lastInsertedRowID), plan: plan, state: new.state, token: token)
    }

    private static let insertRun = """
        INSERT INTO runs (
            job, planned_at, shard_index, shard_total, attempt, parent, trigger_kind, app, handler, params, overlap,
            route, timeout_ms, retry, follow_up_ms, state, due_at, ended_at, reason, message, token, sends, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1)
        """

    private static let insertNewRun = insertRun + " ON CONFLICT DO NOTHING"
}

extension Row {
    /// The word of a closed list in a column.
    fileprivate func word<Word: RawRepresentable<String>>(_ column: String) throws -> Word {
        let text: String? = self[column]
        guard let word = text.flatMap(Word.init(rawValue:)) else {
            throw StoreError(.corrupted, during: "read \(column)", detail: text ?? "null")
        }
        return word
    }

    /// The instant in a column that has one in this state.
    fileprivate func needed(_ column: String) throws -> Moment {
        guard let moment = moment(column) else {
            throw StoreError(.corrupted, during: "read \(column)", detail: "null")
        }
        return moment
    }
}
