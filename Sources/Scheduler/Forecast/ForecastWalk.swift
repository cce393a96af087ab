import Groundwork

/// Goes from trigger to trigger of one pace, as the leader would.
struct ForecastWalk {
    let pace: ForecastPace
    let rhythm: Rhythm
    private let jitter: Duration
    private let id: JobID
    /// The next trigger; nil when there is none.
    private(set) var next: Moment?
    /// How many there were that count.
    private(set) var triggers = 0
    /// The first of which nobody knows whether it counts, and why.
    private(set) var firstDoubt: (moment: Moment, reason: String)?
    private(set) var overlaps: OverlapCount?

    /// Begins at `instant`.
    ///
    /// - Throws: `ScheduleError` when the schedule cannot be read.
    init(_ pace: ForecastPace, from instant: Moment) throws(ScheduleError) {
        self.pace = pace
        rhythm = try Rhythm(pace.schedule, since: pace.start)
        jitter = pace.schedule.limits.jitter
        id = pace.id ?? JobID(rawValue: 0)
        // A delay runs from the beginning; of all others a trigger at the very beginning counts.
        next = rhythm.start(after: rhythm.schedule.waitsForRun ? instant : instant - .milliseconds(1))
        overlaps = pace.duration.map { OverlapCount(lasting: $0, pace.overlap) }
    }

    /// The next trigger if it lies before `end`; it is behind us then.
    mutating func takeNext(before end: Moment) -> Moment? {
        guard let trigger = next, trigger < end else { return nil }
        next =
            rhythm.schedule.waitsForRun
            ? rhythm.start(after: trigger + (pace.duration ?? .zero)) : rhythm.following(trigger)
        return trigger
    }

    /// The next trigger before `end` that counts for certain; it is behind us then.
    mutating func takeCounted(before end: Moment) -> Moment? {
        while let trigger = takeNext(before: end) {
            if rhythm.doubt(about: trigger) == nil { return trigger }
        }
        return nil
    }

    /// Takes all triggers before `end`.
    ///
    /// - Parameters:
    ///   - end: the first instant that is too late.
    ///   - handOver: what is done with each that counts, with the instant at which it is handed over.
    mutating func walk(before end: Moment, _ handOver: (Moment) -> Void) {
        while let trigger = takeNext(before: end) {
            if let reason = rhythm.doubt(about: trigger) {
                if firstDoubt == nil { firstDoubt = (trigger, reason) }
                continue
            }
            triggers += 1
            overlaps?.begin(at: trigger)
            handOver(due(trigger))
        }
    }

    /// When the trigger is handed over.
    private func due(_ trigger: Moment) -> Moment {
        jitter > .zero ? trigger + TriggerPlanner.jitter(of: id, upTo: jitter, at: trigger) : trigger
    }

    /// Whether a trigger from `beginning` on is handed over within the second that starts at `second`.
    ///
    /// Of a fixed delay nobody knows it: its triggers depend on how long runs take.
    func isDue(inSecond second: Moment, from beginning: Moment) -> Bool {
        guard !rhythm.schedule.waitsForRun else { return false }
        let end = second + .seconds(1)
        var trigger = rhythm.start(after: max(second - jitter, beginning) - .milliseconds(1))
        while let instant = trigger, instant < end {
            if due(instant) >= second, due(instant) < end, rhythm.doubt(about: instant) == nil { return true }
            trigger = rhythm.following(instant)
        }
        return false
    }
}

/// How often a job is due while an earlier run of it goes on, if each run lasts equally long.
struct OverlapCount {
    private let duration: Duration
    private let policy: BlockStrategy
    private var busyUntil = Moment(millisecondsSinceEpoch: .min)
    private(set) var count = 0
    private(set) var first: Moment?
    /// How long a run waits at most for those before it; zero where none waits.
    private(set) var longestWait = Duration.zero

    init(lasting duration: Duration, _ policy: BlockStrategy) {
        self.duration = duration
        self.policy = policy
    }

    /// Counts a trigger; triggers come in order.
    mutating func begin(at trigger: Moment) {
        guard trigger < busyUntil else {
            busyUntil = trigger + duration
            return
        }
        count += 1
        if first == nil { first = trigger }
        switch policy {
        case .serial:
            longestWait = max(longestWait, busyUntil - trigger)
            busyUntil = busyUntil + duration
        case .discardLater: break
        case .coverEarly: busyUntil = trigger + duration
        }
    }
}
