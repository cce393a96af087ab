package import Groundwork

/// A call that delivery wants to make.
package struct PlannedCall: Hashable, Sendable {
    package let account: AccountID
    package let members: Members

    package init(account: AccountID, members: Members) {
        self.account = account
        self.members = members
    }
}

/// A call about to be made: written down before it is made, so that a crash cannot hide it.
package struct Intent: Hashable, Sendable {
    package let id: IntentID
    package let account: AccountID
    package let members: Members

    package init(id: IntentID, account: AccountID, members: Members) {
        self.id = id
        self.account = account
        self.members = members
    }
}

/// Recipients of a batch that get another state without a supplier being asked.
package struct Decision: Hashable, Sendable {
    package let members: Members
    package let state: DeliveryState
    /// What it was decided by: a rule, a code.
    package let detail: String
    /// For `held`: when the morning begins.
    package let until: Moment?

    package init(members: Members, state: DeliveryState, detail: String, until: Moment? = nil) {
        self.members = members
        self.state = state
        self.detail = detail
        self.until = until
    }
}

/// What came of decisions and planned calls.
package struct DecisionOutcome: Hashable, Sendable {
    /// The calls, with the members that are really to be called; those without any are left out.
    package let intents: [Intent]
    /// Members that were named and that somebody else has, or had: in an open call, or not waiting any more.
    ///
    /// Those that were recalled are not among them.
    package let others: Members

    package init(intents: [Intent] = [], others: Members = Members([])) {
        self.intents = intents
        self.others = others
    }
}

/// How one intended call ended.
package struct IntentOutcome: Hashable, Sendable {
    package let intent: Intent
    /// In the order of the intent's members.
    package let results: [CallResult]

    package init(intent: Intent, results: [CallResult]) {
        self.intent = intent
        self.results = results
    }
}

/// What a call did to one recipient.
package enum CallResult: Hashable, Sendable {
    /// Now `accepted`.
    case accepted(reference: String, charge: Int)
    /// Now `sent`: its supplier gives no receipts.
    case sent(reference: String, charge: Int)
    /// Now `failed`.
    case failed(code: String)
    /// Still `queued`: another account or a later attempt takes it.
    case again(code: String)
    /// Now `unknown`.
    case unknown(detail: String)
}

/// A batch as the ledger knows it.
package struct LedgerBatch: Sendable {
    package let id: BatchID
    package let task: SendTask
    /// Those that still wait to be sent and are in no open call.
    package let waiting: Members
    /// When the last of those began to wait: by being accepted, released in the morning, or put back after a
    /// call that never arrived.
    package let waitingSince: Moment
    /// Calls that were written down and have no outcome: whoever made them is gone.
    package let open: [Intent]
    /// When the first of other calls without outcome, whose callers may still be at it, counts as gone as well; nil
    /// when there are none.
    package let busyUntil: Moment?

    package init(
        id: BatchID,
        task: SendTask,
        waiting: Members,
        waitingSince: Moment,
        open: [Intent],
        busyUntil: Moment? = nil
    ) {
        self.busyUntil = busyUntil
        self.id = id
        self.task = task
        self.waiting = waiting
        self.waitingSince = waitingSince
        self.open = open
    }
}

/// What a recall did to one message.
package struct RecallVerdict: Hashable, Sendable {
    package enum Result: String, Hashable, Sendable {
        /// It was waiting and will not be sent.
        case recalled
        /// The supplier that had it took it back.
        case withdrawn
        /// It is with a supplier that takes it back no more, or ended otherwise.
        case tooLate = "too_late"
        /// It is with a supplier that takes nothing back, or not this.
        case notSupported = "not_supported"
        /// Its supplier takes back only what went out in one call, and others of that call were not named.
        case sharedCall = "shared_call"
        /// The supplier has not answered, now or when it was called: asking again may help.
        case unanswered
        /// There is no such message.
        case notFound = "not_found"
    }

    package let message: MessageID
    package let result: Result
    /// The state it has now.
    package let state: DeliveryState?

    package init(message: MessageID, result: Result, state: DeliveryState?) {
        self.message = message
        self.result = result
        self.state = state
    }
}
