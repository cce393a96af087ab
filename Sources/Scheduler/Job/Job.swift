package import Groundwork

/// What should run, when and where, together with how far its schedule has come.
package struct Job: Hashable, Sendable, Identifiable {
    package let id: JobID
    /// What an operator may change.
    package var spec: JobSpec
    /// Whether its schedule is served; a disabled job still runs when it is triggered by hand.
    package var isEnabled: Bool
    package let createdAt: Moment
    /// When it was last enabled: where fixed rates count from.
    package var startedAt: Moment?
    /// The planned instant of the latest trigger, by schedule or by hand.
    package var lastTriggerAt: Moment?
    /// The planned instant of the next trigger; nil when there is none, or not until a run has ended.
    package var nextTriggerAt: Moment?
    /// Grows by one with every change made by an operator or a definition; what changes are compared against.
    package let version: Int64
    /// The fingerprint of the definition it was last applied from; nil when an operator made it.
    package var definition: String?

    package init(
        id: JobID,
        spec: JobSpec,
        isEnabled: Bool,
        createdAt: Moment,
        startedAt: Moment? = nil,
        lastTriggerAt: Moment? = nil,
        nextTriggerAt: Moment? = nil,
        version: Int64 = 1,
        definition: String? = nil
    ) {
        self.id = id
        self.spec = spec
        self.isEnabled = isEnabled
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.lastTriggerAt = lastTriggerAt
        self.nextTriggerAt = nextTriggerAt
        self.version = version
        self.definition = definition
    }
}

/// What an operator decides about a job.
package struct JobSpec: Hashable, Sendable {
    /// Unique within its group.
    package var name: String
    /// The app name of the executor group that runs it.
    package var group: String
    package var summary: String
    package var schedule: ScheduleText
    package var misfire: MisfirePolicy
    /// What happens to a run that comes while an earlier one of the same job and shard is open.
    ///
    /// The scheduler sees to it across all executors of the group; each executor does so once more by itself.
    package var overlap: BlockStrategy
    package var route: RouteStrategy
    /// The name under which executors know the code; empty where the job has a script.
    package var handler: String
    /// The code that executors are sent; nil where they have it themselves.
    package var script: JobScript?
    /// Passed through to the handler as it is.
    package var params: String
    /// The time limit of one run; zero means none.
    package var timeout: Duration
    package var retry: RetryPolicy
    /// The jobs that are triggered when it has run.
    package var children: [ChildJob]
    /// Whom its trouble is told; nil when nobody is.
    package var alarm: AlarmPolicy?
    /// How long its ended runs are kept; nil for as long as those of all jobs.
    package var keep: Duration?
    /// How late its runs may be; nil where nobody is told.
    package var lateness: LatenessTarget?
    /// What a consistent hash goes by; nil for the job's number.
    ///
    /// Jobs with the same key go to the same executor.
    package var hashKey: String?

    package init(
        name: String,
        group: String,
        summary: String = "",
        schedule: ScheduleText = .manual,
        misfire: MisfirePolicy = .skip,
        overlap: BlockStrategy = .serial,
        route: RouteStrategy = .round,
        handler: String,
        script: JobScript? = nil,
        params: String = "",
        timeout: Duration = .zero,
        retry: RetryPolicy = .never,
        children: [ChildJob] = [],
        alarm: AlarmPolicy? = nil,
        keep: Duration? = nil,
        lateness: LatenessTarget? = nil,
        hashKey: String? = nil
    ) {
        self.name = name
        self.group = group
        self.summary = summary
        self.schedule = schedule
        self.misfire = misfire
        self.overlap = overlap
        self.route = route
        self.handler = handler
        self.script = script
        self.params = params
        self.timeout = timeout
        self.retry = retry
        self.children = children
        self.alarm = alarm
        self.keep = keep
        self.lateness = lateness
        self.hashKey = hashKey
    }
}

extension BlockStrategy: Codable {}

/// What becomes of triggers that nobody served in time.
package enum MisfirePolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// They are recorded as skipped, in one row, and never run.
    case skip = "skip"
    /// One run makes up for all of them.
    case fireOnce = "fire_once"

    /// What a job has that names none: what is planned for one instant is done late rather than never.
    package static func usual(for schedule: ScheduleText) -> MisfirePolicy {
        schedule.type == ScheduleType.once.rawValue ? .fireOnce : .skip
    }
}

/// How often, and after how long, a run that failed is tried again.
package struct RetryPolicy: Hashable, Sendable, Encodable {
    /// How many further attempts follow the first.
    package var limit: Int
    package var backoff: Backoff
    /// The ends after which another attempt is made; nil for every failure that nobody asked for.
    package var reasons: Set<RunReason>?

    package init(
        limit: Int,
        backoff: Backoff = RetryPolicy.usualBackoff,
        reasons: Set<RunReason>? = nil
    ) {
        self.limit = limit
        self.backoff = backoff
        self.reasons = reasons
    }

    /// Whether another attempt follows one that ended so.
    package func covers(_ reason: RunReason) -> Bool {
        reason.mayRetry && (reasons?.contains(reason) ?? true)
    }

    /// No further attempt.
    package static let never = RetryPolicy(limit: 0)

    /// 5 s, then twice as long each time, up to 10 minutes.
    package static let usualBackoff = Backoff(first: .seconds(5), ceiling: .seconds(600))

    private enum CodingKeys: String, CodingKey {
        case limit, reasons
        case first = "first_ms"
        case ceiling = "ceiling_ms"
        case factor
        case jitter
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: CodingKeys.self)
        try keys.encode(limit, forKey: .limit)
        try keys.encode(backoff.first.wholeMilliseconds, forKey: .first)
        try keys.encode(backoff.ceiling.wholeMilliseconds, forKey: .ceiling)
        try keys.encode(backoff.factor, forKey: .factor)
        try keys.encode(backoff.jitter, forKey: .jitter)
        try keys.encodeIfPresent(reasons?.inOrder, forKey: .reasons)
    }
}
