import Groundwork

/// The runs that one process of an executor was given and has not said more of: whoever answers its next call need not give
/// them again.
///
/// An answer may be lost on its way. What came with one counts only once the executor says that it heard it; and it counts for
/// the version that was given, and not for long, so that a mistake here costs a run that is given twice, which is
/// taken once, or a wait.
struct GivenRuns: Sendable {
    private let instance: String
    /// The last answer with runs, until it is heard.
    private var last: (name: String, runs: [RunID: JobRun])?
    /// What it heard of.
    private var recent: RecentRuns

    init(to instance: String, at now: Moment) {
        self.instance = instance
        recent = RecentRuns(at: now)
    }

    /// The versions of runs that the executor has, as far as is known.
    var known: [RunID: Int64] { recent.versions }

    /// A run as it was given; nil when it was not, or that is long ago, or the executor said more of it.
    subscript(run: RunID) -> JobRun? { last?.runs[run] ?? recent[run] }

    /// Notes that the executor calls; another process of it has nothing.
    ///
    /// - Returns: whether it heard of all that it was given.
    mutating func hear(_ request: PullRequest, at now: Moment) -> Bool {
        guard request.instance == instance else {
            self = GivenRuns(to: request.instance, at: now)
            return false
        }
        let hasHeard = last.map { request.heard == $0.name } ?? true
        if let last, hasHeard { recent.add(last.runs, at: now) }
        last = nil
        recent.forgetOldest(at: now)
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
            recent.remove(run)
        }
    }
}
