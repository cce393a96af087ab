import Groundwork

/// The part of a job's life in which one version of it counted, as far as triggers go.
struct ScheduleStretch {
    let rhythm: Rhythm
    /// The first trigger of it that counts; nil when there was none, or not until a run had ended.
    let first: Moment?
    /// The first instant that was not planned any more; nil when it counts still, or nothing was left to be planned.
    let end: Moment?
    /// When another version came, or the job went; nil while it counts.
    let overAt: Moment?
    /// Whether a delay was running from before what is looked at.
    let isUnderWay: Bool
    /// The most by which a run is handed over later than it was planned for.
    let jitter: Duration
    /// Whether a run waits for the end of the one before it.
    let isSerial: Bool

    /// Takes a version of a job, from `start` on.
    ///
    /// - Throws: `ScheduleError` when its schedule cannot be read.
    init(_ version: JobVersion, from start: Moment) throws(ScheduleError) {
        let rhythm = try Rhythm(version.spec.schedule, since: version.startedAt ?? version.since)
        self.rhythm = rhythm
        first = version.firstTriggerAt.flatMap { first in
            if first >= start { return first }
            return rhythm.schedule.waitsForRun ? nil : rhythm.start(after: start - .milliseconds(1))
        }
        isUnderWay = first == nil && rhythm.schedule.waitsForRun && version.since < start
        end = version.end?.nextTriggerAt
        overAt = version.end?.at
        jitter = version.spec.schedule.limits.jitter
        isSerial = version.spec.overlap == .serial
    }

    /// How long after the end of a run the next is due; nil unless its delay is fixed.
    var delay: Duration? {
        if case .fixedDelay(let delay) = rhythm.schedule { delay } else { nil }
    }
}

/// The triggers that the versions of a job were to have, in order, computed one by one.
struct ExpectedTriggers {
    private struct Cursor {
        let stretch: ScheduleStretch
        var next: Moment?

        init(_ stretch: ScheduleStretch) {
            self.stretch = stretch
            next = stretch.first
            cut()
        }

        mutating func move() {
            next = next.flatMap(stretch.rhythm.following)
            cut()
        }

        private mutating func cut() {
            if let instant = next, let end = stretch.end, instant >= end { next = nil }
        }
    }

    private var stretches: ArraySlice<ScheduleStretch>
    /// The version that counts and the one after it: a change takes effect a moment after the instant it names, so their
    /// triggers may cross.
    private var cursors: [Cursor] = []

    init(_ stretches: [ScheduleStretch]) {
        self.stretches = stretches[...]
        fill()
    }

    /// The next trigger; nil when there is none.
    var head: (instant: Moment, stretch: ScheduleStretch)? {
        nearest.flatMap { place in cursors[place].next.map { ($0, cursors[place].stretch) } }
    }

    /// Goes behind the next trigger.
    mutating func drop() {
        guard let place = nearest, let instant = cursors[place].next else { return }
        // A trigger that two versions have is one.
        for place in cursors.indices where cursors[place].next == instant { cursors[place].move() }
        fill()
    }

    private var nearest: Int? {
        cursors.indices.min { one, other in
            (cursors[one].next?.millisecondsSinceEpoch ?? .max)
                < (cursors[other].next?.millisecondsSinceEpoch ?? .max)
        }
    }

    private mutating func fill() {
        cursors.removeAll { $0.next == nil }
        while cursors.count < 2, let stretch = stretches.popFirst() {
            let cursor = Cursor(stretch)
            if cursor.next != nil { cursors.append(cursor) }
        }
    }
}
