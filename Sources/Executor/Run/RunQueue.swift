import Groundwork

/// Decides what the runs of one job may do next on this executor; it never waits and never calls out.
///
/// One run goes on at a time. A run that was asked to stop keeps its place until its handler has really
/// ended.
struct RunQueue: Hashable {
    /// What becomes of a run that arrives.
    enum Admission: Hashable {
        /// It starts now.
        case start
        /// It waits; `behind` is the run before it.
        case wait(behind: RunID)
        /// It starts when `running`, which is to be stopped, has ended; `dropped` never start.
        case cover(running: RunID, dropped: [RunID])
        /// It is not taken.
        case refuse(Refusal)
        /// It is here already, running or waiting.
        case alreadyHeld
    }

    /// Why a run is not taken.
    enum Refusal: Hashable {
        /// The job runs or waits, and this run was to be discarded then.
        case busy
        /// As many runs wait as may.
        case full(Int)
    }

    /// The run that goes on.
    private(set) var running: RunID?
    /// The runs that wait, in the order in which they start.
    private(set) var waiting: [RunID] = []
    /// How many may wait.
    let capacity: Int

    init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    /// Whether the job neither runs nor waits.
    var isIdle: Bool { running == nil }

    /// Takes a run in, or not.
    mutating func admit(_ run: RunID, _ strategy: BlockStrategy) -> Admission {
        guard let current = running else {
            running = run
            return .start
        }
        if current == run || waiting.contains(run) { return .alreadyHeld }
        switch strategy {
        case .discardLater:
            return .refuse(.busy)
        case .serial:
            guard waiting.count < capacity else { return .refuse(.full(capacity)) }
            defer { waiting.append(run) }
            return .wait(behind: waiting.last ?? current)
        case .coverEarly:
            let dropped = waiting
            waiting = [run]
            return .cover(running: current, dropped: dropped)
        }
    }

    /// Notes that the running run has ended, and returns the one that starts now.
    mutating func end(_ run: RunID) -> RunID? {
        precondition(run == running, "only the running run can end")
        running = waiting.isEmpty ? nil : waiting.removeFirst()
        return running
    }

    /// Takes a run that waits out of the queue; says whether it waited.
    mutating func drop(_ run: RunID) -> Bool {
        guard let place = waiting.firstIndex(of: run) else { return false }
        waiting.remove(at: place)
        return true
    }

    /// Empties the queue, and returns what waited; the running run keeps its place until it has ended.
    mutating func clear() -> [RunID] {
        defer { waiting = [] }
        return waiting
    }
}

extension RunQueue.Refusal: CustomStringConvertible {
    /// The text that answers the scheduler; the first is a constant of the wire, full-width colon and all.
    var description: String {
        switch self {
        case .busy: "block strategy effect\u{FF1A}Discard Later"
        case .full(let capacity): "the job's queue on this executor is full, \(capacity) runs wait"
        }
    }
}
