import Groundwork

/// The runs that one process of an executor was given and has not said more of: whoever answers its next call need not give
/// them again.
///
/// An answer may be lost on its way. What came with one counts only once the executor says that it heard it; and it counts for
/// the version that was given, and not for long, so that a mistake here costs a run that is given twice, which is
/// taken once, or a wait.
struct GivenRuns: Sendable {
    /// How long a run counts as known, at least; at most twice as long.
    static let memory = Duration.seconds(10)
    /// The most runs that are remembered.
    static let room = 10_000

    private let instance: String
    /// The last answer with runs, until it is heard.
    private var last: (name: String, runs: [RunID: JobRun])?
    /// What was heard of lately, and what was before.
    private var (young, old): ([RunID: JobRun], [RunID: JobRun]) = ([:], [:])
    private var turnedAt: Moment

    init(to instance: String, at now: Moment) {
        self.instance = instance
        turnedAt = now
    }

    /// The versions of runs that the executor has, as far as is known.
    var known: [RunID: Int64] { old.merging(young) { _, young in young }.mapValues(\.version) }

    /// A run as it was given; nil when it was not, or that is long ago, or the executor said more of it.
    subscript(run: RunID) -> JobRun? { young[run] ?? last?.runs[run] ?? old[run] }

    /// Notes that the executor calls; another process of it has nothing.
    ///
    /// - Returns: whether it heard of all that it was given.
    mutating func hear(_ request: PullRequest, at now: Moment) -> Bool {
        guard request.instance == instance else {
            self = GivenRuns(to: request.instance, at: now)
            return false
        }
        let hasHeard = last.map { request.heard == $0.name } ?? true
        if let last, hasHeard { young.merge(last.runs) { _, new in new } }
        last = nil
        if now < turnedAt || now - turnedAt >= Self.memory || young.count > Self.room / 2 {
            (old, young, turnedAt) = (young, [:], now)
        }
        return hasHeard
    }

    /// Notes that an answer gives runs.
    mutating func give(_ runs: [JobRun], with name: String) {
        last = (name, Dictionary(runs.map { ($0.id, $0) }) { first, _ in first })
    }

    /// Forgets runs of which the executor said more, which may come before it says that it heard of them.
    mutating func forget(_ runs: [RunID]) {
        for run in runs {
            last?.runs[run] = nil
            (young[run], old[run]) = (nil, nil)
        }
    }
}
