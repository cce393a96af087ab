import Groundwork
import Logging

/// Hands due runs to executors while this process leads.
///
/// The outbox is the store: a run stays in it until an executor accepted it, so a crash at any point only
/// means that the next leader sends it again, to the same executor when it may have arrived there.
package struct Dispatcher: Sendable {
    private let parts: SchedulerParts
    private let rules: DispatchRules
    private let flight: Flight
    private let stopwatch: Stopwatch

    /// A run that an executor is called for.
    private typealias Called = (run: JobRun, candidates: [ExecutorInstance], heard: Heard)

    /// How many runs are carried by one group of tasks: one that ends is looked for among all of its group.
    private static let together = 64
    /// The most runs that are read at once.
    ///
    /// More than may take off at once: to find those of a busy outbox that may go
    /// costs far more than to bring them.
    static let batch = 4_000
    /// How long it sleeps at most, so that the changes of other processes are seen: what they plan, and what ends there
    /// and makes room for a job's next run.
    static let longestSleep = Duration.milliseconds(250)
    /// How long it sleeps where there were more runs than are read at once: most of those are written as sent by then, and are
    /// not read again.
    private static let shortSleep = Duration.milliseconds(50)

    init(_ parts: SchedulerParts, rules: DispatchRules) {
        self.parts = parts
        self.rules = rules
        flight = Flight(rules)
        stopwatch = Stopwatch(parts.clock)
    }

    /// Dispatches until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        try await withThrowingDiscardingTaskGroup { calls in
            try await dispatch(under: lease, &calls)
        }
    }

    private func dispatch(
        under lease: Lease,
        _ calls: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        let ledger = HandoverLedger(parts, token: lease.token)
        let handover = Handover(parts, rules: rules, token: lease.token, ledger: ledger) { run in
            if flight.isKnown(run) { parts.bells.dispatch.ring() }
        }
        var router = Router()
        var backlog = Backlog()
        while !Task.isCancelled {
            var pause = Self.longestSleep
            do {
                var leaving: [Leaving] = []
                var called: [Called] = []
                let isRest = try await round(under: lease, &router, &backlog) { run, candidates, heard in
                    if let leaves = Leaving(run, candidates) {
                        leaving.append(leaves)
                    } else {
                        called.append((run, candidates, heard))
                    }
                }
                carry(called, by: handover, in: &calls)
                let now = parts.wall.now
                for (_, batch) in Dictionary(grouping: leaving, by: { max($0.due, now) }) {
                    calls.addTask { try await leave(batch, by: handover) }
                }
                pause = self.pause(
                    until: backlog.next,
                    atMost: isRest ? Self.shortSleep : Self.longestSleep
                )
            } catch let error as StoreError where error.isTransient {
                parts.logger.warning("outbox not read", metadata: [LogKey.error: "\(error)"])
            }
            await parts.bells.dispatch.wait(atMost: max(.milliseconds(1), pause), on: parts.clock)
        }
    }

    /// How long the outbox need not be read, unless the bell is rung.
    ///
    /// - Parameters:
    ///   - next: when a run becomes due, beyond what was read.
    ///   - limit: the longest.
    /// - Returns: until when, from now.
    private func pause(until next: Moment?, atMost limit: Duration) -> Duration {
        let now = parts.wall.now
        // Half of the head start is for those that become due meanwhile: they go together.
        let waits = [
            limit, next.map { $0 - now - rules.headStart / 2 },
            parts.rush.horizon(at: now, headStart: rules.headStart).next,
        ]
        return waits.compactMap { $0 }.min() ?? limit
    }

    /// Starts what there is room for, of what was read before; reads anew when nothing of that may start, or it is old.
    ///
    /// - Returns: whether all that was read started and there may be more.
    private func round(
        under lease: Lease,
        _ router: inout Router,
        _ backlog: inout Backlog,
        start: (JobRun, [ExecutorInstance], Heard) -> Void
    ) async throws -> Bool {
        let now = parts.wall.now
        let elapsed = stopwatch.elapsed
        // Who was asked a moment ago, and took nothing, need not be asked again.
        var room: (heard: Heard, seating: Seating)?
        if !backlog.runs.isEmpty, backlog.isFresh(at: elapsed) {
            let heard = try await Heard(parts.registry, at: now)
            let seating = try await seating(heard)
            if takeOff(&backlog, heard, seating, &router, start) > 0 { return false }
            room = (heard, seating)
        }
        let full = flight.beginRead(besides: backlog.full)
        let known = room?.heard
        async let heard = self.heard(known, at: now)
        let outbox = try await parts.runs.outbox(
            at: parts.rush.horizon(at: now, headStart: rules.headStart).until,
            limit: Self.batch,
            without: full,
            token: backlog.isHeir ? lease.token : nil
        )
        let isCut = outbox.runs.count == Self.batch
        if !isCut, full.isEmpty { backlog.endInheritance(outbox.runs, under: lease.token) }
        if isCut { flight.turnAway() }
        backlog.take(outbox, besides: full, readAt: elapsed, taking: stopwatch.elapsed - elapsed)
        backlog.runs = flight.standing(backlog.runs)
        let executors = try await heard
        // Of groups that were full nothing was read: whether they still are is asked all the same.
        guard !backlog.runs.isEmpty || !backlog.full.isEmpty else { return false }
        try await router.recall(backlog.runs, from: parts.runs, among: executors)
        let seating = if let room { room.seating } else { try await seating(executors) }
        let started = takeOff(&backlog, executors, seating, &router, start)
        return isCut && started > 0 && backlog.runs.isEmpty
    }

    /// Starts those of the backlog that there is room for, and says how many.
    private func takeOff(
        _ backlog: inout Backlog,
        _ heard: Heard,
        _ seating: Seating,
        _ router: inout Router,
        _ start: (JobRun, [ExecutorInstance], Heard) -> Void
    ) -> Int {
        var started = 0
        let now = parts.wall.now
        var seating = seating
        backlog.runs.removeAll { run in
            let living = heard.living(in: run.plan.terms.group)
            // What is for one executor waits there, even if others have room.
            let isBound = run.plan.terms.route == .sharding || run.plan.terms.target != nil
            let open = isBound || living.allSatisfy(seating.hasRoom) ? living : living.filter(seating.hasRoom)
            // While all are full it waits, as behind other runs: nobody failed to be reached.
            let mayGo = living.isEmpty || !open.isEmpty || run.state.name != .planned
            guard mayGo else { return false }
            switch flight.takesOff(run, at: now) {
            case .yes: started += 1
            case .later: return false
            case .unlessChanged(let isKnown):
                if isKnown { parts.bells.dispatch.ring() }
                return true
            }
            let candidates = router.candidates(among: open, for: run)
            if let first = candidates.first, first.address.isPulled {
                seating.take(at: first)
                flight.heads(run, for: first.address)
            }
            start(run, candidates, heard)
            return true
        }
        let full = seating.full(among: heard.groups.all, at: heard.until)
        // What waits of a group that has room again was not read.
        if !backlog.full.isSubset(of: full) { parts.bells.dispatch.ring() }
        backlog.full = full
        return started
    }

    /// The executors as they are known; asks the store where they are not.
    private func heard(_ known: Heard?, at now: Moment) async throws(StoreError) -> Heard {
        if let known { known } else { try await Heard(parts.registry, at: now) }
    }

    /// Who has room; asks the store only where somebody's room is counted.
    private func seating(_ heard: Heard) async throws -> Seating {
        let isCounted = heard.groups.all.contains { $0.capacity != nil }
        return Seating(
            heard.groups.all,
            loads: isCounted ? try await parts.runs.loads() : [:],
            underWay: flight.underWay
        )
    }

    /// Leaves runs to executors that fetch theirs; a store that is busy leaves them in the outbox.
    private func leave(_ batch: [Leaving], by handover: Handover) async throws {
        defer {
            let isWaitedFor = batch.filter { flight.lands($0.run) }
            if !isWaitedFor.isEmpty { parts.bells.dispatch.ring() }
        }
        do {
            try await handover.leave(batch)
        } catch let error as StoreError where error.isTransient {
            parts.logger.warning(
                "runs not dispatched",
                metadata: [LogKey.count: "\(batch.count)", LogKey.error: "\(error)"]
            )
        }
    }

    /// Carries runs to their executors, all at once.
    private func carry(
        _ runs: [Called],
        by handover: Handover,
        in calls: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        for start in stride(from: 0, to: runs.count, by: Self.together) {
            let some = runs[start..<min(start + Self.together, runs.count)]
            calls.addTask {
                try await withThrowingDiscardingTaskGroup { calls in
                    for one in some.dropFirst() { calls.addTask { try await carry(one, by: handover) } }
                    if let one = some.first { try await carry(one, by: handover) }
                }
            }
        }
    }

    /// Carries one run to its executor; a store that is busy leaves it in the outbox, where it is found
    /// again.
    private func carry(_ called: Called, by handover: Handover) async throws {
        let (run, candidates, heard) = called
        defer {
            if flight.lands(run) { parts.bells.dispatch.ring() }
        }
        do {
            try await handover.carry(run, candidates: candidates, heard: heard)
        } catch let error as StoreError where error.isTransient {
            parts.logger.warning(
                "run not dispatched",
                metadata: [LogKey.run: "\(run.id)", LogKey.error: "\(error)"]
            )
        }
    }
}
