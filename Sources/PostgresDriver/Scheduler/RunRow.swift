import Groundwork
import Scheduler

extension JobRun {
    /// Reads a row of `runs`.
    init(_ row: PostgresRow) throws {
        self.init(
            id: RunID(rawValue: row[.id]),
            plan: try RunPlan(row),
            state: try RunState(row),
            executor: row.text(.address)
                .map {
                    ExecutorReference(address: ExecutorAddress(stored: $0), instance: row.text(.instance))
                },
            dispatchedAt: row.moment(.dispatchedAt),
            startedAt: row.moment(.startedAt),
            unreachedSince: row.moment(.unreachedSince),
            killRequestedAt: row.moment(.killRequestedAt),
            version: row[.version],
            token: row.number(.token).map(FencingToken.init(rawValue:))
        )
    }
}

extension RunState {
    fileprivate init(_ row: PostgresRow) throws {
        let name: RunState.Name = try row.word(.state)
        switch name {
        case .planned: self = .planned(due: try row.needed(.dueAt))
        case .dispatching: self = .dispatching(sends: Int(row[.sends]), resendAt: try row.needed(.dueAt))
        case .running: self = .running
        case .ended:
            let message = row.text(.message) ?? ""
            self = .ended(RunEnd(try row.word(.reason), message: message, at: try row.needed(.endedAt)))
        }
    }
}

extension RunPlan {
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            job: JobID(rawValue: row[.job]),
            plannedAt: try row.needed(.plannedAt),
            shard: Shard(index: Int(row[.shardIndex]), total: Int(row[.shardTotal])),
            attempt: Int(row[.attempt]),
            parent: row.number(.parent).map(RunID.init(rawValue:)),
            trigger: try row.word(.triggerKind),
            terms: RunTerms(
                group: row.text(.app) ?? "",
                handler: row.text(.handler) ?? "",
                params: row.text(.params) ?? "",
                overlap: try row.word(.overlap),
                route: try row.word(.route),
                timeout: .milliseconds(row[.timeoutMs]),
                retry: try RetryPolicy(stored: row.text(.retry) ?? ""),
                followUp: row.number(.followUpMs).map { .milliseconds($0) },
                hasSequel: row[.hasSequel] != 0,
                target: row.text(.target).map(ExecutorAddress.init(stored:)),
                hashKey: row.text(.hashKey)
            )
        )
    }
}

extension PostgresRow {
    /// The number in a column that always has one.
    fileprivate subscript(column: RunColumn) -> Int64 { int64(column.rawValue) }

    fileprivate func number(_ column: RunColumn) -> Int64? { optionalInt64(column.rawValue) }

    fileprivate func text(_ column: RunColumn) -> String? { optionalText(column.rawValue) }

    fileprivate func moment(_ column: RunColumn) -> Moment? { optionalMoment(column.rawValue) }

    fileprivate func word<Word: RawRepresentable<String>>(_ column: RunColumn) throws -> Word {
        try word(column.rawValue, of: "\(column) of a run")
    }

    /// The instant in a column that has one in this state.
    fileprivate func needed(_ column: RunColumn) throws -> Moment {
        guard let moment = moment(column) else {
            throw StoreError(.corrupted, during: "read \(column) of a run", detail: "null")
        }
        return moment
    }
}
