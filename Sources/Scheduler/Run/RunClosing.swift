package import Groundwork

/// All that follows from the end of one run; the store does it in one transaction or not at all.
package struct RunClosing: Hashable, Sendable {
    /// The ended run.
    package let run: JobRun
    /// The next attempt.
    package let retry: NewRun?
    /// When a job with a fixed delay is due again, once no run of it is open.
    package let nextTriggerAt: Moment?

    /// What follows when `run` ends; nil when it has ended before.
    ///
    /// - Parameters:
    ///   - run: the run as the store holds it.
    ///   - end: how it ends.
    ///   - random: a number from 0 up to 1 that spreads retries.
    package init?(_ run: JobRun, _ end: RunEnd, random: Double = .random(in: 0..<1)) {
        guard let ended = run.ended(end) else { return nil }
        self.run = ended
        nextTriggerAt = run.plan.terms.followUp.map { end.at + $0 }
        let policy = run.plan.terms.retry
        guard policy.covers(end.reason), run.killRequestedAt == nil, run.plan.attempt <= policy.limit else {
            retry = nil
            return
        }
        var plan = run.plan
        plan.attempt += 1
        plan.parent = run.id
        plan.trigger = .retry
        let wait = policy.backoff.wait(afterAttempt: run.plan.attempt, random: random)
        retry = NewRun(plan, .planned(due: end.at + wait))
    }
}

/// A run that the store has yet to number.
package struct NewRun: Hashable, Sendable {
    package let plan: RunPlan
    /// Planned; sent where it is handed over as it is added; or ended where it is only the record of a trigger that was skipped.
    package let state: RunState
    /// Who it is sent to; nil unless it is sent.
    package let executor: ExecutorReference?
    /// When it is sent; nil unless it is.
    package let dispatchedAt: Moment?

    /// Whether it is only the record of a trigger that was skipped.
    package var isRecord: Bool { if case .ended = state { true } else { false } }

    package init(_ plan: RunPlan, _ state: RunState) {
        self.init(plan, state, to: nil, at: nil)
    }

    private init(_ plan: RunPlan, _ state: RunState, to executor: ExecutorReference?, at sent: Moment?) {
        self.plan = plan
        self.state = state
        self.executor = executor
        dispatchedAt = sent
    }

    /// The run as one that is sent as it is added.
    ///
    /// - Parameters:
    ///   - executor: who gets it.
    ///   - now: when.
    ///   - resendAt: when it is to be sent again if nothing is known by then.
    /// - Returns: the run.
    package func sent(to executor: ExecutorReference, at now: Moment, resendAt: Moment) -> NewRun {
        NewRun(plan, .dispatching(sends: 1, resendAt: resendAt), to: executor, at: now)
    }
}
