import Groundwork

/// When the runs of a job with a fixed delay were to follow each other.
struct DelayProof {
    /// What an instant is that no calendar foresaw.
    enum Verdict {
        /// It follows the end of a run.
        case follows(ScheduleStretch)
        /// It follows a run that is not there: one was to come at `Moment`.
        case skips(Moment, ScheduleStretch)
        /// It belongs to nothing.
        case none
    }

    private let stretches: [ScheduleStretch]
    /// Those whose end was not reached.
    private var ahead: ArraySlice<ScheduleStretch>
    /// When the last runs ended, in the order of their triggers.
    private var ends: [Moment] = []
    /// When the latest trigger of the schedule had ended, and what was at work then; nil while any of that is open.
    private var lastEnd: Moment?
    /// When the last of all runs so far had ended.
    private var latestEnd: Moment?
    /// Whether a run is open that somebody asked for.
    private var isHeld = false
    /// Whether a run that is missing has left unknown when the next was to come.
    private var isBroken = false

    /// Runs that somebody asked for may end in between: of so many before it one decides when the next is due.
    private static let memory = 64

    init(_ stretches: [ScheduleStretch]) {
        self.stretches = stretches.filter { $0.delay != nil }
        ahead = self.stretches[...]
    }

    /// Notes when the runs of a trigger had ended.
    ///
    /// The job is due again only once no run of it is open, also of those that somebody asked for.
    mutating func note(_ group: TriggerGroup) {
        guard !stretches.isEmpty else { return }
        let end = group.closedAt
        if group.isOfSchedule {
            // Those that were there before and ended after it held it back.
            lastEnd = isHeld ? nil : end.map { max($0, latestEnd ?? $0) }
        } else if let last = lastEnd, group.instant <= last {
            lastEnd = end.map { max($0, last) }
        }
        guard let end else {
            isHeld = isHeld || !group.isOfSchedule
            return
        }
        latestEnd = max(latestEnd ?? end, end)
        ends.append(end)
        if ends.count > Self.memory { ends.removeFirst() }
    }

    /// Notes that a run is missing.
    mutating func noteMissing() {
        isBroken = true
    }

    /// The instants at which a run was to follow before its version ended, and none did; of the versions that ended before
    /// `instant`.
    mutating func lapses(before instant: Moment) -> [Moment] {
        var lapses: [Moment] = []
        while let stretch = ahead.first, let over = stretch.overAt, over < instant {
            ahead.removeFirst()
            if let next = next(in: stretch), next <= over, next != stretch.end { lapses.append(next) }
            isBroken = false
        }
        return lapses
    }

    /// When a run is to follow under the version that counts; nil while one is open, or where nothing follows.
    var awaited: Moment? {
        stretches.last.flatMap { $0.overAt == nil ? next(in: $0) : nil }
    }

    /// Says what an instant that no calendar foresaw is.
    mutating func judge(_ instant: Moment) -> Verdict {
        for stretch in stretches {
            if let delay = stretch.delay, ends.contains(instant - delay) { return .follows(stretch) }
        }
        guard let stretch = ahead.first else { return .none }
        if isBroken {
            isBroken = false
            return .follows(stretch)
        }
        guard let next = next(in: stretch), next < instant else { return .none }
        return .skips(next, stretch)
    }

    /// What follows the latest trigger, if that was one of `stretch`.
    private func next(in stretch: ScheduleStretch) -> Moment? {
        guard !isBroken, let lastEnd, let delay = stretch.delay, stretch.first.map({ $0 <= lastEnd }) ?? true
        else {
            return nil
        }
        return lastEnd + delay
    }
}
