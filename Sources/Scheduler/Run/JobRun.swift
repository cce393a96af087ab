package import Groundwork

/// One attempt to run one job on one executor, and the only place where its state changes.
///
/// ```
/// planned ──► dispatching ──► running ──► ended
///    ▲  └──────────┤  └──────────────────►  ▲
///    └─────────────┘ (not reached)  planned ┘ (dropped)
/// ```
///
/// Every change is a method that gives the changed run, or nil when the state does not allow it. A change
/// counts once the store took it.
package struct JobRun: Hashable, Sendable, Identifiable {
    package let id: RunID
    package let plan: RunPlan
    package private(set) var state: RunState
    /// Who it was handed to, last.
    package private(set) var executor: ExecutorReference?
    /// When it was first handed to that executor.
    package private(set) var dispatchedAt: Moment?
    /// When the executor accepted it, or was asked to when its result came first; the wire does not tell when
    /// a queued run starts.
    package private(set) var startedAt: Moment?
    /// Since when no executor could be reached; nil once one was.
    package private(set) var unreachedSince: Moment?
    /// When an operator asked for its end; the run stays open until the executor confirms.
    package private(set) var killRequestedAt: Moment?
    /// Grows by one with every change; what changes are compared against.
    package let version: Int64
    /// The term under which it was written last; nil when no leader has.
    package let token: FencingToken?

    /// Puts together what the store holds.
    package init(
        id: RunID,
        plan: RunPlan,
        state: RunState,
        executor: ExecutorReference? = nil,
        dispatchedAt: Moment? = nil,
        startedAt: Moment? = nil,
        unreachedSince: Moment? = nil,
        killRequestedAt: Moment? = nil,
        version: Int64 = 1,
        token: FencingToken? = nil
    ) {
        self.id = id
        self.plan = plan
        self.state = state
        self.executor = executor
        self.dispatchedAt = dispatchedAt
        self.startedAt = startedAt
        self.unreachedSince = unreachedSince
        self.killRequestedAt = killRequestedAt
        self.version = version
        self.token = token
    }

    /// As it stands once a store added it.
    ///
    /// - Parameters:
    ///   - new: what was added.
    ///   - id: its number.
    ///   - token: under which it was written; nil when no leader did.
    package init(_ new: NewRun, id: RunID, token: FencingToken?) {
        self.init(
            id: id,
            plan: new.plan,
            state: new.state,
            executor: new.executor,
            dispatchedAt: new.dispatchedAt,
            token: token
        )
    }

    /// As it stands once a store took this change of it.
    ///
    /// - Parameter token: under which it was written; nil leaves the one before.
    /// - Returns: the run with its next version.
    package func stored(under token: FencingToken?) -> JobRun {
        JobRun(
            id: id,
            plan: plan,
            state: state,
            executor: executor,
            dispatchedAt: dispatchedAt,
            startedAt: startedAt,
            unreachedSince: unreachedSince,
            killRequestedAt: killRequestedAt,
            version: version + 1,
            token: token ?? self.token
        )
    }

    /// Whether it has not ended.
    package var isOpen: Bool { end == nil }

    /// How it ended.
    package var end: RunEnd? {
        if case .ended(let end) = state { end } else { nil }
    }

    /// About to be sent to `executor`: written before the call, so that a crash in between is known.
    ///
    /// - Parameters:
    ///   - executor: who gets it.
    ///   - now: when.
    ///   - resendAt: when it is to be sent again if nothing is known by then.
    /// - Returns: the changed run; nil unless it is planned or being dispatched. One that is sent again before its time, by another
    ///   term, has not been sent once more: nobody had the time to answer.
    package func dispatched(to executor: ExecutorReference, at now: Moment, resendAt: Moment) -> JobRun? {
        var run = self
        switch state {
        case .planned:
            run.state = .dispatching(sends: 1, resendAt: resendAt)
            run.dispatchedAt = now
        case .dispatching(let sends, let awaited):
            run.state = .dispatching(sends: now < awaited ? sends : sends + 1, resendAt: resendAt)
            if executor != self.executor { run.dispatchedAt = now }
        case .running, .ended: return nil
        }
        run.executor = executor
        return run
    }

    /// Not sent after all, although that was written down; nil unless it is being dispatched.
    ///
    /// - Parameter due: when it is due.
    /// - Returns: the changed run, which is with no executor.
    package func takenBack(due: Moment) -> JobRun? {
        guard case .dispatching = state else { return nil }
        var run = self
        run.state = .planned(due: due)
        run.executor = nil
        run.dispatchedAt = nil
        return run
    }

    /// Waits, because no executor could be reached; nil unless it is planned or being dispatched.
    ///
    /// - Parameters:
    ///   - due: when to try again.
    ///   - now: since when it waits, unless it waited before.
    /// - Returns: the changed run, which is with no executor.
    package func postponed(until due: Moment, at now: Moment) -> JobRun? {
        switch state {
        case .planned, .dispatching:
            var run = self
            run.state = .planned(due: due)
            run.executor = nil
            run.dispatchedAt = nil
            run.unreachedSince = unreachedSince ?? now
            return run
        case .running, .ended: return nil
        }
    }

    /// Accepted by the executor it was sent to; nil unless it is being dispatched.
    ///
    /// - Parameters:
    ///   - now: when.
    ///   - executor: the process that says so, where another one may have been meant: one that fetches its runs finds what was
    ///     left for the one before it.
    /// - Returns: the changed run.
    package func accepted(at now: Moment, by executor: ExecutorReference? = nil) -> JobRun? {
        guard case .dispatching = state else { return nil }
        var run = self
        run.state = .running
        run.executor = executor ?? self.executor
        run.startedAt = now
        run.unreachedSince = nil
        return run
    }

    /// Asked to end by an operator; nil when it has ended already.
    package func killRequested(at now: Moment) -> JobRun? {
        guard isOpen else { return nil }
        var run = self
        run.killRequestedAt = killRequestedAt ?? now
        return run
    }

    /// Ended; nil when it had ended already: what is told later changes nothing.
    package func ended(_ end: RunEnd) -> JobRun? {
        guard isOpen else { return nil }
        var run = self
        run.state = .ended(end)
        // The result may overtake the answer that says the run was accepted.
        if end.reason.tellsOfStart { run.startedAt = startedAt ?? dispatchedAt }
        return run
    }

    /// Whether its time limit has passed since its executor got it.
    package func isPastLimit(at now: Moment) -> Bool {
        guard plan.terms.timeout > .zero, let start = startedAt ?? dispatchedAt else { return false }
        return now - start >= plan.terms.timeout
    }

    /// When the scheduler gives up waiting for its end; nil while it is not running or has no time limit.
    package func deadline(grace: Duration) -> Moment? {
        guard state == .running, let startedAt, plan.terms.timeout > .zero else { return nil }
        return startedAt + plan.terms.timeout + grace
    }
}

/// Where a run stands.
package enum RunState: Hashable, Sendable {
    /// Waits to be handed to an executor, from `due` on.
    case planned(due: Moment)
    /// Sent, or about to be, and not yet known to have arrived; sent again at `resendAt`.
    case dispatching(sends: Int, resendAt: Moment)
    /// Accepted by its executor.
    case running
    case ended(RunEnd)

    /// The state without what belongs to it, for filters, stores and counts.
    package enum Name: String, Hashable, Sendable, CaseIterable {
        case planned
        case dispatching
        case running
        case ended
    }

    package var name: Name {
        switch self {
        case .planned: .planned
        case .dispatching: .dispatching
        case .running: .running
        case .ended: .ended
        }
    }
}

/// Which process at which address has a run.
package struct ExecutorReference: Hashable, Sendable {
    package let address: ExecutorAddress
    /// The process, as it named itself when the run was sent; nil when it does not.
    package let instance: String?

    package init(address: ExecutorAddress, instance: String? = nil) {
        self.address = address
        self.instance = instance
    }

    package init(_ executor: ExecutorInstance) {
        self.init(address: executor.address, instance: executor.instance)
    }
}
