package import Groundwork

/// What is told of a job.
package enum AlarmEvent: String, Hashable, Sendable, Codable, CaseIterable {
    /// A run failed, and no further attempt follows.
    case failed
    /// Triggers were missed, and the job skips those.
    case missed
    /// An instant of its schedule has passed, and nothing was planned for it.
    case unfired
    /// A run waits, and no executor that may have it lives.
    case unmanned
    /// A run is due for long and not handed over, although executors live.
    case stuck
    /// Too many of the latest runs were accepted later than the job's target allows.
    case late
    /// The first success after a failure that was told.
    case recovered
}

/// How it stands with the alarms of one job; only jobs that had trouble have one.
package struct AlarmState: Hashable, Sendable, Codable {
    /// When the present row of failures began.
    package var since: Moment
    /// The failures since the last success; zero when the job is well.
    package var failures: Int
    /// When an alarm was told last, or is going to be: an alarm that waits for the window to end has its instant already.
    package var toldAt: Moment

    package init(since: Moment, failures: Int, toldAt: Moment) {
        self.since = since
        self.failures = failures
        self.toldAt = toldAt
    }

    private enum CodingKeys: String, CodingKey {
        case since, failures
        case toldAt = "told_at"
    }
}

/// What an event does to a job's alarms.
struct AlarmChange: Hashable, Sendable {
    var state: AlarmState
    /// When it is to be told; nil when it is not.
    var tellAt: Moment?
    /// Whether an alarm that still waits for its window to end is taken back.
    var cancelsWaiting = false
}

extension AlarmPolicy {
    /// What an event comes to; nil when it changes nothing.
    ///
    /// A failure is told at once unless an alarm was told less than a window ago; then it waits for the window to end, unless a
    /// later one takes its place. So a job that goes on failing is told once a window, the first failure of all
    /// without delay, and none is kept from everybody for ever.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - now: when.
    ///   - state: how it stood before.
    /// - Returns: how it stands now, and whether it is told.
    func change(after event: AlarmEvent, at now: Moment, from state: AlarmState?) -> AlarmChange? {
        event == .recovered ? recovery(at: now, from: state) : failure(at: now, from: state)
    }

    private func failure(at now: Moment, from state: AlarmState?) -> AlarmChange {
        guard let state else {
            return AlarmChange(state: AlarmState(since: now, failures: 1, toldAt: now), tellAt: now)
        }
        var next = state
        if state.failures == 0 { next.since = now }
        next.failures += 1
        guard state.toldAt <= now else {
            // One waits already: this one takes its place and knows of all that came.
            return AlarmChange(state: next, tellAt: state.toldAt, cancelsWaiting: true)
        }
        let due = max(now, state.toldAt + window)
        next.toldAt = due
        return AlarmChange(state: next, tellAt: due)
    }

    private func recovery(at now: Moment, from state: AlarmState?) -> AlarmChange? {
        guard let state, state.failures > 0 else { return nil }
        let isWaiting = state.toldAt > now
        let lastTold = isWaiting ? state.toldAt - window : state.toldAt
        return AlarmChange(
            state: AlarmState(since: state.since, failures: 0, toldAt: lastTold),
            // Nobody needs to hear that a trouble is over of which nobody heard.
            tellAt: tellsRecovery && lastTold >= state.since ? now : nil,
            cancelsWaiting: isWaiting
        )
    }
}
