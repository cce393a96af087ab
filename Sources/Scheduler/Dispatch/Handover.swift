import Groundwork
import Logging

/// Hands one run to one executor: writes down what it is about to do, does it, writes down what came of it.
struct Handover: Sendable {
    private let jobs: any JobStore
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let executors: ExecutorClient
    private let rules: DispatchRules
    private let closer: RunCloser
    private let gauges: SchedulerGauges
    private let pulls: PullHub
    private let sentRuns: SentRuns
    private let wall: any WallClock
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let token: FencingToken?
    private let bells: SchedulerBells
    private let ledger: HandoverLedger
    private let marked: @Sendable (JobRun) -> Void

    /// - Parameters:
    ///   - parts: the stores, clocks and what else the scheduler shares.
    ///   - rules: decide what is to be done.
    ///   - token: the term's; nil where nobody leads, who only carries what was written down as sent before.
    ///   - ledger: writes it down.
    ///   - marked: is told of each run that is written as sent.
    init(
        _ parts: SchedulerParts,
        rules: DispatchRules,
        token: FencingToken?,
        ledger: HandoverLedger,
        marked: @escaping @Sendable (JobRun) -> Void = { _ in }
    ) {
        self.marked = marked
        self.token = token
        self.ledger = ledger
        jobs = parts.jobs
        bells = parts.bells
        runs = parts.runs
        registry = parts.registry
        executors = parts.executors
        self.rules = rules
        closer = RunCloser(parts)
        gauges = parts.gauges
        pulls = parts.pulls
        sentRuns = parts.sent
        wall = parts.wall
        clock = parts.clock
        logger = parts.logger
    }

    /// Carries `run` as far as it goes now; the outbox brings back what is left to do.
    func carry(
        _ run: JobRun,
        candidates: [ExecutorInstance],
        heard: Heard
    ) async throws {
        let holder = run.executor.flatMap { heard.groups.instance(at: $0.address, in: run.plan.terms.group) }
        let decision = rules.decide(
            run,
            candidates: candidates,
            holder: holder,
            listenedSince: heard.from,
            at: wall.now
        )
        switch decision {
        case nil: return
        case .wait(let waiting): _ = try await ledger.intend(waiting)
        case .end(let end): try await closer.close(run, end, token: token)
        case .stop(let end, let holder, let isLast):
            try await stop(run, end, at: holder, isLast: isLast)
        case .resend(let holder): try await resend(run, to: holder)
        case .offer(let candidates):
            // What is decided by how things stand is decided at the instant itself.
            if !run.plan.terms.mayBeMarkedEarly { try await waitUntilDue(run) }
            try await offer(run, to: candidates, heard.groups)
        }
    }

    /// Carries a run to its executor that was written down as sent when it was added; one that is not reached leaves it to whoever
    /// leads.
    ///
    /// - Parameters:
    ///   - run: as the store holds it.
    ///   - executor: who it was written down for.
    ///   - announced: since before that.
    /// - Throws: `StoreError` when what came of it is not written down; `CancellationError` before it is sent.
    func carry(_ run: JobRun, to executor: ExecutorInstance, _ announced: Stopwatch) async throws {
        sentRuns.note(run, at: wall.now)
        let script = try await jobs.script(of: run)
        guard mayCall(announced) else { return }
        let answer = await executors.hand(run, with: script, to: executor)
        guard case .notReached(let detail) = answer else {
            try await settle(run, answer, executor, covering: [])
            return
        }
        note("executor not reached", run, executor, detail)
        let now = wall.now
        guard let back = run.postponed(until: now, at: now) else { return }
        if try await ledger.intend(back).written != nil { bells.runsMayGo() }
    }

    /// Leaves runs that wait for nothing but their instant to executors that fetch theirs, as `carry` does with each, and
    /// writes all down at once; the outbox brings back what changed meanwhile.
    func leave(_ runs: [Leaving]) async throws {
        guard let due = runs.map(\.due).max() else { return }
        let left = due - wall.now
        if left > .zero { try await clock.sleep(for: left) }
        let written = try await ledger.intendAll(runs.compactMap { sent($0.run, to: $0.executor) })
        for (address, theirs) in Dictionary(grouping: written, by: \.executor?.address) {
            if let address { pulls.offer(theirs, to: address) }
        }
    }

    /// Waits for the instant at which a planned run is due.
    private func waitUntilDue(_ run: JobRun) async throws {
        guard case .planned(let due) = run.state else { return }
        let left = due - wall.now
        if left > .zero { try await clock.sleep(for: left) }
    }

    /// Waits for the instant of a run that was written down early; one that is not to be sent any more, because the term
    /// ends, is planned again, so that the next leader need not find out whether it was sent.
    private func waitUntilDue(_ run: JobRun, asSent sent: JobRun) async throws {
        do { try await waitUntilDue(run) } catch {
            guard case .planned(let due) = run.state, let back = sent.takenBack(due: due) else { throw error }
            // A task of its own, waited for here: this one is cancelled.
            await Task { [runs, token] in _ = try? await runs.advance([back], token: token) }.value
            throw error
        }
    }

    private func offer(
        _ run: JobRun,
        to candidates: [ExecutorInstance],
        _ groups: ExecutorGroups,
        after message: String? = nil
    ) async throws {
        let earlier = try await openRuns(before: run)
        if run.plan.terms.overlap == .discardLater, let other = earlier.first {
            let end = RunEnd(.discarded, message: "run \(other.id) is open", at: wall.now)
            try await closer.close(run, end, token: token)
            return
        }
        let script = try await jobs.script(of: run)
        var current = run
        var message = message
        var answers: [(executor: ExecutorAddress, answer: ProbeAnswer)] = []
        for candidate in candidates {
            let probed = try await probe(candidate, for: run)
            guard probed == .yes else {
                answers.append((candidate.address, probed))
                continue
            }
            // One that fetches its runs sees what is marked at once.
            if candidate.address.isPulled { try await waitUntilDue(current) }
            let announced = Stopwatch(clock)
            guard let sent = try await mark(current, for: candidate) else { return }
            try await waitUntilDue(current, asSent: sent)
            try await cover(earlier, by: sent, at: candidate, groups, announced)
            guard !candidate.address.isPulled else {
                try await leave(sent, for: candidate, covering: earlier)
                return
            }
            guard mayCall(announced) else { return }
            let answer = await executors.hand(sent, with: script, to: candidate)
            guard case .notReached(let detail) = answer else {
                try await settle(sent, answer, candidate, covering: earlier)
                return
            }
            message = detail
            current = sent.postponed(until: wall.now, at: wall.now) ?? sent
        }
        let decision =
            if let message {
                rules.unreached(current, message, hasLiving: true, at: wall.now)
            } else {
                rules.unwanted(current, answers, at: wall.now)
            }
        switch decision {
        case .wait(let waiting): _ = try await ledger.intend(waiting)
        case .end(let end): try await closer.close(current, end, token: token)
        case nil, .offer, .resend, .stop: return
        }
    }

    /// Leaves a run, which is written down as its own, to an executor that fetches it: it is told that there is one.
    private func leave(
        _ run: JobRun,
        for executor: ExecutorInstance,
        covering earlier: [JobRun] = []
    ) async throws {
        pulls.ring(executor.address)
        // The executor ends by itself what the run covers there; of others' it hears when it says what it has.
        guard run.plan.terms.overlap == .coverEarly, !earlier.isEmpty else { return }
        let end = RunEnd(.covered, message: "by run \(run.id)", at: wall.now)
        try await closer.close(earlier.map { ($0, end) }, token: token)
    }

    /// What the run's route has an executor asked before it gets the run.
    ///
    /// One that fetches its runs cannot be asked: it lives while it calls, and has what it was given and has not ended.
    private func probe(_ candidate: ExecutorInstance, for run: JobRun) async throws -> ProbeAnswer {
        if candidate.address.isPulled {
            guard run.plan.terms.route == .busyover else { return .yes }
            let filter = RunFilter(
                job: run.plan.job,
                states: [.dispatching, .running],
                address: candidate.address
            )
            let isIdle = try await runs.runs(filter, after: nil, limit: 1).elements.isEmpty
            return isIdle ? .yes : .no("it has a run of the job")
        }
        return switch run.plan.terms.route {
        case .failover: await executors.beat(candidate)
        case .busyover: await executors.idleBeat(run.plan.job, on: candidate)
        case .first, .last, .round, .random, .consistentHash, .leastFrequentlyUsed, .leastRecentlyUsed,
            .sharding:
            .yes
        }
    }

    /// Ends a run that the executor may have, once the executor has said that it has it no more.
    private func stop(
        _ run: JobRun,
        _ end: RunEnd,
        at holder: ExecutorInstance,
        isLast: Bool
    ) async throws {
        // A call bears no token: the write before it shows that it is still this leader's to make.
        let announced = Stopwatch(clock)
        guard let run = try await ledger.intend(run).written, mayCall(announced) else { return }
        if case .unknown(let detail) = await executors.kill(run.plan.job, on: holder), !isLast {
            note("run not stopped", run, holder, detail)
            _ = try await mark(run, for: holder)
            return
        }
        try await closer.close(run, end, token: token)
    }

    private func resend(_ run: JobRun, to holder: ExecutorInstance) async throws {
        // Executors other than ours forget a run's id once it started; a busy job tells that it arrived.
        if holder.instance == nil, await executors.isIdle(run.plan.job, on: holder) == false {
            try await settle(run, .accepted(holder.dialect), holder, covering: [])
            return
        }
        let script = try await jobs.script(of: run)
        let announced = Stopwatch(clock)
        guard let sent = try await mark(run, for: holder), mayCall(announced) else { return }
        guard !holder.address.isPulled else {
            try await leave(sent, for: holder)
            return
        }
        let answer = await executors.hand(sent, with: script, to: holder)
        // That this request did not arrive tells nothing about the one before.
        if case .notReached = answer { return }
        try await settle(sent, answer, holder, covering: try await openRuns(before: run))
    }

    /// Writes down that `run` is about to be sent; nil when it has changed meanwhile.
    private func mark(_ run: JobRun, for executor: ExecutorInstance) async throws -> JobRun? {
        guard let sent = sent(run, to: executor), let written = try await ledger.intend(sent).written
        else { return nil }
        if !executor.address.isPulled { sentRuns.note(written, at: wall.now) }
        marked(written)
        return written
    }

    /// The run as one that is about to be sent.
    private func sent(_ run: JobRun, to executor: ExecutorInstance) -> JobRun? {
        // One that is written down early counts from its instant.
        let now = if case .planned(let due) = run.state { max(wall.now, due) } else { wall.now }
        let resendAt = rules.resendAt(to: executor, announcedAt: now, callLimit: executors.callLimit)
        return run.dispatched(to: ExecutorReference(executor), at: now, resendAt: resendAt)
    }

    /// Whether a call may still be made that was to be written down from then on; the outbox brings back what is not.
    private func mayCall(_ announced: Stopwatch) -> Bool { announced.elapsed < rules.callWindow }

    private func settle(
        _ run: JobRun,
        _ answer: DispatchAnswer,
        _ executor: ExecutorInstance,
        covering earlier: [JobRun]
    ) async throws {
        switch answer {
        case .accepted(let dialect):
            if dialect != executor.dialect { try await registry.learn(dialect, at: executor.address) }
            if let accepted = run.accepted(at: wall.now) {
                gauges.accepted([accepted])
                // A fast handler's callback may have ended the run already; then there is nothing to write.
                if case .overtaken(let present?) = try await ledger.settle(accepted) {
                    try await stopIfOver(present, at: executor)
                }
            }
            if run.plan.terms.overlap == .coverEarly {
                let end = RunEnd(.covered, message: "by run \(run.id)", at: wall.now)
                try await closer.close(earlier.map { ($0, end) }, token: token)
            }
        case .refused(let message):
            try await closer.close(run, rules.refused(run, message, at: wall.now), token: token)
        case .notReached(let detail), .unknown(let detail):
            note("dispatch not confirmed", run, executor, detail)
        }
    }

    /// Has the executor stop a run that was ended here while it was on its way there.
    private func stopIfOver(_ run: JobRun, at executor: ExecutorInstance) async throws {
        guard let end = run.end, RunReason.endedHere.contains(end.reason) else { return }
        // Executors end all runs of a job at once: another one of it there is worth more than this.
        let filter = RunFilter(
            job: run.plan.job,
            states: [.dispatching, .running],
            address: executor.address
        )
        guard try await runs.runs(filter, after: nil, limit: 1).elements.isEmpty else { return }
        _ = await executors.kill(run.plan.job, on: executor)
    }

    private func note(
        _ what: Logger.Message,
        _ run: JobRun,
        _ executor: ExecutorInstance,
        _ detail: String
    ) {
        logger.info(
            what,
            metadata: [
                LogKey.run: "\(run.id)", LogKey.address: "\(executor.address)",
                LogKey.error: "\(detail.prefix(200))",
            ]
        )
    }

    /// The runs of the same job and shard that stand in the way of `run`: those that executors have, and those that were planned
    /// before it and are due; asked only where the overlap policy is decided here.
    ///
    /// Executors may have later ones, too: a retry waits for its back-off, and the runs of a backfill come one by one.
    private func openRuns(before run: JobRun) async throws -> [JobRun] {
        guard run.plan.terms.overlap != .serial else { return [] }
        let now = wall.now
        let busy = RunFilter(job: run.plan.job, states: [.dispatching, .running])
        let waiting = RunFilter(job: run.plan.job, states: [.planned])
        let found =
            try await runs.runs(busy, after: nil, limit: 500).elements
            + runs.runs(waiting, after: run.id, limit: 500).elements
        return found.filter { other in
            guard other.id != run.id, other.plan.shard.index == run.plan.shard.index else { return false }
            // As the outbox sees it: one that reached nobody yet is due.
            if case .planned(let due) = other.state { return due <= now || other.unreachedSince != nil }
            return true
        }
    }

    /// Ends what `run` covers and what another executor has; the executor that gets `run` does so by itself.
    private func cover(
        _ earlier: [JobRun],
        by run: JobRun,
        at chosen: ExecutorInstance,
        _ groups: ExecutorGroups,
        _ announced: Stopwatch
    ) async throws {
        guard run.plan.terms.overlap == .coverEarly else { return }
        for address in Set(earlier.compactMap(\.executor?.address)) where address != chosen.address {
            guard mayCall(announced) else { return }
            guard !address.isPulled,
                let executor = groups.instance(at: address, in: run.plan.terms.group)
            else { continue }
            let answer = await executors.kill(run.plan.job, on: executor)
            guard case .unknown(let detail) = answer else { continue }
            logger.warning(
                "covered run may go on",
                metadata: [LogKey.address: "\(address)", LogKey.error: "\(detail)"]
            )
        }
    }
}

/// A planned run whose hand-over to an executor that fetches its runs is but a mark in the store: nobody is asked, nothing is
/// covered or discarded, and nobody asked for its end.
struct Leaving: Sendable {
    let run: JobRun
    let executor: ExecutorInstance
    let due: Moment

    /// Nil when the best of the candidates does not get `run` that way.
    init?(_ run: JobRun, _ candidates: [ExecutorInstance]) {
        guard case .planned(let due) = run.state, let executor = candidates.first,
            executor.address.isPulled, run.killRequestedAt == nil, run.plan.terms.mayBeMarkedEarly
        else { return nil }
        (self.run, self.executor, self.due) = (run, executor, due)
    }
}

extension RunTerms {
    /// Whether all is known some time before the run is due that its hand-over depends on: it asks no executor first, and the
    /// outbox alone knows whom it waits for.
    fileprivate var mayBeMarkedEarly: Bool { !route.asksFirst && overlap == .serial }
}
