package import Groundwork

/// How a run ended.
package struct RunEnd: Hashable, Sendable {
    package let reason: RunReason
    /// What the handler, the executor or the scheduler said about it.
    package let message: String
    package let at: Moment

    package init(_ reason: RunReason, message: String = "", at: Moment) {
        self.reason = reason
        self.message = message
        self.at = at
    }
}

/// Why a run ended; a closed list, stable in the API, in metrics and in the store.
package enum RunReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The handler returned.
    case completed
    /// The handler threw.
    case handlerFailed = "handler_failed"
    /// The time limit passed, as the executor said or, when it said nothing, by the scheduler's own clock.
    case timedOut = "timed_out"
    /// An operator ended it.
    case killed
    /// The process that ran it restarted or fell silent.
    case executorLost = "executor_lost"
    /// The executor refused it, or did not answer to any attempt to hand it over.
    case dispatchFailed = "dispatch_failed"
    /// The group had no living executor for as long as the scheduler waits for one.
    case noExecutor = "no_executor"
    /// An earlier run of the job was open, and the job discards later ones.
    case discarded
    /// A later run of the job came, and the job lets that cover earlier ones.
    case covered
    /// The trigger was missed, and the job skips those.
    case misfireSkipped = "misfire_skipped"

    /// What the reason comes to.
    package var outcome: Outcome {
        switch self {
        case .completed: .succeeded
        case .handlerFailed, .timedOut, .executorLost, .dispatchFailed, .noExecutor, .killed: .failed
        case .discarded, .covered, .misfireSkipped: .skipped
        }
    }

    /// Whether the job's retry policy applies: never to what somebody decided.
    package var mayRetry: Bool { outcome == .failed && self != .killed }

    /// Those for which a retry policy can be asked.
    package static let retryable = allCases.filter(\.mayRetry)

    /// Those by which a run may end here while its executor goes on with it.
    static let endedHere: Set<RunReason> = [.killed, .timedOut, .covered]

    /// Whether only a run that had started can end so.
    var tellsOfStart: Bool {
        switch self {
        case .completed, .handlerFailed, .timedOut: true
        case .killed, .executorLost, .dispatchFailed, .noExecutor, .discarded, .covered, .misfireSkipped:
            false
        }
    }

    /// The three ways to end.
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        case succeeded
        case failed
        /// By decision of an operator or a policy it did not run to its end.
        case skipped
    }
}

extension Set<RunReason> {
    /// The reasons in one order, so that one meaning has one text.
    package var inOrder: [RunReason] { RunReason.allCases.filter(contains) }
}
