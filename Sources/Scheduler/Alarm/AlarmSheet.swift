import Groundwork

/// Decides in one round what changes of alarms, one thing after the other.
struct AlarmSheet {
    private var states: [JobID: AlarmState]
    /// Those with which it began: what they were told of is told, or about to be.
    private let told: [JobID: AlarmState]
    private let now: Moment

    /// - Parameters:
    ///   - states: how it stands with the alarms of the jobs.
    ///   - now: the present instant.
    init(_ states: [JobID: AlarmState], at now: Moment) {
        self.states = states
        told = states
        self.now = now
    }

    /// What the end of `run` changes; nil when it changes nothing.
    ///
    /// Each shard that fails is trouble, and only a trigger of which every shard succeeded is well.
    ///
    /// - Parameters:
    ///   - job: what it says of alarms now.
    ///   - run: an ended run of it that is not tried again.
    ///   - trigger: the trigger that it belongs to.
    ///   - lateness: what is to be said of the job's latest runs where too many were late, this one among them.
    /// - Returns: the change.
    mutating func step(
        for job: Job,
        after run: JobRun,
        among trigger: WholeTrigger,
        late lateness: String? = nil
    ) -> AlarmStep? {
        guard let end = run.end else { return nil }
        var event = AlarmEvent(of: run, among: trigger)
        var message = end.message
        // A job that is late is not well, whatever its runs come to.
        if let lateness, event == nil || event == .recovered { (event, message) = (.late, lateness) }
        guard let event else { return nil }
        let reason = event == .late ? nil : end.reason
        return step(
            for: job,
            AlarmNews(event: event, run: run.id, reason: reason, message: message, at: end.at)
        )
    }

    /// Whether the job had trouble that is not over.
    func isInTrouble(_ job: JobID) -> Bool { states[job].map { $0.failures > 0 } ?? false }

    /// When an alarm of the job was told last before this round: what happened earlier is looked at after it all the same.
    private func lastTold(_ job: JobID, _ window: Duration) -> Moment? {
        // Before one that waits another was told, a window ago at least.
        told[job].map { $0.toldAt <= now ? $0.toldAt : min(now, $0.toldAt - window) }
    }

    /// What `news` of a job change; nil when they change nothing.
    ///
    /// - Parameters:
    ///   - job: what it says of alarms now.
    ///   - news: what happened.
    /// - Returns: the change.
    mutating func step(for job: Job, _ news: AlarmNews) -> AlarmStep? {
        // A success of before the trouble does not end it.
        if news.event == .recovered, let state = states[job.id], news.at < state.since { return nil }
        guard let policy = job.spec.alarm else { return nil }
        let instant = max(news.at, lastTold(job.id, policy.window) ?? news.at)
        guard let change = policy.change(after: news.event, at: instant, from: states[job.id]) else {
            return nil
        }
        let failures = news.event == .recovered ? states[job.id]?.failures ?? 0 : change.state.failures
        states[job.id] = change.state
        let notices = change.tellAt.map { due in
            policy.targets.map { target in
                let notice = AlarmNotice(
                    job: job.spec.fullName,
                    event: news.event,
                    run: news.run,
                    reason: news.reason,
                    message: news.message,
                    at: news.at,
                    failures: failures,
                    since: change.state.since,
                    target: target
                )
                return DueNotice(notice, due: due)
            }
        }
        return AlarmStep(
            job: job.id,
            state: change.state,
            notices: notices ?? [],
            cancelsAfter: change.cancelsWaiting ? instant : nil
        )
    }
}

/// What happened to a job that somebody may have to hear of.
struct AlarmNews: Hashable, Sendable {
    let event: AlarmEvent
    /// The run that it happened to; nil where there is none.
    let run: RunID?
    /// How that run ended; nil where none did.
    let reason: RunReason?
    let message: String
    let at: Moment
}

extension AlarmEvent {
    /// What the end of `run` is to whoever is told of trouble; nil when it is nothing to tell of.
    fileprivate init?(of run: JobRun, among trigger: WholeTrigger) {
        switch run.end?.reason {
        case .misfireSkipped: self = .missed
        // Somebody wanted that.
        case .killed, .discarded, .covered, nil: return nil
        case .completed:
            let ends = trigger.ends(closedBy: run)
            guard !ends.isEmpty, ends.allSatisfy({ $0.end?.reason == .completed }) else { return nil }
            self = .recovered
        case .handlerFailed, .timedOut, .executorLost, .dispatchFailed, .noExecutor: self = .failed
        }
    }
}
