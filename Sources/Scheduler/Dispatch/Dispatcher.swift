import Groundwork
import Logging
import Synchronization

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
            let ledger = HandoverLedger(parts, token: lease.token)
            let handover = Handover(parts, rules: rules, token: lease.token, ledger: ledger) { run in
                if flight.isKnown(run) { parts.bells.dispatch.ring() }
            }
            var router = Router()
            var backlog = Backlog()
            while !Task.isCancelled {
                do {
                    var leaving: [Leaving] = []
                    var called: [Called] = []
                    let isMore = try await round(under: lease, &router, &backlog) { run, candidates, heard in
                        if let leaves = Leaving(run, candidates) {
                            leaving.append(leaves)
                        } else {
                            called.append((run, candidates, heard))
                        }
                    }
                    let now = parts.wall.now
                    for start in stride(from: 0, to: called.count, by: Self.together) {
                        let some = called[start..<min(start + Self.together, called.count)]
                        calls.addTask { try await carry(some, by: handover) }
                    }
                    for (_, batch) in Dictionary(grouping: leaving, by: { max($0.due, now) }) {
                        calls.addTask { try await leave(batch, by: handover) }
                    }
                    await rest(until: backlog.next, atMost: isMore ? Self.shortSleep : Self.longestSleep)
                } catch let error as StoreError where error.isTransient {
                    parts.logger.warning("outbox not read", metadata: [LogKey.error: "\(error)"])
                    await parts.bells.dispatch.wait(atMost: Self.longestSleep, on: parts.clock)
                }
            }
        }
    }

    /// Waits until there is something to do, or may be.
    ///
    /// - Parameters:
    ///   - next: when a run becomes due, beyond what was read.
    ///   - limit: how long to wait.
    private func rest(until next: Moment?, atMost limit: Duration) async {
        let now = parts.wall.now
        // Half of the head start is for those that become due meanwhile: they go together.
        let waits = [
            limit, next.map { $0 - now - rules.headStart / 2 },
            parts.rush.horizon(at: now, headStart: rules.headStart).next,
        ]
        let pause = waits.compactMap { $0 }.min() ?? limit
        await parts.bells.dispatch.wait(atMost: max(.milliseconds(1), pause), on: parts.clock)
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
        if !backlog.runs.isEmpty, backlog.isFresh(at: elapsed) {
            let heard = try await Heard(parts.registry, at: now)
            if try await takeOff(&backlog, heard, &router, start) > 0 { return false }
        }
        let full = flight.beginRead(besides: backlog.full)
        async let heard = Heard(parts.registry, at: now)
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
        // Of groups that were full nothing was read: whether they still are is asked all the same.
        guard !backlog.runs.isEmpty || !backlog.full.isEmpty else { return false }
        let executors = try await heard
        try await router.recall(backlog.runs, from: parts.runs, among: executors)
        let started = try await takeOff(&backlog, executors, &router, start)
        return isCut && started > 0 && backlog.runs.isEmpty
    }

    /// Starts those of the backlog that there is room for, and says how many.
    private func takeOff(
        _ backlog: inout Backlog,
        _ heard: Heard,
        _ router: inout Router,
        _ start: (JobRun, [ExecutorInstance], Heard) -> Void
    ) async throws -> Int {
        var started = 0
        let now = parts.wall.now
        var seating = try await seating(heard)
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
    private func carry(_ runs: ArraySlice<Called>, by handover: Handover) async throws {
        try await withThrowingDiscardingTaskGroup { calls in
            for (run, candidates, heard) in runs.dropFirst() {
                calls.addTask { try await carry(run, candidates, heard, by: handover) }
            }
            guard let (run, candidates, heard) = runs.first else { return }
            try await carry(run, candidates, heard, by: handover)
        }
    }

    /// Carries one run to its executor; a store that is busy leaves it in the outbox, where it is found
    /// again.
    private func carry(
        _ run: JobRun,
        _ candidates: [ExecutorInstance],
        _ heard: Heard,
        by handover: Handover
    ) async throws {
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

/// Runs that were read from the outbox and have not started for want of room.
///
/// They may have changed since: whoever hands one over writes it down first, and only the version that was read.
private struct Backlog {
    var runs: [JobRun] = []
    /// The next instant at which a run becomes due by itself.
    private(set) var next: Moment?
    /// The groups whose executors had no room when it was looked last: their runs are not read.
    var full: Set<String> = []
    /// Whether earlier terms may have sent what nobody has confirmed; only this one sends from now on.
    private(set) var isHeir = true
    /// When the outbox was read, by the loop's stopwatch.
    private var readAt = Duration.zero
    /// For how long what was read is good enough.
    private var lifetime = Dispatcher.longestSleep

    /// How many times as long as it took to read the outbox what was read is good enough: where many runs wait, finding
    /// them costs more than all else.
    private static let patience = 8
    private static let longestLifetime = Duration.seconds(2)

    /// Takes what was read instead of what was known, but for some of the groups that were not asked for.
    mutating func take(
        _ outbox: Outbox,
        besides groups: Set<String>,
        readAt: Duration,
        taking length: Duration
    ) {
        runs = runs.filter { groups.contains($0.plan.terms.group) }.prefix(Dispatcher.batch) + outbox.runs
        next = outbox.next
        self.readAt = readAt
        lifetime = max(Dispatcher.longestSleep, min(length * Self.patience, Self.longestLifetime))
    }

    /// Notes that all of the outbox was read.
    mutating func endInheritance(_ runs: [JobRun], under token: FencingToken) {
        isHeir = runs.contains { $0.state.name != .planned && $0.token != token }
    }

    /// Whether it need not be read anew.
    func isFresh(at elapsed: Duration) -> Bool { elapsed - readAt < lifetime }
}

/// Knows which runs are being handed over, has those of one job and shard go one after the other, and keeps one slow group from
/// taking all the room.
private final class Flight: Sendable {
    /// The runs that may have to wait for each other, or decide by one another what becomes of them.
    private struct Line: Hashable {
        let job: JobID
        let shard: Int

        init(_ run: JobRun) {
            (job, shard) = (run.plan.job, run.plan.shard.index)
        }
    }

    /// Whether a run may be taken up.
    enum TakeOff {
        case yes
        /// When there is room.
        case later
        /// When it is read anew and still may: one of its line is under way, or has changed since it was read, which is known then.
        case unlessChanged(isKnown: Bool)
    }

    private struct State {
        var runs: Set<RunID> = []
        /// Those of which one is under way that is not written as sent yet; and whether another one waits for it.
        var lines: [Line: (run: RunID, isWaitedFor: Bool)] = [:]
        /// Those of which one was written as sent, or landed, since others of it may have been read last, with their group.
        var changed: [Line: String] = [:]

        /// Ends the hold of `run` on its line; says whether another one waits for that.
        mutating func release(_ run: JobRun) -> Bool {
            let line = Line(run)
            guard let held = lines[line], held.run == run.id else { return false }
            lines[line] = nil
            changed[line] = run.plan.terms.group
            return held.isWaitedFor
        }

        /// Notes that `run` may change what becomes of others of its line; those that were written as sent before do so in the store.
        mutating func hold(_ run: JobRun) {
            if run.state.name == .planned { lines[Line(run)] = (run.id, false) }
        }
        /// Those that landed since the outbox began to be read last.
        var landed: Set<RunID> = []
        /// Those that were not due when they were taken up, and take no room of others.
        var ahead: Set<RunID> = []
        var groups: [String: Int] = [:]
        /// Where those go whose executors' room is counted.
        var destinations: [RunID: ExecutorAddress] = [:]
        var hasTurnedAway = false
    }

    private let limit: Int
    private let groupLimit: Int
    private let aheadLimit: Int
    private let state = Mutex(State())

    init(_ rules: DispatchRules) {
        limit = rules.underWay
        groupLimit = rules.underWayOfGroup
        aheadLimit = rules.ahead
    }

    /// Notes that the outbox is read now, but for some groups.
    ///
    /// - Parameter others: groups whose executors have no room.
    /// - Returns: these, and those that have too much under way; their runs are not even looked at, so that they hide nobody else's.
    func beginRead(besides others: Set<String>) -> Set<String> {
        state.withLock { state in
            let crowded = state.groups.filter { $0.value >= groupLimit }
            // Their turn comes when one of theirs lands.
            state.hasTurnedAway = state.hasTurnedAway || !crowded.isEmpty
            let full = others.union(crowded.keys)
            state.landed = []
            state.changed = state.changed.filter { full.contains($0.value) }
            return full
        }
    }

    /// Those of the runs that were not under way while they were read: of the others the store has news.
    func standing(_ runs: [JobRun]) -> [JobRun] {
        state.withLock { state in
            runs.filter { !state.runs.contains($0.id) && !state.landed.contains($0.id) }
        }
    }

    /// Notes that some have to wait until others land.
    func turnAway() {
        state.withLock { $0.hasTurnedAway = true }
    }

    /// Whether `run` may be taken up at `now`.
    func takesOff(_ run: JobRun, at now: Moment) -> TakeOff {
        state.withLock { state in
            guard !state.runs.contains(run.id) else { return .later }
            if run.state.name == .planned {
                let line = Line(run)
                if state.lines[line] != nil {
                    state.lines[line]?.isWaitedFor = true
                    return .unlessChanged(isKnown: false)
                }
                if state.changed[line] != nil { return .unlessChanged(isKnown: true) }
            }
            if case .planned(let due) = run.state, due > now, state.ahead.count < aheadLimit {
                state.ahead.insert(run.id)
                state.runs.insert(run.id)
                state.hold(run)
                return .yes
            }
            let count = state.groups[run.plan.terms.group, default: 0]
            guard state.runs.count - state.ahead.count < limit, count < groupLimit else {
                state.hasTurnedAway = true
                return .later
            }
            state.runs.insert(run.id)
            state.hold(run)
            state.groups[run.plan.terms.group] = count + 1
            return .yes
        }
    }

    /// Notes that `run` is written as sent, so that the store says who else of its line may go.
    ///
    /// - Returns: whether another one waits for that.
    func isKnown(_ run: JobRun) -> Bool {
        state.withLock { $0.release(run) }
    }

    /// Notes where `run` goes.
    func heads(_ run: JobRun, for address: ExecutorAddress) {
        state.withLock { $0.destinations[run.id] = address }
    }

    /// How many go to each executor whose room is counted.
    var underWay: [ExecutorAddress: Int] {
        state.withLock { state in state.destinations.values.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    }

    /// Ends the hand-over of `run`; says whether another one waited for it, or others were turned away and there is room for a good
    /// many of them.
    func lands(_ run: JobRun) -> Bool {
        state.withLock { state in
            state.runs.remove(run.id)
            let isWaitedFor = state.release(run)
            state.landed.insert(run.id)
            state.destinations[run.id] = nil
            let freed = state.ahead.remove(run.id) == nil ? 1 : 0
            let count = state.groups[run.plan.terms.group, default: freed] - freed
            state.groups[run.plan.terms.group] = count > 0 ? count : nil
            guard state.hasTurnedAway, count <= groupLimit / 2 else { return isWaitedFor }
            state.hasTurnedAway = false
            return true
        }
    }
}
