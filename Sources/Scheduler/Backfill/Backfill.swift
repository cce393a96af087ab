package import Groundwork

/// What somebody asks to be made up for: the triggers of a job in a span of the past that have no run.
package struct Backfill: Hashable, Sendable {
    /// The first instant.
    package var from: Moment
    /// The first instant that is too late; not in the future.
    package var until: Moment
    /// What handlers are given instead of the job's own parameters; see `params(_:at:in:)`.
    package var params: String?
    /// From one run's hand-over to the next; nil for as long as the job's runs take, at least a second.
    package var spacing: Duration?

    package init(from: Moment, until: Moment, params: String? = nil, spacing: Duration? = nil) {
        self.from = from
        self.until = until
        self.params = params
        self.spacing = spacing
    }

    /// The most runs that are added by one call.
    package static let limit = 10_000
    /// Up to where triggers are counted, so that a refusal can tell how many there are.
    static let countLimit = 1_000_000
    /// The spacings that may be asked for.
    package static let spacings = Duration.seconds(1)...Duration.seconds(86_400)

    /// The parameters of the run of one instant.
    ///
    /// - Parameters:
    ///   - text: what was given, in which `{instant}` stands for the instant, such as `2027-03-14T02:30:00-04:00`, and
    ///     `{date}` for its date.
    ///   - moment: the instant that was due.
    ///   - rules: the zone of the job's schedule.
    /// - Returns: the text with both filled in.
    static func params(_ text: String, at moment: Moment, in rules: ZoneRules) -> String {
        let instant = InstantText.local(moment, in: rules)
        return text.replacing("{instant}", with: instant).replacing("{date}", with: instant.prefix(10))
    }
}

/// What a backfill comes to, or came to.
package struct BackfillOutcome: Hashable, Sendable {
    /// How many triggers the job had in the span.
    package let due: Int
    /// Those that had no run, in order.
    package let missing: [Moment]
    /// The runs that were added, one a shard; none where it was only asked what there is.
    package let runs: [JobRun]
    /// From one run's hand-over to the next.
    package let spacing: Duration
    /// When the last of them is handed over at the earliest; nil where nothing is missing.
    package let lastDue: Moment?
}

/// The triggers of a span of the past, found a step at a time.
struct BackfillPlan {
    /// A trigger that has no run.
    struct Missing: Hashable {
        let moment: Moment
        /// The attempt that its run is to be: not the first where a record of it was kept.
        let attempt: Int
    }

    /// Those that were found.
    private(set) var triggers: [Moment] = []
    /// Whether there are more than are counted.
    private(set) var isCut = false
    private let rhythm: Rhythm
    private let end: Moment
    private var next: Moment?
    private var steps = 0

    /// Begins with the first of them.
    ///
    /// - Parameters:
    ///   - rhythm: the job's.
    ///   - span: the instants.
    init(_ rhythm: Rhythm, in span: Range<Moment>) {
        self.rhythm = rhythm
        end = span.upperBound
        next = rhythm.start(after: span.lowerBound - .milliseconds(1))
    }

    /// Looks at so many further triggers; true when there are no more, or too many.
    mutating func advance(by count: Int) -> Bool {
        for _ in 0..<count {
            guard let trigger = next, trigger < end else { return true }
            guard steps < Backfill.countLimit else {
                isCut = true
                return true
            }
            steps += 1
            next = rhythm.following(trigger)
            // Otherwise nobody knows whether the job was due then.
            if rhythm.doubt(about: trigger) == nil { triggers.append(trigger) }
        }
        return false
    }

    /// Those of which no run is kept.
    func missing(_ kept: [KeptInstant]) -> [Missing] {
        let known = Dictionary(kept.map { ($0.moment, $0) }) { first, _ in first }
        return triggers.compactMap { trigger in
            let found = known[trigger]
            if found?.hasRun == true { return nil }
            return Missing(moment: trigger, attempt: (found?.attempt ?? 0) + 1)
        }
    }
}
