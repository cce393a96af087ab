import Groundwork

/// A run that was accepted: what must be known to call it back after a crash.
struct AcceptedRun: Hashable {
    let run: RunID
    let job: JobID
    let plannedAt: Moment
}

/// One line of the journal.
enum JournalRecord: Hashable {
    /// A run was accepted; from here on it must be called back.
    case accepted(AcceptedRun)
    /// A run has its outcome, which must reach the scheduler.
    case ended(CallbackItem, plannedAt: Moment)
    /// A scheduler has the outcome; the run is remembered only so that it is not accepted again.
    case delivered(RunID, plannedAt: Moment)
}

/// What the journal's records amount to; pure, so that replaying a file and living through its making agree.
struct JournalState: Hashable {
    /// How it stands with a run that was accepted.
    enum Stage: Hashable {
        /// It has not ended.
        case open
        /// It has, and no scheduler knows how.
        case ended
        /// A scheduler knows how it ended, or it was never here.
        case told
    }

    /// How many delivered runs are remembered.
    let memory: Int
    /// Accepted runs that have no outcome.
    private(set) var open: [RunID: AcceptedRun] = [:]
    /// Outcomes that no scheduler has, oldest first.
    private(set) var undelivered: [CallbackItem] = []
    private var undeliveredPlans: [RunID: Moment] = [:]
    /// Delivered runs, oldest first.
    private var delivered: [RunID] = []
    private var deliveredPlans: [RunID: Moment] = [:]

    init(memory: Int) {
        self.memory = memory
    }

    /// How many records `snapshot` has.
    var count: Int { open.count + undelivered.count + delivered.count }

    /// Whether the run was accepted before.
    ///
    /// While the run or its outcome is here its id alone decides. Afterwards the planned instant must agree
    /// too, so that a scheduler which lost its store and counts from 1 again is not answered for runs it
    /// never had.
    func knows(_ run: RunID, plannedAt: Moment) -> Bool {
        open[run] != nil || undeliveredPlans[run] != nil || deliveredPlans[run] == plannedAt
    }

    /// Whether the run was accepted and has no outcome.
    func isOpen(_ run: RunID) -> Bool { open[run] != nil }

    /// How it stands with a run.
    func stage(of run: RunID) -> Stage {
        if open[run] != nil { return .open }
        return undeliveredPlans[run] != nil ? .ended : .told
    }

    /// Takes one record in; one that contradicts what is known changes nothing.
    mutating func apply(_ record: JournalRecord) {
        switch record {
        case .accepted(let accepted):
            guard undeliveredPlans[accepted.run] == nil else { return }
            open[accepted.run] = accepted
        case .ended(let item, let plannedAt):
            open[item.run] = nil
            guard undeliveredPlans.updateValue(plannedAt, forKey: item.run) == nil else { return }
            undelivered.append(item)
        case .delivered(let run, let plannedAt):
            if undeliveredPlans.removeValue(forKey: run) != nil { undelivered.removeAll { $0.run == run } }
            remember(run, plannedAt)
        }
    }

    /// Takes in that a scheduler has the outcomes of `runs`, as if one record of each came after the other.
    ///
    /// - Returns: the records.
    mutating func deliver(_ runs: [RunID]) -> [JournalRecord] {
        let plans = runs.compactMap { run in undeliveredPlans.removeValue(forKey: run).map { (run, $0) } }
        let gone = Set(plans.map(\.0))
        undelivered.removeAll { gone.contains($0.run) }
        for (run, plannedAt) in plans { remember(run, plannedAt) }
        return plans.map { .delivered($0, plannedAt: $1) }
    }

    private mutating func remember(_ run: RunID, _ plannedAt: Moment) {
        if deliveredPlans.updateValue(plannedAt, forKey: run) == nil { delivered.append(run) }
        if delivered.count > memory + memory / 4 { forgetOldest() }
    }

    /// When the outcome of `run` is still to be delivered, the instant for which the run was planned.
    func plan(ofUndelivered run: RunID) -> Moment? { undeliveredPlans[run] }

    /// Accepted runs that have no outcome, and those whose outcome no scheduler has.
    var unsettled: [RunID] { open.keys.sorted() + undelivered.map(\.run) }

    /// The fewest records that amount to the same.
    var snapshot: [JournalRecord] {
        var records: [JournalRecord] = []
        records.reserveCapacity(count)
        for run in delivered {
            guard let plan = deliveredPlans[run] else { continue }
            records.append(.delivered(run, plannedAt: plan))
        }
        for item in undelivered {
            guard let plan = undeliveredPlans[item.run] else { continue }
            records.append(.ended(item, plannedAt: plan))
        }
        for accepted in open.values.sorted(by: { $0.run < $1.run }) { records.append(.accepted(accepted)) }
        return records
    }

    /// Drops the oldest in one go, so that the cost is spread over many deliveries.
    private mutating func forgetOldest() {
        let surplus = delivered.count - memory
        for run in delivered.prefix(surplus) { deliveredPlans[run] = nil }
        delivered.removeFirst(surplus)
    }
}

extension JournalRecord: WireMessage {
    init(wire: WireValue) throws(WireError) {
        guard let object = wire.object else { throw WireError(.wrongKind) }
        guard let planned = object["planned"].wholeNumber else {
            throw WireError(.missing, member: "planned")
        }
        let plannedAt = Moment(millisecondsSinceEpoch: planned)
        if !object["ended"].isNull {
            self = .ended(try CallbackItem(wire: object["ended"]), plannedAt: plannedAt)
        } else if let run = object["delivered"].wholeNumber {
            self = .delivered(RunID(rawValue: run), plannedAt: plannedAt)
        } else if let run = object["accepted"].wholeNumber, let job = object["job"].wholeNumber {
            let run = RunID(rawValue: run)
            self = .accepted(AcceptedRun(run: run, job: JobID(rawValue: job), plannedAt: plannedAt))
        } else {
            throw WireError(.missing, member: "accepted")
        }
    }

    var wire: WireValue {
        switch self {
        case .accepted(let accepted):
            .object([
                "accepted": .integer(accepted.run.rawValue), "job": .integer(accepted.job.rawValue),
                "planned": .integer(accepted.plannedAt.millisecondsSinceEpoch),
            ])
        case .ended(let item, let plannedAt):
            .object(["ended": item.wire, "planned": .integer(plannedAt.millisecondsSinceEpoch)])
        case .delivered(let run, let plannedAt):
            .object([
                "delivered": .integer(run.rawValue),
                "planned": .integer(plannedAt.millisecondsSinceEpoch),
            ])
        }
    }
}
