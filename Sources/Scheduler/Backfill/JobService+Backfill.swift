package import Groundwork

extension JobService {
    /// How many of a job's newest runs tell how long they take.
    private static let measuredRuns = 20
    /// How many triggers are looked at in one go.
    private static let stride = 10_000

    /// What a backfill would add.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - backfill: what is asked for.
    /// - Returns: what it comes to; no run is added.
    /// - Throws: as `backfill(_:_:)`.
    package func backfillable(
        _ id: JobID,
        _ backfill: Backfill
    ) async throws(SchedulerError) -> BackfillOutcome {
        let draft = try await draft(id, backfill)
        return draft.outcome(runs: [])
    }

    /// Adds a run for each trigger of a span of the past that has none, enabled or not.
    ///
    /// A trigger that was skipped counts as having none. The runs are handed over one after the other, each when its turn
    /// comes, so that what is due meanwhile does not wait for all of them; the job's overlap rule holds for them as for others.
    /// Asked for again, even at the same time or after a crash, it adds what is still missing and nothing twice. What is
    /// older than runs are kept has no runs any more, and would be run again.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - backfill: what is asked for.
    /// - Returns: the triggers and the runs that were added, all of them stored in one transaction.
    /// - Throws: `SchedulerError.invalid` for a span that makes no sense, is not over, or has more than `Backfill.limit`
    ///   runs to add; `.notFound` when there is no such job.
    package func backfill(_ id: JobID, _ backfill: Backfill) async throws(SchedulerError) -> BackfillOutcome {
        let draft = try await draft(id, backfill)
        guard !draft.runs.isEmpty else { return draft.outcome(runs: []) }
        let added = try await storing { () async throws(StoreError) in try await runs.addMissing(draft.runs) }
        gauges.planned(added, at: wall.now)
        bells.runsMayGo()
        return draft.outcome(runs: added)
    }

    private func draft(_ id: JobID, _ backfill: Backfill) async throws(SchedulerError) -> BackfillDraft {
        let job = try await job(id)
        let now = wall.now
        try Self.check(backfill, at: now)
        let begun = job.startedAt ?? job.createdAt
        let rhythm: Rhythm
        do throws(ScheduleError) {
            rhythm = try Rhythm(job.spec.schedule, since: begun)
        } catch { throw .invalid([FieldFault(error)]) }
        guard rhythm.schedule != .none, !rhythm.schedule.waitsForRun else {
            throw .invalid([FieldFault("from", "the job's schedule has no instants of the past")])
        }
        // A fixed rate is due for the first time a period after it was enabled.
        var from = backfill.from
        if case .fixedRate(_, begun) = rhythm.schedule { from = max(from, begun + .milliseconds(1)) }
        // What the scheduler is about to plan by itself is left to it.
        let ours = job.isEnabled ? min(backfill.until, job.nextTriggerAt ?? backfill.until) : backfill.until
        let span = from..<max(from, ours)
        let plan = try await plan(rhythm, in: span)
        let kept = try await storing { () async throws(StoreError) in
            try await runs.instants(of: id, from: span.lowerBound, before: span.upperBound)
        }
        let missing = plan.missing(kept)
        let groups = ExecutorGroups(
            try await storing { () async throws(StoreError) in try await registry.instances() }
        )
        let living = job.spec.route == .sharding ? groups.living(in: job.spec.group, at: now).count : 1
        let count = missing.count * max(1, living)
        guard count <= Backfill.limit else { throw Self.tooMany("\(count) runs to add") }
        let spacing: Duration
        if let asked = backfill.spacing { spacing = asked } else { spacing = try await usualSpacing(of: id) }
        return BackfillDraft(
            job,
            backfill,
            missing,
            of: plan.triggers.count,
            spacing: spacing,
            living: living,
            at: now
        )
    }

    /// All triggers of a span; others go on in between.
    private func plan(
        _ rhythm: Rhythm,
        in span: Range<Moment>
    ) async throws(SchedulerError) -> BackfillPlan {
        var plan = BackfillPlan(rhythm, in: span)
        while !plan.advance(by: Self.stride) {
            await Task.yield()
            guard !Task.isCancelled else {
                throw .store(StoreError(.unavailable, during: "look for triggers", detail: "cancelled"))
            }
        }
        guard !plan.isCut else { throw Self.tooMany("more than \(Backfill.countLimit) triggers") }
        return plan
    }

    private static func tooMany(_ found: String) -> SchedulerError {
        .invalid([FieldFault("to", "the span has \(found); at most \(Backfill.limit) are added by one call")])
    }

    private static func check(_ backfill: Backfill, at now: Moment) throws(SchedulerError) {
        var faults: [FieldFault] = []
        if backfill.until > now { faults.append(FieldFault("to", "must not lie in the future")) }
        if backfill.until <= backfill.from { faults.append(FieldFault("to", "must lie after from")) }
        if let params = backfill.params, params.utf8.count > 65_536 {
            faults.append(FieldFault("params", "must have at most 65536 bytes"))
        }
        if let spacing = backfill.spacing, !Backfill.spacings.contains(spacing) {
            faults.append(FieldFault("spacing", "must be from 1 to 86400 seconds"))
        }
        guard faults.isEmpty else { throw .invalid(faults) }
    }

    /// How long the job's newest runs that completed took on average, within what may be asked for.
    private func usualSpacing(of id: JobID) async throws(SchedulerError) -> Duration {
        let filter = RunFilter(job: id, reasons: [.completed])
        let newest = try await storing { () async throws(StoreError) in
            try await runs.runs(filter, after: nil, limit: Self.measuredRuns)
        }
        let durations = newest.elements.compactMap { run in
            run.startedAt.flatMap { started in run.end.map { $0.at - started } }
        }
        guard !durations.isEmpty else { return Backfill.spacings.lowerBound }
        let mean = durations.reduce(.zero, +) / durations.count
        return min(max(mean, Backfill.spacings.lowerBound), Backfill.spacings.upperBound)
    }
}

/// The runs that a backfill would add, before they are stored.
private struct BackfillDraft {
    let runs: [NewRun]
    private let missing: [BackfillPlan.Missing]
    private let due: Int
    private let spacing: Duration
    private let lastDue: Moment?

    init(
        _ job: Job,
        _ backfill: Backfill,
        _ missing: [BackfillPlan.Missing],
        of due: Int,
        spacing: Duration,
        living: Int,
        at now: Moment
    ) {
        self.missing = missing
        self.due = due
        self.spacing = spacing
        lastDue = missing.isEmpty ? nil : now + spacing * (missing.count - 1)
        let rules = ZoneRules(named: job.spec.schedule.zone) ?? .utc
        runs = missing.enumerated()
            .flatMap { index, missing in
                TriggerPlanner()
                    .runs(
                        of: job,
                        backfilling: missing,
                        due: now + spacing * index,
                        params: backfill.params.map { Backfill.params($0, at: missing.moment, in: rules) },
                        living: living
                    )
            }
    }

    func outcome(runs: [JobRun]) -> BackfillOutcome {
        BackfillOutcome(
            due: due,
            missing: missing.map(\.moment),
            runs: runs,
            spacing: spacing,
            lastDue: lastDue
        )
    }
}

extension TriggerPlanner {
    /// The runs of an instant of the past, one a shard.
    fileprivate func runs(
        of job: Job,
        backfilling missing: BackfillPlan.Missing,
        due: Moment,
        params: String?,
        living: Int
    ) -> [NewRun] {
        runs(of: job, triggeredAt: missing.moment, by: .backfill, params: params, living: living)
            .map { run in
                var plan = run.plan
                plan.attempt = missing.attempt
                // The record that it follows was no attempt: it has as many left as any other.
                if plan.terms.retry.limit > 0 { plan.terms.retry.limit += missing.attempt - 1 }
                return NewRun(plan, .planned(due: due))
            }
    }
}
