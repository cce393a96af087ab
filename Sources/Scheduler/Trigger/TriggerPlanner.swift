package import Groundwork

/// Decides what a due job comes to: which runs, and when next.
///
/// It never waits, reads a clock or calls out.
package struct TriggerPlanner: Hashable, Sendable {
    /// What is late by more than this is misfired.
    package var misfireThreshold: Duration
    /// The most triggers of one job that are planned at once; the rest follow at once in further plans.
    package var batch: Int

    package init(misfireThreshold: Duration = .seconds(10), batch: Int = 64) {
        self.misfireThreshold = misfireThreshold
        self.batch = batch
    }

    /// What is to be planned for `job` at `now`; nil when it is not due.
    ///
    /// Every instant that is late by no more than the threshold gets its runs. When the oldest is later than
    /// that, the misfire policy decides about all that are due together.
    ///
    /// - Parameters:
    ///   - job: the job as the store holds it.
    ///   - now: the present instant.
    ///   - living: how many executors of its group live; decides into how many shards a trigger is split.
    /// - Returns: the plan.
    /// - Throws: `ScheduleError` when the stored schedule cannot be read.
    package func plan(_ job: Job, at now: Moment, living: Int) throws(ScheduleError) -> TriggerPlan? {
        guard job.isEnabled, let expected = job.nextTriggerAt, expected <= now else { return nil }
        let rhythm = try Rhythm(job.spec.schedule, since: job.startedAt ?? job.createdAt)
        let due = rhythm.triggers(from: expected, through: now, limit: batch)
        guard now - expected > misfireThreshold else {
            let runs = due.instants.flatMap { self.runs(of: job, at: $0, .schedule, due: $0, living: living) }
            return plan(job, expected, runs, next: due.next)
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
    ///   - living: how many executors of its group live; decides into how many shards the trigger is split.
    /// - Returns: the runs, one a shard.
    package func runs(
        of job: Job,
        triggeredAt now: Moment,
        by trigger: TriggerKind,
        params: String?,
        parent: RunID? = nil,
        living: Int
    ) -> [NewRun] {
        runs(of: job, at: now, trigger, due: now, living: living, params: params, parent: parent)
    }

    private func runs(
        of job: Job,
        at planned: Moment,
        _ trigger: TriggerKind,
        due: Moment,
        living: Int,
        params: String? = nil,
        parent: RunID? = nil
    ) -> [NewRun] {
        let terms = RunTerms(job.spec, params: params)
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

    private func skipped(_ job: Job, at expected: Moment, _ due: Rhythm.Due, _ now: Moment) -> NewRun {
        let plan = RunPlan(
            job: job.id,
            plannedAt: expected,
            trigger: .misfire,
            terms: RunTerms(job.spec)
        )
        let isMore = due.next.map { $0 <= now } ?? false
        let message = "missed triggers: \(due.instants.count)\(isMore ? " or more" : "")"
        return NewRun(plan, .ended(RunEnd(.misfireSkipped, message: message, at: now)))
    }

    private func plan(_ job: Job, _ expected: Moment, _ runs: [NewRun], next: Moment?) -> TriggerPlan {
        TriggerPlan(job: job.id, version: job.version, expected: expected, runs: runs, next: next)
    }
}
