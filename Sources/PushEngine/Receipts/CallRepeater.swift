package import Groundwork

/// Makes calls without an answer again, at suppliers that drop what comes twice.
///
/// Why nobody has a message twice by it. The call is made with the key, recipients, contents and order of the first, from
/// the same row of the books, and only while the supplier drops it: it begins so long before the end of that time that it
/// has ended by then (`DeliverySettings.callLimit`), as the last look at a stopwatch before the call sees to. So it does
/// not matter how many processes make it, nor whether the first one is still on its way: the supplier takes one of them.
///
/// What only an answer to the first could say is not read out of a later one. That it took a message, and that a
/// recipient can never have one, is true of both calls alike. A refusal for any other reason is about the moment: the
/// first may have been taken all the same, so its members stay in doubt and go nowhere else. Nor is a call made again of
/// which anybody is not in doubt any more: whoever was refused by the first may be on the way by another account.
package struct CallRepeater: Sendable {
    /// What came of it.
    enum Ending: Hashable, Sendable {
        /// The supplier answered; of so many members that is the word.
        case answered(Int)
        /// It did not answer, or has no time.
        case unanswered
        /// The call may not be made now.
        case notNow
    }

    private let calls: any CallBook
    private let steps: [any DeliveryStep]
    private let gate: CallGate
    private let caller: SupplierCaller
    private let clock: any WallClock
    private let timer: any Clock<Duration>

    /// Makes a repeater.
    ///
    /// - Parameters:
    ///   - calls: the calls that were made.
    ///   - steps: what may stop a message before a supplier is called, without the caps, in which it has its place.
    ///   - gate: what keeps calls to the rates of their accounts.
    ///   - keys: the keys of calls.
    ///   - settings: how calls are made.
    ///   - clock: what calls are dated by.
    ///   - timer: what waits are measured by.
    package init(
        calls: any CallBook,
        steps: [any DeliveryStep],
        gate: CallGate,
        keys: RequestKeys,
        settings: DeliverySettings,
        clock: any WallClock,
        timer: any Clock<Duration>
    ) {
        self.calls = calls
        self.steps = steps
        self.gate = gate
        caller = SupplierCaller(
            keys: keys,
            callsAtOnce: 1,
            window: settings.callWindow,
            media: MediaCalls(keeper: nil)
        )
        self.clock = clock
        self.timer = timer
    }

    /// Until when a call of an account may be made again; nil when not at all.
    func end(for call: OpenCall, by entry: SupplierRoster.Entry) -> Moment? {
        entry.supplier.repeatsAreDropped(ofCallAt: call.calledAt).map { $0 - DeliverySettings.callLimit }
    }

    /// Makes a call again and writes what the supplier says.
    ///
    /// - Throws: `StoreError` when a store does not answer; then the call may be made once more.
    func makeAgain(_ call: OpenCall, by entry: SupplierRoster.Entry) async throws(StoreError) -> Ending {
        guard entry.account.isEnabled, let known = try await calls.repeatable(call.intent),
            try await passes(known), !known.namesFiles
        else { return .notNow }
        let roster = SupplierRoster(entries: [entry])
        let planned = PlannedCall(account: known.intent.account, members: known.intent.members)
        var held = HeldCalls()
        guard try await !gate.admit([planned], roster, &held).isEmpty else { return .notNow }
        let stopwatch = Stopwatch(timer)
        guard let end = end(for: call, by: entry), clock.now < end else { return .notNow }
        let rounds = await caller.call([known.intent], of: known.task, roster, written: stopwatch)
        guard let round = rounds.first, round.wasMade else { return .notNow }
        let outcome = IntentOutcome(intent: known.intent, results: round.lateResults)
        let resolved = try await calls.resolve(outcome)
        return resolved == 0 && round.reply.verdicts.allSatisfy(\.saysLittle)
            ? .unanswered : .answered(resolved)
    }

    /// Whether all of a call's members would be sent to now: a night may have begun, a name have come on a list.
    private func passes(_ call: RepeatableCall) async throws(StoreError) -> Bool {
        let members = call.intent.members
        for step in steps {
            let batch = DeliveryBatch(id: call.batch, task: call.task, waiting: members, now: clock.now)
            guard try await step.apply(to: batch).goesOn == members else { return false }
        }
        return true
    }
}

extension RepeatableCall {
    /// Whether it names a file of ours: under the name that it has at the supplier by now it is not the same call.
    fileprivate var namesFiles: Bool {
        Set(intent.members.indices.map { task.contentIndex[$0] })
            .contains { MediaReference.mayOccur(in: task.contents.text(Int($0))) }
    }
}

extension CallRound {
    /// What the answer to a call that was made again says of its members.
    fileprivate var lateResults: [CallResult] {
        reply.verdicts.map { verdict in
            switch verdict {
            case .accepted(let reference, let charge) where awaitsReceipts:
                .accepted(reference: reference, charge: charge)
            case .accepted(let reference, let charge): .sent(reference: reference, charge: charge)
            case .refused(let refusal) where refusal.fault == .badRecipient: .failed(code: refusal.code)
            case .refused(let refusal): .unknown(detail: refusal.code)
            case .ambiguous(let detail): .unknown(detail: detail)
            }
        }
    }
}

extension SupplierVerdict {
    /// Whether it tells nothing but that the supplier is not to be called now.
    fileprivate var saysLittle: Bool {
        switch self {
        case .accepted: false
        case .refused(let refusal): refusal.allowsFailover
        case .ambiguous: true
        }
    }
}
