import Groundwork
import Scheduler

extension Job {
    var json: WireObject {
        let head: WireObject = [
            "id": .id(id), "version": .number(version), "enabled": .bool(isEnabled),
        ]
        let tail: WireObject = [
            "createdAt": .instant(createdAt), "startedAt": .instant(startedAt),
            "lastTriggerAt": .instant(lastTriggerAt), "nextTriggerAt": .instant(nextTriggerAt),
            "fromDefinition": .bool(definition != nil),
        ]
        return head + spec.json + tail
    }
}

extension JobVersion {
    var json: WireObject {
        let head: WireObject = [
            "id": .id(job), "version": .number(number), "enabled": .bool(isEnabled),
        ]
        let tail: WireObject = [
            "since": .instant(since), "until": .instant(end?.at),
            "fromDefinition": .bool(definition != nil),
        ]
        return head + spec.json + tail
    }
}

extension JobSpec {
    fileprivate var json: WireObject {
        [
            "name": .text(name), "group": .text(group), "summary": .text(summary),
            "schedule": .object(schedule.json), "misfire": .text(misfire.rawValue),
            "overlap": .text(overlap.rawValue), "route": .text(route.rawValue),
            "handler": .text(handler), "script": script.map { .object($0.json) } ?? .null,
            "params": .text(params),
            "timeout": .number(timeout.inSeconds), "retry": .object(retry.json),
            "children": .objects(children.map(\.json)),
            "alarm": alarm.map { .object($0.json) } ?? .null,
            "keepDays": keep.map { .number($0.inSeconds / 86_400) } ?? .null,
            "lateness": lateness.map { .object($0.json) } ?? .null, "hashKey": .optional(hashKey),
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

extension LatenessTarget {
    fileprivate var json: WireObject {
        ["target": .number(target.inSeconds), "percent": .number(percent)]
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

extension JobService {
    /// A job that was just saved, with what of its schedule may surprise.
    func saved(_ job: Job) throws -> WireObject {
        try job.json + ["warnings": .texts(preview(job.spec.schedule, count: 1).warnings)]
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
