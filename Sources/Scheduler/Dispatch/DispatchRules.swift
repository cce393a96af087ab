package import Groundwork

/// Decides what is to be done with one run from the outbox.
///
/// It never waits, reads a clock or calls out.
package struct DispatchRules: Hashable, Sendable {
    /// How long a run waits for an executor that can be reached.
    package var patience = Duration.seconds(60)
    /// The wait between two looks for one.
    package var pause = Duration.seconds(1)
    /// How often a run is sent whose arrival nobody confirmed.
    package var sends = 5
    /// What is added to the time limit of a call before the run is sent again.
    package var resendMargin = Duration.seconds(1)
    /// How long after it was announced in the store a call may still begin.
    ///
    /// One whose process stood still meanwhile is not made: another leader may have sent the run elsewhere by now, or ended it.
    package var callWindow = Duration.seconds(5)
    /// How long before it is due a run is taken up: what is to be written before its call is written then, so that the call
    /// goes out at the instant.
    ///
    /// Where thousands are due at once it is more: see `Rush`. Who switches a job off, or an executor that leaves, is heeded up to then.
    package var headStart = Duration.milliseconds(200)
    /// How many runs may be under way at once, from being taken up to being settled.
    package var underWay = 8_192
    /// How many of those may be of one group, so that a slow one leaves room to the others.
    package var underWayOfGroup = 2_048
    /// How many more may be taken up before they are due.
    package var ahead = 16_384
    /// When a run is looked at again that an executor has not fetched, though it lives.
    package var fetchPatience = Duration.seconds(90)

    package init() {}

    /// What to do with a run.
    package enum Decision: Hashable, Sendable {
        /// Hand it to the first of these that is reached.
        case offer([ExecutorInstance])
        /// Send it again to the executor that may have it.
        case resend(ExecutorInstance)
        /// Write this down and look again when it is due.
        case wait(JobRun)
        case end(RunEnd)
        /// Have the executor that may have it stop, and end it; where the executor does not answer it is asked
        /// again, unless this is the last time.
        case stop(RunEnd, at: ExecutorInstance, isLast: Bool)
    }

    /// What to do with `run`, which the outbox gave at `now`.
    ///
    /// A run that may have arrived is only ever sent again to the same address: two executors must not both
    /// have it.
    ///
    /// - Parameters:
    ///   - run: planned or being dispatched.
    ///   - candidates: who may get it, best first.
    ///   - holder: who it was sent to, as registered now.
    ///   - start: since when somebody has listened to executors.
    ///   - now: the present instant.
    /// - Returns: the decision; nil when the run's state asks for none.
    package func decide(
        _ run: JobRun,
        candidates: [ExecutorInstance],
        holder: ExecutorInstance?,
        listenedSince start: Moment,
        at now: Moment
    ) -> Decision? {
        switch run.state {
        case .running, .ended: return nil
        case .planned where run.killRequestedAt != nil:
            return .end(RunEnd(.killed, message: "before it was sent", at: now))
        case .planned:
            // Also one that has waited for too long: only who is asked once more tells why nobody takes it.
            if !candidates.isEmpty { return .offer(candidates) }
            let missing =
                run.plan.terms.target.map { "no living executor at \($0), which alone may have the run" }
                ?? "no living executor in the group"
            return unreached(run, missing, hasLiving: false, at: now)
        // Written as sent ahead of its instant, by a term that is over.
        case .dispatching where run.dispatchedAt.map { now < $0 } == true: return nil
        case .dispatching(let sent, let resendAt):
            guard let holder, !holder.isSilent(at: now, listenedSince: start) else {
                return .end(RunEnd(.executorLost, message: "silent since the run was sent", at: now))
            }
            // Sent by another term, whose call may still be on its way: ours take a run once, however often it comes.
            if now < resendAt, holder.instance == nil || run.killRequestedAt != nil { return nil }
            let isLast = sent >= sends && now >= resendAt
            if run.killRequestedAt != nil {
                let end = RunEnd(.killed, message: "by an operator", at: now)
                return .stop(end, at: holder, isLast: isLast)
            }
            guard isLast else { return .resend(holder) }
            let message = "no answer that makes sense to \(sent) requests"
            return .stop(RunEnd(.dispatchFailed, message: message, at: now), at: holder, isLast: true)
        }
    }

    /// When a run is sent again to `executor` of which nothing is heard.
    ///
    /// - Parameters:
    ///   - executor: who gets it.
    ///   - now: when it is announced.
    ///   - callLimit: how long a call may take.
    /// - Returns: the instant; by then no call of this announcement is on its way to one that cannot tell it from another.
    package func resendAt(
        to executor: ExecutorInstance,
        announcedAt now: Moment,
        callLimit: Duration
    ) -> Moment {
        if executor.address.isPulled { return now + fetchPatience }
        return now + callLimit + resendMargin + (executor.instance == nil ? callWindow : .zero)
    }

    /// What to do with a run that reached nobody: wait, or give up.
    ///
    /// - Parameters:
    ///   - run: planned or being dispatched.
    ///   - message: why nobody was reached.
    ///   - hasLiving: whether there are executors that seem to live.
    ///   - now: the present instant.
    /// - Returns: the decision; nil when the run's state asks for none.
    package func unreached(_ run: JobRun, _ message: String, hasLiving: Bool, at now: Moment) -> Decision? {
        if isOutOfPatience(run, at: now) {
            return .end(RunEnd(hasLiving ? .dispatchFailed : .noExecutor, message: message, at: now))
        }
        return run.postponed(until: now + pause, at: now).map(Decision.wait)
    }

    /// What to do with a run whose route asks executors first, and which none of them may get: wait while none of them
    /// answers, give up when one did.
    ///
    /// - Parameters:
    ///   - run: planned.
    ///   - answers: what each was asked, and said.
    ///   - now: the present instant.
    /// - Returns: the decision; nil when the run's state asks for none.
    package func unwanted(
        _ run: JobRun,
        _ answers: [(executor: ExecutorAddress, answer: ProbeAnswer)],
        at now: Moment
    ) -> Decision? {
        let message = answers.map { "\($0.executor): \($0.answer.objection?.prefix(200) ?? "")" }
            .joined(separator: "; ")
        if run.plan.terms.route == .busyover, answers.contains(where: \.answer.isNo) {
            return .end(RunEnd(.dispatchFailed, message: "no executor is idle: \(message)", at: now))
        }
        return unreached(run, "no executor answers: \(message)", hasLiving: true, at: now)
    }

    /// How a run ends that an executor refused.
    package func refused(_ run: JobRun, _ message: String, at now: Moment) -> RunEnd {
        // Java executors name the strategy, ours and Go ones say that the job runs.
        let discards = ["block strategy effect", "discard", "running"]
        let text = message.lowercased()
        let isDiscarded =
            run.plan.terms.overlap == .discardLater && discards.contains { text.contains($0) }
        return RunEnd(isDiscarded ? .discarded : .dispatchFailed, message: message, at: now)
    }

    private func isOutOfPatience(_ run: JobRun, at now: Moment) -> Bool {
        run.unreachedSince.map { now - $0 >= patience } ?? false
    }
}
