package import Groundwork

/// What one run is to do, fixed when it is planned: later changes of the job do not reach it.
package struct RunPlan: Hashable, Sendable {
    package var job: JobID
    /// The instant that was due; the same for all shards and all attempts of one trigger.
    package var plannedAt: Moment
    package var shard: Shard
    /// Counted from 1.
    package var attempt: Int
    /// The run that led to this one: the attempt before it, or a run of the job whose child it is.
    package var parent: RunID?
    package var trigger: TriggerKind
    package var terms: RunTerms

    package init(
        job: JobID,
        plannedAt: Moment,
        shard: Shard = .whole,
        attempt: Int = 1,
        parent: RunID? = nil,
        trigger: TriggerKind,
        terms: RunTerms
    ) {
        self.job = job
        self.plannedAt = plannedAt
        self.shard = shard
        self.attempt = attempt
        self.parent = parent
        self.trigger = trigger
        self.terms = terms
    }
}

/// The part of a job that its runs keep.
package struct RunTerms: Hashable, Sendable {
    package var group: String
    package var handler: String
    package var params: String
    package var overlap: BlockStrategy
    package var route: RouteStrategy
    /// Zero means none.
    package var timeout: Duration
    package var retry: RetryPolicy
    /// How long after the end of the trigger's last run the job is due again; nil unless its delay is fixed.
    package var followUp: Duration?
    /// Whether somebody looks at how it ended, once no further attempt follows: see `Sequel`.
    package var hasSequel: Bool
    /// The only executor that may have it; nil when the route chooses one.
    package var target: ExecutorAddress?
    /// What a consistent hash goes by; nil for the job's number.
    package var hashKey: String?

    package init(
        group: String,
        handler: String,
        params: String = "",
        overlap: BlockStrategy = .serial,
        route: RouteStrategy = .first,
        timeout: Duration = .zero,
        retry: RetryPolicy = .never,
        followUp: Duration? = nil,
        hasSequel: Bool = false,
        target: ExecutorAddress? = nil,
        hashKey: String? = nil
    ) {
        self.group = group
        self.handler = handler
        self.params = params
        self.overlap = overlap
        self.route = route
        self.timeout = timeout
        self.retry = retry
        self.followUp = followUp
        self.hasSequel = hasSequel
        self.target = target
        self.hashKey = hashKey
    }

    /// The terms of `spec`, with other parameters when an operator gave some.
    package init(_ spec: JobSpec, params: String? = nil) {
        self.init(
            group: spec.group,
            handler: spec.handler,
            params: params ?? spec.params,
            overlap: spec.overlap,
            route: spec.route,
            timeout: spec.timeout,
            retry: spec.retry,
            followUp: spec.schedule.fixedDelay,
            hasSequel: !spec.children.isEmpty || spec.alarm != nil,
            hashKey: spec.route == .consistentHash ? spec.hashKey : nil
        )
    }
}

/// One of the equal parts into which a trigger is split over the executors of a group.
package struct Shard: Hashable, Sendable {
    /// From 0.
    package let index: Int
    /// At least 1.
    package let total: Int

    package init(index: Int, total: Int) {
        self.index = index
        self.total = total
    }

    /// The only shard of a trigger that is not split.
    package static let whole = Shard(index: 0, total: 1)

    /// The shards of a trigger that is split `total` ways; below 1 counts as 1.
    package static func all(_ total: Int) -> [Shard] {
        (0..<max(1, total)).map { Shard(index: $0, total: max(1, total)) }
    }
}

/// Why a run exists.
package enum TriggerKind: String, Hashable, Sendable, CaseIterable {
    /// The schedule was due.
    case schedule
    /// The schedule was due too long ago, and one run makes up for all that was missed.
    case misfire
    /// An operator asked for it.
    case manual
    /// A program asked for it.
    case api
    /// An earlier attempt failed.
    case retry
    /// A job whose child this one is has run.
    case parent
    /// An operator or a program asked for an instant of the past to be made up for.
    case backfill
}
