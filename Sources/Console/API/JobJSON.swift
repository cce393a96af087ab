import Groundwork
import Scheduler

extension Job {
    var json: WireObject {
        [
            "id": .id(id), "version": .number(version), "enabled": .bool(isEnabled),
            "name": .text(spec.name), "group": .text(spec.group), "summary": .text(spec.summary),
            "schedule": .object(spec.schedule.json), "misfire": .text(spec.misfire.rawValue),
            "overlap": .text(spec.overlap.rawValue), "route": .text(spec.route.rawValue),
            "handler": .text(spec.handler), "script": spec.script.map { .object($0.json) } ?? .null,
            "params": .text(spec.params),
            "timeout": .number(spec.timeout.inSeconds), "retry": .object(spec.retry.json),
            "children": .objects(spec.children.map(\.json)),
            "alarm": spec.alarm.map { .object($0.json) } ?? .null,
            "keepDays": spec.keep.map { .number($0.inSeconds / 86_400) } ?? .null,
            "createdAt": .instant(createdAt), "startedAt": .instant(startedAt),
            "lastTriggerAt": .instant(lastTriggerAt), "nextTriggerAt": .instant(nextTriggerAt),
            "fromDefinition": .bool(definition != nil),
        ]
    }
}

extension ScheduleText {
    fileprivate var json: WireObject {
        [
            "type": .text(type), "conf": .text(conf), "zone": .text(zone), "daylight": .text(daylight),
            "calendar": limits.calendar.map(\.wire) ?? .null, "except": .texts(limits.except),
            "from": .instant(limits.from), "until": .instant(limits.until),
            "jitter": .number(limits.jitter.inSeconds),
        ]
    }
}

extension JobScript {
    fileprivate var json: WireObject {
        ["language": .text(language.rawValue), "source": .text(source), "remark": .text(remark)]
    }
}

extension RetryPolicy {
    fileprivate var json: WireObject {
        let waits: WireObject = [
            "first": .number(backoff.first.inSeconds), "ceiling": .number(backoff.ceiling.inSeconds),
            "factor": .number(backoff.factor), "jitter": .number(backoff.jitter),
        ]
        return [
            "limit": .number(limit), "backoff": .object(waits),
            "reasons": reasons.map { .texts($0.inOrder.map(\.rawValue)) } ?? .null,
        ]
    }
}

extension AlarmPolicy {
    fileprivate var json: WireObject {
        [
            "to": .objects(
                targets.map { ["template": .number($0.template), "receivers": .texts($0.receivers)] }
            ),
            "window": .number(window.inSeconds), "recovery": .bool(tellsRecovery),
        ]
    }
}

extension ChildJob {
    fileprivate var json: WireObject {
        [
            "job": .text("\(job)"), "when": .text(condition.rawValue), "params": .text(params.rawValue),
            "perShard": .bool(isPerShard),
        ]
    }
}

extension SchedulePreview {
    var json: WireObject {
        ["instants": .list(instants.map { .instant($0) }), "warnings": .texts(warnings)]
    }
}

extension BackfillOutcome {
    /// How many instants are told of.
    private static let limit = 100

    var json: WireObject {
        [
            "due": .number(due), "missing": .number(missing.count), "added": .number(runs.count),
            "instants": .list(missing.prefix(Self.limit).map { .instant($0) }),
            "spacing": .number(spacing.inSeconds), "lastDueAt": .instant(lastDue),
        ]
    }
}

extension JobRun {
    var json: WireObject {
        [
            "id": .id(id), "job": .id(plan.job), "plannedAt": .instant(plan.plannedAt),
            "shard": .object(["index": .number(plan.shard.index), "total": .number(plan.shard.total)]),
            "attempt": .number(plan.attempt), "parent": .id(plan.parent),
            "trigger": .text(plan.trigger.rawValue), "group": .text(plan.terms.group),
            "handler": .text(plan.terms.handler), "params": .text(plan.terms.params),
            "target": .optional(plan.terms.target?.url),
            "state": .text(state.name.rawValue), "reason": .optional(end?.reason.rawValue),
            "outcome": .optional(end?.reason.outcome.rawValue), "message": .optional(end?.message),
            "executor": .optional(executor?.address.url), "dispatchedAt": .instant(dispatchedAt),
            "startedAt": .instant(startedAt), "endedAt": .instant(end?.at),
            "killRequestedAt": .instant(killRequestedAt),
        ]
    }
}

extension ExecutorInstance {
    func json(at now: Moment) -> WireObject {
        [
            "group": .text(group), "address": .text(address.url), "instance": .optional(instance),
            "dialect": .text(dialect.rawValue), "since": .instant(isHeard ? since : nil),
            "lastSeenAt": .instant(isHeard ? lastSeenAt : nil),
            "alive": .bool(isAlive(at: now)), "left": .bool(hasLeft), "place": .text(place.rawValue),
        ]
    }
}
