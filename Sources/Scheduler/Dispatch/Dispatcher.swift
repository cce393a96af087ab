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
    private let flight = Flight()

    /// The most runs looked at in one round: about what may take off at once.
    static let batch = 128
    /// How long it sleeps at most, so that the changes of other processes are seen: what they plan, and what ends there
    /// and makes room for a job's next run.
    static let longestSleep = Duration.milliseconds(250)

    init(_ parts: SchedulerParts, rules: DispatchRules) {
        self.parts = parts
        self.rules = rules
    }

    /// Dispatches until the task is cancelled or the lease turns out to be somebody else's.
    ///
    /// - Throws: `StoreError` that waiting does not help against, such as `.staleToken`.
    func run(under lease: Lease) async throws {
        try await withThrowingDiscardingTaskGroup { calls in
            let writer = RunWriter(parts.runs, token: lease.token)
            let handover = Handover(
                parts,
                rules: rules,
                token: lease.token,
                write: writer.write
            )
            calls.addTask { await writer.run() }
            var router = Router()
            while !Task.isCancelled {
                do {
                    let outbox = try await round(under: lease, &router) { run, candidates, heard in
                        calls.addTask { try await carry(run, candidates, heard, by: handover) }
                    }
                    let pause = outbox.next.map { $0 - parts.wall.now } ?? Self.longestSleep
                    await parts.bells.dispatch.wait(
                        atMost: max(.milliseconds(1), min(pause, Self.longestSleep)),
                        on: parts.clock
                    )
                } catch let error as StoreError where error.isTransient {
                    parts.logger.warning("outbox not read", metadata: [LogKey.error: "\(error)"])
                    await parts.bells.dispatch.wait(atMost: Self.longestSleep, on: parts.clock)
                }
            }
        }
    }

    private func round(
        under lease: Lease,
        _ router: inout Router,
        start: (JobRun, [ExecutorInstance], Heard) -> Void
    ) async throws -> Outbox {
        let now = parts.wall.now
        let outbox = try await parts.runs.outbox(
            at: now,
            limit: Self.batch,
            without: flight.fullGroups,
            token: lease.token
        )
        guard !outbox.runs.isEmpty else { return outbox }
        // There may be more of them.
        if outbox.runs.count == Self.batch { flight.turnAway() }
        let heard = try await Heard(parts.registry, at: now)
        try await router.recall(outbox.runs, from: parts.runs, at: now)
        for run in outbox.runs where flight.takesOff(run) {
            let living = heard.groups.living(in: run.plan.terms.group, at: now)
            start(run, router.candidates(among: living, for: run), heard)
        }
        return outbox
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

/// Knows which runs are being handed over, and keeps one slow group from taking all the room.
private final class Flight: Sendable {
    private struct State {
        var runs: Set<RunID> = []
        var groups: [String: Int] = [:]
        var hasTurnedAway = false
    }

    private static let limit = 256
    private static let groupLimit = 64

    private let state = Mutex(State())

    /// The groups that have no more room; their runs are not even looked at, so that they hide nobody else's.
    var fullGroups: Set<String> {
        state.withLock { state in
            let full = state.groups.filter { $0.value >= Self.groupLimit }
            // Their turn comes when one of theirs lands.
            state.hasTurnedAway = state.hasTurnedAway || !full.isEmpty
            return Set(full.keys)
        }
    }

    /// Notes that some have to wait until others land.
    func turnAway() {
        state.withLock { $0.hasTurnedAway = true }
    }

    /// Whether `run` may be handed over now.
    func takesOff(_ run: JobRun) -> Bool {
        state.withLock { state in
            guard !state.runs.contains(run.id) else { return false }
            let count = state.groups[run.plan.terms.group, default: 0]
            guard state.runs.count < Self.limit, count < Self.groupLimit else {
                state.hasTurnedAway = true
                return false
            }
            state.runs.insert(run.id)
            state.groups[run.plan.terms.group] = count + 1
            return true
        }
    }

    /// Ends the hand-over of `run`; says whether others were turned away and there is room for a good many of them.
    func lands(_ run: JobRun) -> Bool {
        state.withLock { state in
            state.runs.remove(run.id)
            let count = state.groups[run.plan.terms.group, default: 1] - 1
            state.groups[run.plan.terms.group] = count > 0 ? count : nil
            guard state.hasTurnedAway, count <= Self.groupLimit / 2 else { return false }
            state.hasTurnedAway = false
            return true
        }
    }
}
