import Groundwork

/// A run that was added just now, as one process names it to another.
extension JobRun {
    /// Reads one that `added` wrote.
    ///
    /// - Throws: `WireError` when it is of another version's making, and is to be found in the store.
    init(added wire: WireValue) throws(WireError) {
        guard let body = wire.object, let id = body["id"].wholeNumber, let job = body["job"].wholeNumber,
            let plannedAt = body["plannedAt"].wholeNumber, let due = body["due"].wholeNumber,
            let index = body["shard"].wholeNumber, let total = body["shards"].wholeNumber,
            let attempt = body["attempt"].wholeNumber,
            let trigger = body["trigger"].text.flatMap(TriggerKind.init(rawValue:))
        else { throw WireError(.wrongKind) }
        let plan = RunPlan(
            job: JobID(rawValue: job),
            plannedAt: Moment(millisecondsSinceEpoch: plannedAt),
            shard: Shard(index: Int(index), total: Int(total)),
            attempt: Int(attempt),
            parent: body["parent"].wholeNumber.map(RunID.init(rawValue:)),
            trigger: trigger,
            terms: try RunTerms(wire: body["terms"])
        )
        self.init(
            id: RunID(rawValue: id),
            plan: plan,
            state: .planned(due: Moment(millisecondsSinceEpoch: due))
        )
    }

    /// Names a run that is planned and was not changed yet.
    var added: WireValue {
        .object([
            "id": .integer(id.rawValue), "job": .integer(plan.job.rawValue),
            "plannedAt": .integer(plan.plannedAt.millisecondsSinceEpoch),
            "due": state.stored.due.map { .integer($0.millisecondsSinceEpoch) } ?? .null,
            "shard": .integer(Int64(plan.shard.index)), "shards": .integer(Int64(plan.shard.total)),
            "attempt": .integer(Int64(plan.attempt)),
            "parent": plan.parent.map { .integer($0.rawValue) } ?? .null,
            "trigger": .text(plan.trigger.rawValue), "terms": plan.terms.wire,
        ])
    }
}

extension RunTerms {
    fileprivate init(wire: WireValue) throws(WireError) {
        guard let body = wire.object, let group = body["group"].text, let handler = body["handler"].text,
            let params = body["params"].text,
            let overlap = body["overlap"].text.flatMap(BlockStrategy.init(rawValue:)),
            let route = body["route"].text.flatMap(RouteStrategy.init(rawValue:)),
            let timeout = body["timeoutMs"].wholeNumber, let retry = body["retry"].text,
            let policy = try? RetryPolicy(stored: retry)
        else { throw WireError(.wrongKind) }
        self.init(
            group: group,
            handler: handler,
            params: params,
            overlap: overlap,
            route: route,
            timeout: .milliseconds(timeout),
            retry: policy,
            followUp: body["followUpMs"].wholeNumber.map { .milliseconds($0) },
            hasSequel: body["hasSequel"].truth ?? false,
            target: body["target"].text.map(ExecutorAddress.init(stored:)),
            hashKey: body["hashKey"].text
        )
    }

    fileprivate var wire: WireValue {
        .object([
            "group": .text(group), "handler": .text(handler), "params": .text(params),
            "overlap": .text(overlap.rawValue), "route": .text(route.rawValue),
            "timeoutMs": .integer(timeout.wholeMilliseconds), "retry": .text(retry.stored),
            "followUpMs": followUp.map { .integer($0.wholeMilliseconds) } ?? .null,
            "hasSequel": .bool(hasSequel), "target": target.map { .text($0.url) } ?? .null,
            "hashKey": hashKey.map(WireValue.text) ?? .null,
        ])
    }
}
