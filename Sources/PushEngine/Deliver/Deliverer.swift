package import Groundwork

/// What to do with a queue message after its batch was worked on.
package enum Disposition: Hashable, Sendable {
    /// Everything that was to be done is in the ledger.
    case done
    /// Some recipients wait for a supplier that cannot take them now.
    case later(Duration)
    /// Some calls wait for the rate of their account: their time has not come, and nothing was tried for them.
    case held(Duration)
}

/// Works on one batch: steps, intents, calls, outcomes, in this order and each written down before the next.
package struct Deliverer: Sendable {
    private let ledger: any DeliveryLedger
    private let chain: DeliveryChain
    private let deduplication: DeduplicationStep
    private let refusals: LastingRefusals
    private let directory: SupplierDirectory
    private let gate: CallGate
    private let health: AccountHealth
    private let caller: SupplierCaller
    private let settings: DeliverySettings
    private let clock: any WallClock
    private let timer: any Clock<Duration>

    package init(
        ledger: any DeliveryLedger,
        steps: [any DeliveryStep],
        deduplication: DeduplicationStep,
        refusals: LastingRefusals,
        directory: SupplierDirectory,
        gate: CallGate,
        health: AccountHealth,
        keys: RequestKeys,
        media: MediaKeeper? = nil,
        settings: DeliverySettings,
        clock: any WallClock,
        timer: any Clock<Duration>
    ) {
        self.ledger = ledger
        chain = DeliveryChain(steps: steps + [deduplication])
        self.deduplication = deduplication
        self.refusals = refusals
        self.directory = directory
        self.gate = gate
        self.health = health
        caller = SupplierCaller(
            keys: keys,
            callsAtOnce: settings.callsAtOnce,
            window: settings.callWindow,
            media: MediaCalls(keeper: media)
        )
        self.settings = settings
        self.clock = clock
        self.timer = timer
    }

    /// Takes a batch as far as it goes now; when the task is cancelled or the process told to end, as far as the calls
    /// that are out.
    ///
    /// - Parameters:
    ///   - batch: the batch that a queue message names.
    ///   - attempt: how often the message was handed out, this time included.
    /// - Returns: what to do with the message.
    /// - Throws: `StoreError` when a store does not answer; what was written stands, and the next try goes on
    ///   from it.
    package func deliver(_ batch: BatchID, attempt: Int) async throws(StoreError) -> Disposition {
        guard let open = try await ledger.open(batch) else { return .done }
        if !open.open.isEmpty { try await ledger.abandon(open.open, of: batch) }
        let end = open.waiting.isEmpty ? .done : try await deliverWaiting(of: open, attempt: attempt)
        guard end == .done, let busyUntil = open.busyUntil else { return end }
        // Somebody else has calls out; should it be gone, this message brings whoever looks after them.
        return .later(max(.zero, busyUntil - clock.now))
    }

    /// How many recipients of a batch wait to be sent to.
    package func left(of batch: BatchID) async throws(StoreError) -> Int {
        try await ledger.open(batch)?.waiting.count ?? 0
    }

    private func deliverWaiting(
        of open: LedgerBatch,
        attempt: Int
    ) async throws(StoreError) -> Disposition {
        let passage = try await chain.run(open, now: clock.now)
        var groups = passage.goesOn.isEmpty ? [] : [DeliveryGroup(members: passage.goesOn)]
        var due = DueDecisions(all: passage.decisions)
        var postponed: [Int] = []
        var later = LaterMembers()
        var held = HeldCalls()
        var lastCode: String?
        var someRest = false
        var ended = RoundTally()
        let roster = try await directory.current()
        repeat {
            let resting = health.resting(among: roster.entries.map(\.account.id))
            let router = SupplierRouter(roster: roster, resting: resting)
            someRest = someRest || router.restsAny(for: open.task)
            var planned: [PlannedWork] = []
            for group in groups {
                let plan = router.plan(group, of: open.id, open.task)
                planned += plan.calls.map { PlannedWork(call: $0, source: group) }
                postponed += plan.left.indices
            }
            groups = []
            for chunk in planned.isEmpty ? [[]] : planned.chunks(of: settings.callsAtOnce) {
                // A call made by a worker that is cut off would be in doubt for nothing, and a batch may be of hundreds
                // of waves. As after a crash, those left wait with the places that they have in quotas.
                guard !Task.isStopping else {
                    _ = try await advance(open, after: ended)
                    return .later(.zero)
                }
                // An account may have begun to rest since the wave was planned: its share goes elsewhere.
                let admission = health.admit(chunk.map(\.call.account))
                let wave = admission.places.map { chunk[$0] }
                let passedOver = Set(chunk.indices).subtracting(admission.places).sorted()
                groups += passedOver.map { chunk[$0].group }
                let admitted = try await admit(wave, of: open, roster, &held, &due, after: ended)
                health.giveBack(admission.tried.subtracting(admitted.map(\.call.account)))
                guard !(admitted.isEmpty && due.all.isEmpty && ended.outcomes.isEmpty) else { continue }
                ended = try await carryOut(admitted, due, of: open, roster, after: ended)
                due = DueDecisions()
                groups += ended.next
                later.add(ended)
                lastCode = ended.lastCode ?? lastCode
            }
        } while !groups.isEmpty
        let left = Members((postponed + later.members).sorted())
        let code = lastCode ?? (someRest ? "account_rests" : "no_account")
        let wait = postponed.isEmpty ? later.wait : nil
        let end = try await settle(left, of: open, attempt: attempt, atLeast: wait, code: code, after: ended)
        guard !held.isEmpty else { return end }
        // Those held back wait with the places that they have in quotas: nothing but their time is missing.
        let turn = gate.turn(of: held, on: open.task.lane)
        return if case .later(let wait) = end { .later(min(wait, turn)) } else { .held(turn) }
    }

    /// Those of a wave that may be called now.
    ///
    /// Where nobody can tell, how the calls before ended is written all the same: they are in no doubt.
    private func admit(
        _ wave: [PlannedWork],
        of batch: LedgerBatch,
        _ roster: SupplierRoster,
        _ held: inout HeldCalls,
        _ due: inout DueDecisions,
        after ended: RoundTally
    ) async throws(StoreError) -> [PlannedWork] {
        let calls = wave.map(\.call)
        let paces = health.limits(of: calls.map(\.account))
        do {
            let works = try await gate.admit(calls, roster, paces: paces, &held).map { wave[$0] }
            let passage = try await gate.recipients.admit(works.map(\.call), roster, batch.task)
            held.holdRecipients(passage.wait)
            if !passage.capped.isEmpty {
                let capped = Members(passage.capped.sorted())
                let detail = "the supplier would not deliver it: it is over its limit of the recipient"
                due.all.append(Decision(members: capped, state: .capped, detail: detail))
                due.unsent += capped.indices
            }
            return passage.calls.map { PlannedWork(call: $0.call, source: works[$0.place].source) }
        } catch {
            _ = try await advance(batch, after: ended)
            throw error
        }
    }

    /// Writes how the calls before ended, with decisions and as many calls as are made at once, and makes those.
    ///
    /// Only what is called right away is written down as called, so that a crash leaves no more messages in
    /// doubt than were on the wire.
    ///
    /// - Returns: how they ended, which is yet to be written.
    private func carryOut(
        _ wave: [PlannedWork],
        _ due: DueDecisions,
        of batch: LedgerBatch,
        _ roster: SupplierRoster,
        after ended: RoundTally
    ) async throws(StoreError) -> RoundTally {
        let calls = wave.map(\.call)
        let stopwatch = Stopwatch(timer)
        let decided = try await advance(batch, after: ended, due.all, calls)
        try await refundUnsent(due.unsent, calls, decided, of: batch)
        let rounds = await caller.call(decided.intents, of: batch.task, roster, written: stopwatch)
        health.note(rounds)
        return RoundTally(rounds, sources: wave.map(\.source), calls: calls)
    }

    /// Writes how calls ended, and what comes next; nothing is written when there is nothing.
    private func advance(
        _ batch: LedgerBatch,
        after ended: RoundTally,
        _ decisions: [Decision] = [],
        _ calls: [PlannedCall] = []
    ) async throws(StoreError) -> DecisionOutcome {
        guard !(ended.outcomes.isEmpty && decisions.isEmpty && calls.isEmpty) else {
            return DecisionOutcome()
        }
        let decided = try await ledger.advance(
            batch.id,
            outcomes: ended.outcomes,
            decisions: decisions,
            calls: calls
        )
        try await deduplication.refund(ended.failed, of: batch)
        try await refusals.note(ended.lasting, of: batch.task)
        return decided
    }

    /// What was given up after it had its place, or planned and then taken back, must not use up the recipient's quota.
    ///
    /// A place of somebody whom another consumer has sent to meanwhile is not ours to give back.
    private func refundUnsent(
        _ unsent: [Int],
        _ calls: [PlannedCall],
        _ decided: DecisionOutcome,
        of batch: LedgerBatch
    ) async throws(StoreError) {
        let planned = calls.reduce(0) { $0 + $1.members.count }
        let called = decided.intents.reduce(0) { $0 + $1.members.count }
        guard planned != called || !unsent.isEmpty else { return }
        let kept = Set(decided.intents.flatMap(\.members.indices)).union(decided.others.indices)
        let gone = (calls.flatMap(\.members.indices) + unsent).filter { !kept.contains($0) }.sorted()
        try await deduplication.refund(Members(gone), of: batch)
    }

    /// Puts off those that no account takes now, or gives them up when they have waited too long.
    ///
    /// What is put off keeps no place in anybody's quota: it may be dropped or taken back before its next try.
    /// A place of somebody whom another consumer has sent to meanwhile is not ours to give back.
    private func settle(
        _ postponed: Members,
        of batch: LedgerBatch,
        attempt: Int,
        atLeast wait: Duration?,
        code: String,
        after ended: RoundTally
    ) async throws(StoreError) -> Disposition {
        guard !postponed.isEmpty else {
            _ = try await advance(batch, after: ended)
            return .done
        }
        let hasWaited = clock.now >= batch.waitingSince + settings.patience
        // Who waits long each time is tried the less often.
        let attempts =
            wait.map { min(settings.attempts, max(1, Int(settings.patience / $0))) } ?? settings.attempts
        let isLast = hasWaited && attempt >= attempts
        let decision = Decision(
            members: postponed,
            state: isLast ? .failed : .queued,
            detail: isLast ? "gave up after \(attempt) attempts: \(code)" : "put off: \(code)"
        )
        let decided = try await advance(batch, after: ended, [decision])
        let others = Set(decided.others.indices)
        let ours = Members(postponed.indices.filter { !others.contains($0) })
        try await deduplication.refund(ours, of: batch)
        return isLast ? .done : .later(max(settings.backoff.wait(afterAttempt: attempt), wait ?? .zero))
    }
}

/// What is decided of a batch and yet to be written.
private struct DueDecisions: Sendable {
    var all: [Decision] = []
    /// Those among them who have a place in quotas that they do not need any more.
    var unsent: [Int] = []
}

/// Recipients of a batch who cannot have their messages now.
private struct LaterMembers {
    private(set) var members: [Int] = []
    /// In how long the first of them may.
    private(set) var wait: Duration?

    mutating func add(_ ended: RoundTally) {
        members += ended.later.indices
        if let next = ended.wait { wait = wait.map { min($0, next) } ?? next }
    }
}

/// A call to make, and the group of recipients it was planned for.
private struct PlannedWork: Sendable {
    let call: PlannedCall
    let source: DeliveryGroup

    /// The same recipients, to be planned anew.
    var group: DeliveryGroup {
        DeliveryGroup(members: call.members, tried: source.tried, callLimit: source.callLimit)
    }
}
