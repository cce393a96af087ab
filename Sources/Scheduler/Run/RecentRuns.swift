import Groundwork

/// Runs as they were when they were seen lately, each for a while, and no more than there is room for.
struct RecentRuns: Sendable {
    /// How long a run is remembered at least; at most twice as long.
    static let memory = Duration.seconds(10)
    /// The most runs that are remembered.
    static let room = 10_000

    /// What was seen lately, and what was before.
    private var (young, old): ([RunID: JobRun], [RunID: JobRun]) = ([:], [:])
    private var turnedAt: Moment

    init(at now: Moment) { turnedAt = now }

    /// The run as it was seen last; nil when it was not, or that is long ago.
    subscript(run: RunID) -> JobRun? { young[run] ?? old[run] }

    /// The versions in which runs were seen.
    var versions: [RunID: Int64] { old.merging(young) { _, young in young }.mapValues(\.version) }

    /// Remembers runs as they are.
    mutating func add(_ runs: [RunID: JobRun], at now: Moment) {
        young.merge(runs) { _, new in new }
        forgetOldest(at: now)
    }

    /// Forgets what was seen too long ago, or for what there is no room.
    mutating func forgetOldest(at now: Moment) {
        guard now < turnedAt || now - turnedAt >= Self.memory || young.count > Self.room / 2 else { return }
        (old, young, turnedAt) = (young, [:], now)
    }

    mutating func remove(_ run: RunID) {
        (young[run], old[run]) = (nil, nil)
    }
}
