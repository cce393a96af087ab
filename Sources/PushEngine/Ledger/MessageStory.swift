package import Groundwork

/// One call as one of its members saw it.
package struct MemberCall: Hashable, Sendable {
    package let id: IntentID
    package let account: AccountID
    package let calledAt: Moment
    package let closedAt: Moment?
    /// Nil while the call is open, and when it was given up without an answer.
    package let answer: CallResult?

    package init(id: IntentID, account: AccountID, calledAt: Moment, closedAt: Moment?, answer: CallResult?) {
        self.id = id
        self.account = account
        self.calledAt = calledAt
        self.closedAt = closedAt
        self.answer = answer
    }
}

/// What happened to a message outside of calls, and the newest call there was before it.
package struct DatedTrace: Hashable, Sendable {
    package let newestCall: Int64
    package let event: TraceEvent

    package init(newestCall: Int64, event: TraceEvent) {
        self.newestCall = newestCall
        self.event = event
    }
}

/// The final word on a message, as it is told.
package struct MessageReceipt: Hashable, Sendable {
    package let state: DeliveryState
    package let code: String
    package let receivedAt: Moment

    package init(state: DeliveryState, code: String, receivedAt: Moment) {
        self.state = state
        self.code = code
        self.receivedAt = receivedAt
    }
}

/// All that happened to one message, put in order.
///
/// The order is that of the books, not of the clock, which may have been set back in between: a call is
/// answered before the next one is made, and everything else knows the newest call that was before it.
package struct MessageStory: Sendable {
    package private(set) var events: [TraceEvent] = []
    private var receipt: MessageReceipt?

    package init(
        acceptedAt: Moment,
        calls: [MemberCall],
        traces: [DatedTrace],
        receipt: MessageReceipt?
    ) {
        self.receipt = receipt
        add(at: acceptedAt, .accepted, .queued)
        var traces = traces[...]
        for call in calls {
            while let trace = traces.first, trace.newestCall < call.id.rawValue {
                events.append(trace.event)
                traces.removeFirst()
            }
            add(at: call.calledAt, .calling, .queued, account: call.account)
            add(endOf: call)
        }
        for trace in traces {
            // What was taken back takes no receipt any more: one that there is came before.
            if trace.event.stage == .withdrawn { addReceipt() }
            events.append(trace.event)
        }
        addReceipt()
    }

    private mutating func add(endOf call: MemberCall) {
        guard let closedAt = call.closedAt else { return }
        if let receipt, receipt.receivedAt < closedAt, receipt.receivedAt >= call.calledAt {
            // It came before the call's answer and stands.
            let state = receipt.state
            addReceipt()
            add(call, at: closedAt, state)
        } else {
            add(call, at: closedAt, nil)
        }
    }

    private mutating func add(_ call: MemberCall, at closedAt: Moment, _ standing: DeliveryState?) {
        switch call.answer {
        case .accepted(let reference, _):
            add(at: closedAt, .answered, standing ?? .accepted, account: call.account, reference)
        case .sent(let reference, _):
            add(at: closedAt, .answered, standing ?? .sent, account: call.account, reference)
        case .failed(let code): add(at: closedAt, .answered, standing ?? .failed, account: call.account, code)
        case .again(let code): add(at: closedAt, .answered, standing ?? .queued, account: call.account, code)
        case .unknown(let detail):
            add(at: closedAt, .answered, standing ?? .unknown, account: call.account, detail)
        case nil: add(at: closedAt, .abandoned, standing ?? .unknown, account: call.account)
        }
    }

    private mutating func addReceipt() {
        guard let receipt else { return }
        self.receipt = nil
        add(at: receipt.receivedAt, .receipt, receipt.state, receipt.code)
    }

    private mutating func add(
        at moment: Moment,
        _ stage: TraceEvent.Stage,
        _ state: DeliveryState,
        account: AccountID? = nil,
        _ detail: String = ""
    ) {
        events.append(TraceEvent(at: moment, stage: stage, state: state, account: account, detail: detail))
    }
}

/// What the answers to a message's calls come to: the last reference and the last code.
package struct AnswerSummary: Sendable {
    package private(set) var reference: String?
    package private(set) var code: String?

    package init(_ calls: [MemberCall]) {
        for call in calls {
            switch call.answer {
            case .accepted(let reference, _), .sent(let reference, _):
                self.reference = reference
                code = nil
            case .failed(let code), .again(let code): self.code = code
            case .unknown(let detail): code = detail
            case nil: continue
            }
        }
    }
}
