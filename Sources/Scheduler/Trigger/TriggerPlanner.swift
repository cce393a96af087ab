package import Groundwork

/// Decides what a due job comes to: which runs, and when next.
///
/// It never waits, reads a clock or calls out.
package struct TriggerPlanner: Hashable, Sendable {
    /// What is late by more than this is misfired.
    package var misfireThreshold: Duration
    /// The most triggers of one job that are planned at once; the rest follow at once in further plans.
    package var batch: Int
    /// How long before its instant a trigger is planned, so that its runs are stored by then.
    ///
    /// `JobStore` takes the runs back of a job that is changed or switched off before the instant.
    package var headStart: Duration
    /// How much further ahead the next triggers of a job are planned with one that is, where many are planned: to move a job costs more
    /// than to add a run, and so it is moved once for several.
    ///
    /// With the head start it is no more than `misfireThreshold`: what a scheduler that was away finds planned it would plan anyway.
    package var stride: Duration

    package init(
        misfireThreshold: Duration = .seconds(10),
        batch: Int = 64,
        headStart: Duration = .zero,
        stride: Duration = .zero
    ) {
        self.misfireThreshold = misfireThreshold
        self.batch = batch
        self.headStart = headStart
        self.stride = stride
    }

    /// What is to be planned for `job` at `now`; nil when nothing is due within the head start.
    ///
    /// Every instant that is late by no more than the threshold gets its runs. When the oldest is later than
    /// that, the misfire policy decides about all that are due together.
    ///
    /// - Parameters:
    ///   - job: the job as the store holds it.
    ///   - now: the present instant.
    ///   - living: how many executors of its group live; decides into how many shards a trigger is split.
    ///   - isBusy: whether many are planned, so that this job's next triggers come along.
    /// - Returns: the plan.
    /// - Throws: `ScheduleError` when the stored schedule cannot be read.
    package func plan(
        _ job: Job,
        at now: Moment,
        living: Int,
        isBusy: Bool = false
    ) throws(ScheduleError) -> TriggerPlan? {
        let horizon = now + headStart
        guard job.isEnabled, let expected = job.nextTriggerAt, expected <= horizon else { return nil }
        let rhythm = try Rhythm(job.spec.schedule, since: job.startedAt ?? job.createdAt)
        // Into how many shards a trigger is split is found out no earlier than it has to be.
        let end = isBusy && job.spec.route != .sharding ? horizon + stride : horizon
        let due = rhythm.triggers(
            from: expected,
            through: now - expected > misfireThreshold ? now : end,
            limit: batch
        )
        guard now - expected > misfireThreshold else {
            let runs = due.instants.flatMap { instant in
                rhythm.doubt(about: instant).map { [record(of: job, at: instant, $0, now)] }
                    ?? self.runs(
                        of: job,
                        at: instant,
                        .schedule,
                        due: instant
                            + Self.jitter(of: job.id, upTo: job.spec.schedule.limits.jitter, at: instant),
                        living: living
                    )
            }
            return plan(job, expected, runs, next: due.next)
        }
        if let doubt = rhythm.doubt(about: expected) {
            let record = record(of: job, at: expected, doubt, now)
            return plan(job, expected, [record], next: rhythm.resuming(expected, after: now))
        }
        switch job.spec.misfire {
        case .fireOnce:
            let runs = self.runs(of: job, at: expected, .misfire, due: now, living: living)
            return plan(job, expected, runs, next: rhythm.following(max(expected, now)))
        case .skip:
            let record = skipped(job, at: expected, due, now)
            return plan(job, expected, [record], next: rhythm.resuming(expected, after: now))
        }
    }

    /// The runs of one trigger that no schedule asked for.
    ///
    /// - Parameters:
    ///   - job: what is triggered.
    ///   - now: the instant under which the trigger is known.
    ///   - trigger: why.
    ///   - params: what the handler is given; nil for the job's own.
    ///   - parent: the run whose end triggers it, if one does.
    ///   - target: the only executor that may have it, which is not split then; nil when the job's route chooses.
    ///   - living: how many executors of its group live; decides into how many shards the trigger is split.
    /// - Returns: the runs, one a shard.
    package func runs(
        of job: Job,
        triggeredAt now: Moment,
        by trigger: TriggerKind,
        params: String?,
        parent: RunID? = nil,
        target: ExecutorAddress? = nil,
        living: Int
    ) -> [NewRun] {
        let parts = target == nil ? living : 1
        return runs(
            of: job,
            at: now,
            trigger,
            due: now,
            living: parts,
            params: params,
            parent: parent,
            target: target
        )
    }

    private func runs(
        of job: Job,
        at planned: Moment,
        _ trigger: TriggerKind,
        due: Moment,
        living: Int,
        params: String? = nil,
        parent: RunID? = nil,
        target: ExecutorAddress? = nil
    ) -> [NewRun] {
        var terms = RunTerms(job.spec, params: params)
        terms.target = target
        return Shard.all(job.spec.route == .sharding ? living : 1)
            .map { shard in
                let plan = RunPlan(
                    job: job.id,
                    plannedAt: planned,
                    shard: shard,
                    parent: parent,
                    trigger: trigger,
                    terms: terms
                )
                return NewRun(plan, .planned(due: due))
            }
    }

    /// By how much a trigger is handed over later, so that not all begin at once: the same however often it is asked.
    ///
    /// - Parameters:
    ///   - job: the job.
    ///   - longest: the most it may be.
    ///   - instant: the planned instant.
    /// - Returns: from nothing to `longest`, whole milliseconds.
    static func jitter(of job: JobID, upTo longest: Duration, at instant: Moment) -> Duration {
        let most = longest.wholeMilliseconds
        guard most > 0 else { return .zero }
        // Mixes the two numbers well enough to spread them (the finalizer of SplitMix64).
        var mixed = UInt64(bitPattern: job.rawValue &* 0x9E37_79B9 &+ instant.millisecondsSinceEpoch)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return .milliseconds(Int64((mixed ^ (mixed >> 31)) % UInt64(most + 1)))
    }

    private func skipped(_ job: Job, at expected: Moment, _ due: Rhythm.Due, _ now: Moment) -> NewRun {
        let isMore = due.next.map { $0 <= now } ?? false
        return record(
            of: job,
            at: expected,
            "missed triggers: \(due.instants.count)\(isMore ? " or more" : "")",
            now
        )
    }

    /// What stands for triggers that are not served.
    private func record(of job: Job, at instant: Moment, _ message: String, _ now: Moment) -> NewRun {
        let plan = RunPlan(
            job: job.id,
            plannedAt: instant,
            trigger: .misfire,
            terms: RunTerms(job.spec)
        )
        return NewRun(plan, .ended(RunEnd(.misfireSkipped, message: message, at: now)))
    }

    private func plan(_ job: Job, _ expected: Moment, _ runs: [NewRun], next: Moment?) -> TriggerPlan {
        TriggerPlan(job: job.id, version: job.version, expected: expected, runs: runs, next: next)
    }
}
