import Groundwork
import Synchronization

/// Knows which runs are being handed over, has those of one job and shard go one after the other, and keeps one slow group from
/// taking all the room.
final class Flight: Sendable {
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
    ///
    /// - Parameters:
    ///   - run: what was read.
    ///   - now: the present instant.
    /// - Returns: whether it may.
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
