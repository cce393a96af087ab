package import Groundwork

/// Something of a job that is to be told to somebody.
package struct AlarmNotice: Hashable, Sendable, Codable {
    package var job: JobName
    package var event: AlarmEvent
    /// The run that it is about; nil where there is none.
    package var run: RunID?
    /// How that run ended; nil where none did.
    package var reason: RunReason?
    /// What is said about it; at most `longestMessage` characters.
    package var message: String
    /// When that run ended, or when it was found out.
    package var at: Moment
    /// The failures in a row up to then; of a recovery, those that are over.
    package var failures: Int
    /// When the first of them was.
    package var since: Moment
    package var target: AlarmTarget

    /// What a text message can carry beside the rest.
    static let longestMessage = 200

    package init(
        job: JobName,
        event: AlarmEvent,
        run: RunID?,
        reason: RunReason?,
        message: String,
        at: Moment,
        failures: Int,
        since: Moment,
        target: AlarmTarget
    ) {
        self.job = job
        self.event = event
        self.run = run
        self.reason = reason
        self.message = String(message.prefix(Self.longestMessage))
        self.at = at
        self.failures = failures
        self.since = since
        self.target = target
    }

    /// The values of the variables that a template may hold.
    ///
    /// - Returns: `job`, `group`, `event`, `reason`, `message`, `run`, `failures`, and `time` and `since` in UTC.
    package var variables: [String: String] {
        [
            "job": job.name, "group": job.group, "event": event.rawValue,
            "reason": reason?.rawValue.replacing("_", with: " ") ?? event.cause, "message": message,
            "run": run.map { "\($0)" } ?? "-",
            "failures": "\(failures)", "time": InstantText.local(at, in: .utc),
            "since": InstantText.local(since, in: .utc),
        ]
    }
}

extension AlarmEvent {
    /// In words, where no run's end says it.
    fileprivate var cause: String {
        switch self {
        case .failed, .missed, .recovered: rawValue
        case .unfired: "did not fire"
        case .unmanned: "no living executor"
        case .stuck: "not handed over"
        case .late: "late"
        }
    }
}

/// What following up an end, or something found out, changes of a job's alarms.
package struct AlarmStep: Hashable, Sendable {
    package let job: JobID
    package let state: AlarmState
    /// What is to be told, each at its instant.
    package let notices: [DueNotice]
    /// Notices of the job that are due after this are taken back; nil for none.
    package let cancelsAfter: Moment?

    package init(job: JobID, state: AlarmState, notices: [DueNotice] = [], cancelsAfter: Moment? = nil) {
        self.job = job
        self.state = state
        self.notices = notices
        self.cancelsAfter = cancelsAfter
    }
}

/// A notice and when it is to be told.
package struct DueNotice: Hashable, Sendable {
    package let notice: AlarmNotice
    package let due: Moment

    package init(_ notice: AlarmNotice, due: Moment) {
        self.notice = notice
        self.due = due
    }
}
