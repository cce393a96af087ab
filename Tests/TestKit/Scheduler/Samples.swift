package import Groundwork
package import Scheduler

extension Moment {
    /// Where the time of scheduler tests starts: a whole minute.
    package static let noon = Moment(secondsSinceEpoch: 1_900_000_800)
}

extension JobSpec {
    /// A job that makes sense; a test says what matters to it.
    package static func sample(
        _ name: String = "sample",
        group: String = "app",
        schedule: ScheduleText = .every(.seconds(10)),
        misfire: MisfirePolicy = .skip,
        overlap: BlockStrategy = .serial,
        route: RouteStrategy = .first,
        timeout: Duration = .zero,
        retry: RetryPolicy = .never,
        children: [ChildJob] = [],
        alarm: AlarmPolicy? = nil
    ) -> JobSpec {
        JobSpec(
            name: name,
            group: group,
            schedule: schedule,
            misfire: misfire,
            overlap: overlap,
            route: route,
            handler: "handle",
            params: "a=1",
            timeout: timeout,
            retry: retry,
            children: children,
            alarm: alarm
        )
    }
}

extension JobStore {
    /// Replaces a job at noon, for who does not look at its history.
    package func replace(_ job: Job, nextTrigger: NextTrigger) async throws(StoreError) -> Job {
        try await replace(job, nextTrigger: nextTrigger, at: .noon)
    }

    /// Removes a job at noon, for who does not look at its history.
    package func remove(_ id: JobID) async throws(StoreError) {
        try await remove(id, at: .noon)
    }
}

extension NewJob {
    /// An enabled job that is due at `next`.
    package static func sample(
        _ spec: JobSpec = .sample(),
        isEnabled: Bool = true,
        due next: Moment? = .noon
    ) -> NewJob {
        NewJob(spec: spec, isEnabled: isEnabled, createdAt: .noon - .seconds(60), nextTriggerAt: next)
    }
}

extension NewRun {
    /// A planned run of `job`.
    package static func sample(
        of job: JobID,
        at planned: Moment = .noon,
        due: Moment? = nil,
        shard: Shard = .whole,
        attempt: Int = 1,
        parent: RunID? = nil,
        trigger: TriggerKind = .manual,
        terms: RunTerms = RunTerms(.sample())
    ) -> NewRun {
        let plan = RunPlan(
            job: job,
            plannedAt: planned,
            shard: shard,
            attempt: attempt,
            parent: parent,
            trigger: trigger,
            terms: terms
        )
        return NewRun(plan, .planned(due: due ?? planned))
    }
}

extension TriggerPlan {
    /// The plan for the trigger that `job` expects next.
    package static func sample(
        _ job: Job,
        next: Moment? = .noon + .seconds(10),
        runs: [NewRun]? = nil
    ) -> TriggerPlan {
        let expected = job.nextTriggerAt ?? .noon
        let run = NewRun.sample(
            of: job.id,
            at: expected,
            trigger: .schedule,
            terms: RunTerms(job.spec)
        )
        return TriggerPlan(
            job: job.id,
            version: job.version,
            expected: expected,
            runs: runs ?? [run],
            next: next
        )
    }
}

extension ExecutorReference {
    /// An executor whose process is called `instance`.
    package static func sample(_ host: String = "one", instance: String? = "first") -> ExecutorReference {
        ExecutorReference(address: .sample(host), instance: instance)
    }
}

extension ExecutorAddress {
    /// The address of a host of that name.
    package static func sample(_ host: String = "one") -> ExecutorAddress {
        ExecutorAddress(stored: "http://\(host):9999")
    }
}
