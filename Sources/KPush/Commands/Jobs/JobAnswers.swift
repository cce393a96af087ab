import Groundwork
import Scheduler

/// A job as the API tells of it.
struct JobAnswer: Decodable, Sendable {
    struct Schedule: Decodable, Sendable {
        let type: String
        let conf: String
        let zone: String
        let daylight: String
        let calendar: CalendarChoice?
        let except: [String]
        let from: APIInstant?
        let until: APIInstant?
        let jitter: Double
    }

    struct Retry: Decodable, Sendable {
        struct Backoff: Decodable, Sendable {
            let first: Double
            let ceiling: Double
            let factor: Double
            let jitter: Double
        }

        let limit: Int
        let backoff: Backoff
        let reasons: Set<RunReason>?
    }

    struct Alarm: Decodable, Sendable {
        let to: [AlarmTarget]
        let window: Double
        let recovery: Bool
    }

    struct Lateness: Decodable, Sendable {
        let target: Double
        let percent: Double
    }

    struct Child: Decodable, Sendable {
        let job: String
        let when: ChildCondition
        let params: ChildParams
        let perShard: Bool
    }

    let id: Int64
    let version: Int64
    let enabled: Bool
    let name: String
    let group: String
    let summary: String
    let schedule: Schedule
    let misfire: MisfirePolicy
    let overlap: BlockStrategy
    let route: RouteStrategy
    let handler: String
    let script: JobScript?
    let params: String
    let timeout: Double
    let retry: Retry
    let children: [Child]
    let alarm: Alarm?
    let keepDays: Double?
    let lateness: Lateness?
    let hashKey: String?
    let lastTriggerAt: APIInstant?
    let nextTriggerAt: APIInstant?
    let fromDefinition: Bool

    /// What an operator may change of it.
    var spec: JobSpec {
        JobSpec(
            name: name,
            group: group,
            summary: summary,
            schedule: ScheduleText(
                type: schedule.type,
                conf: schedule.conf,
                zone: schedule.zone,
                daylight: schedule.daylight,
                limits: ScheduleLimits(
                    calendar: schedule.calendar,
                    except: schedule.except,
                    from: schedule.from?.moment,
                    until: schedule.until?.moment,
                    jitter: Duration(written: schedule.jitter) ?? .zero
                )
            ),
            misfire: misfire,
            overlap: overlap,
            route: route,
            handler: handler,
            script: script,
            params: params,
            timeout: Duration(written: timeout) ?? .zero,
            retry: RetryPolicy(
                limit: retry.limit,
                backoff: Backoff(
                    first: Duration(written: retry.backoff.first) ?? .zero,
                    ceiling: Duration(written: retry.backoff.ceiling) ?? .zero,
                    factor: retry.backoff.factor,
                    jitter: retry.backoff.jitter
                ),
                reasons: retry.reasons
            ),
            children: children.map {
                ChildJob(JobName($0.job), on: $0.when, params: $0.params, isPerShard: $0.perShard)
            },
            alarm: alarm.map {
                AlarmPolicy($0.to, window: Duration(written: $0.window) ?? .zero, tellsRecovery: $0.recovery)
            },
            keep: keepDays.flatMap { Duration(written: $0 * 86_400) },
            lateness: lateness.map {
                LatenessTarget(Duration(written: $0.target) ?? .zero, percent: $0.percent)
            },
            hashKey: hashKey
        )
    }
}

/// When a schedule fires next, and what may surprise.
struct PreviewAnswer: Decodable, Sendable {
    let instants: [APIInstant]
    let warnings: [String]
}

/// One attempt to run a job.
struct RunAnswer: Decodable, Sendable {
    struct Shard: Decodable, Sendable {
        let index: Int
        let total: Int
    }

    let id: Int64
    let job: Int64
    let plannedAt: APIInstant
    let shard: Shard
    let attempt: Int
    let trigger: String
    let handler: String
    let state: String
    let reason: String?
    let outcome: String?
    let message: String?
    let executor: String?
    let startedAt: APIInstant?
    let endedAt: APIInstant?

    var hasEnded: Bool { state == "ended" }

    /// How it stands, or how it ended.
    var ending: String { reason ?? state }
}

/// The runs that a trigger made: one a shard.
struct RunsAnswer: Decodable, Sendable {
    let items: [RunAnswer]
}

/// Some lines of a run's log.
struct RunLogAnswer: Decodable, Sendable {
    let next: Int64
    let text: String
    let complete: Bool
}

extension JobSpec {
    /// The body that makes or changes a job.
    var draft: WireObject {
        [
            "name": .text(name), "group": .text(group), "summary": .text(summary),
            "schedule": .object([
                "type": .text(schedule.type), "conf": .text(schedule.conf), "zone": .text(schedule.zone),
                "daylight": .text(schedule.daylight),
                "calendar": schedule.limits.calendar.map(\.wire) ?? .null,
                "except": .list(schedule.limits.except.map(WireValue.text)),
                "from": schedule.limits.from.text, "until": schedule.limits.until.text,
                "jitter": .number(schedule.limits.jitter.inSeconds),
            ]),
            "misfire": .text(misfire.rawValue), "overlap": .text(overlap.rawValue),
            "route": .text(route.rawValue), "handler": .text(handler),
            "script": script.map { .object($0.draft) } ?? .null,
            "params": .text(params),
            "timeout": .number(timeout.inSeconds),
            "retry": .object([
                "limit": .integer(Int64(retry.limit)),
                "backoff": .object([
                    "first": .number(retry.backoff.first.inSeconds),
                    "ceiling": .number(retry.backoff.ceiling.inSeconds),
                    "factor": .number(retry.backoff.factor), "jitter": .number(retry.backoff.jitter),
                ]),
                "reasons": retry.reasons.map { .list($0.inOrder.map { .text($0.rawValue) }) } ?? .null,
            ]),
            "alarm": alarm.map { .object($0.draft) } ?? .null,
            "keepDays": keep.map { .number($0.inSeconds / 86_400) } ?? .null,
            "lateness": lateness.map { .object($0.draft) } ?? .null,
            "hashKey": hashKey.map(WireValue.text) ?? .null,
            "children": .list(
                children.map { child in
                    .object([
                        "job": .text("\(child.job)"), "when": .text(child.condition.rawValue),
                        "params": .text(child.params.rawValue), "perShard": .bool(child.isPerShard),
                    ])
                }
            ),
        ]
    }
}

extension LatenessTarget {
    fileprivate var draft: WireObject {
        ["target": .number(target.inSeconds), "percent": .number(percent)]
    }
}

extension JobScript {
    fileprivate var draft: WireObject {
        ["language": .text(language.rawValue), "source": .text(source), "remark": .text(remark)]
    }
}

extension AlarmPolicy {
    fileprivate var draft: WireObject {
        [
            "to": .list(
                targets.map { target in
                    .object([
                        "template": .integer(target.template),
                        "receivers": .list(target.receivers.map(WireValue.text)),
                    ])
                }
            ),
            "window": .number(window.inSeconds), "recovery": .bool(tellsRecovery),
        ]
    }
}

extension Moment? {
    /// The instant as the API takes it.
    fileprivate var text: WireValue { map { .text(InstantText.local($0, in: .utc)) } ?? .null }
}
