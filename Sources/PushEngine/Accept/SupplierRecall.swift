package import Groundwork

/// Asks suppliers to take back what they have, and says of each message what came of it.
///
/// What a supplier took back and nobody wrote down, because this process died in between, is asked for again by whoever
/// asks again: suppliers take a message back that they took back before.
package struct SupplierRecall: Sendable {
    private let calls: any CallBook
    private let directory: SupplierDirectory
    private let clock: any WallClock

    /// How many calls are taken back at once.
    private static let callsAtOnce = 8

    package init(calls: any CallBook, directory: SupplierDirectory, clock: any WallClock) {
        self.calls = calls
        self.directory = directory
        self.clock = clock
    }

    /// Whether a supplier has a message that takes some back so long after they were sent.
    func mayTakeBack(_ record: MessageRecord) async throws(StoreError) -> Bool {
        guard record.state.isTaken, let account = record.account,
            let offer = try await directory.current().entry(account)?.supplier.recallOffer
        else { return false }
        // It has its state since its call at the earliest.
        return clock.now <= record.changedAt + offer.window
    }

    /// Takes messages back that suppliers have.
    ///
    /// - Parameter verdicts: what the ledger said of all that are to be taken back.
    /// - Returns: the same, with the suppliers' word on those that they have.
    /// - Throws: `StoreError` when the store does not answer.
    package func recall(_ verdicts: [RecallVerdict]) async throws(StoreError) -> [RecallVerdict] {
        var results: [MessageID: RecallVerdict.Result] = [:]
        for verdict in verdicts { results[verdict.message] = verdict.resultWithoutSupplier }
        let taken = verdicts.filter { $0.result == .tooLate && $0.state?.isTaken == true }.map(\.message)
        var states: [MessageID: DeliveryState] = [:]
        if !taken.isEmpty {
            for message in taken { results[message] = .notSupported }
            let roster = try await directory.current()
            let known = try await calls.takenCalls(of: taken)
            let named = Set(taken)
            let endings = await takeBack(known, named, roster)
            for (call, ending) in endings {
                for member in call.members where named.contains(member.message) {
                    results[member.message] = ending
                }
            }
            let withdrawn = taken.filter { results[$0] == .withdrawn }
            if !withdrawn.isEmpty { states = try await calls.withdraw(withdrawn) }
        }
        return verdicts.map { verdict in
            // A message that is named twice is recalled by the first.
            if verdict.result == .recalled || verdict.result == .notFound { return verdict }
            let state = states[verdict.message] ?? verdict.state
            var result = results[verdict.message] ?? verdict.result
            // It ended otherwise while the supplier was asked.
            if result == .withdrawn, state != .withdrawn { result = .tooLate }
            return RecallVerdict(message: verdict.message, result: result, state: state)
        }
    }

    private func takeBack(
        _ calls: [TakenCall],
        _ named: Set<MessageID>,
        _ roster: SupplierRoster
    ) async -> [(TakenCall, RecallVerdict.Result)] {
        await withTaskGroup(of: (TakenCall, RecallVerdict.Result).self) { group in
            var waiting = calls[...]
            func begin() {
                guard let call = waiting.popFirst() else { return }
                group.addTask { (call, await takeBack(call, named, roster)) }
            }
            for _ in 0..<Self.callsAtOnce { begin() }
            var endings: [(TakenCall, RecallVerdict.Result)] = []
            while let ending = await group.next() {
                endings.append(ending)
                begin()
            }
            return endings
        }
    }

    private func takeBack(
        _ call: TakenCall,
        _ named: Set<MessageID>,
        _ roster: SupplierRoster
    ) async -> RecallVerdict.Result {
        guard let supplier = roster.entry(call.account)?.supplier, let offer = supplier.recallOffer,
            offer.coversRepeats || !call.isConfirmed
        else { return .notSupported }
        guard clock.now <= call.calledAt + offer.window else { return .tooLate }
        let meant = call.members.filter { named.contains($0.message) }
        guard !offer.isOfWholeCalls || meant.count == call.members.count else { return .sharedCall }
        do throws(SupplierError) {
            try await supplier.recall(reference: call.reference, recipients: meant.map(\.recipient))
            return .withdrawn
        } catch {
            return error.recallResult
        }
    }
}

extension RecallVerdict {
    /// What is to be said as long as no supplier was asked.
    fileprivate var resultWithoutSupplier: Result {
        switch (result, state) {
        // The call is out, or nobody knows what became of it: its end may tell.
        case (.tooLate, .queued), (.tooLate, .unknown): .unanswered
        case (.tooLate, .withdrawn): .withdrawn
        default: result
        }
    }
}

extension SupplierError {
    /// What the supplier's no means for a message that is to be taken back.
    fileprivate var recallResult: RecallVerdict.Result {
        switch self {
        case .tooLate: .tooLate
        case .notOffered: .notSupported
        case .refused(let refusal): refusal.allowsFailover ? .unanswered : .tooLate
        case .unavailable, .malformed, .notGenuine: .unanswered
        }
    }
}
