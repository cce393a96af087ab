import Groundwork

/// Remembers which running runs their executors say they do not have, and since when.
///
/// It lives for one term: a new leader begins to watch anew, which only delays its verdicts.
struct IdleRuns {
    private struct Watch {
        var askedAt: Moment
        /// The first of the noes that were never interrupted by a yes.
        var idleSince: Moment?
    }

    private var watches: [RunID: Watch] = [:]
    /// Executors that did not answer in this round: one that hangs must not hold up the verdicts on others.
    private var deaf: Set<ExecutorAddress> = []

    /// Begins a round, in which every executor is asked anew.
    mutating func beginRound() {
        deaf = []
    }

    /// Whether the executor did not answer in this round.
    func isDeaf(_ executor: ExecutorAddress) -> Bool { deaf.contains(executor) }

    mutating func noteDeaf(_ executor: ExecutorAddress) {
        deaf.insert(executor)
    }

    /// Whether the executor of `run` is to be asked now.
    func isDue(_ run: RunID, at now: Moment, every period: Duration) -> Bool {
        watches[run].map { now - $0.askedAt >= period } ?? true
    }

    /// Notes what the executor said; gives since when it has said so without interruption.
    mutating func note(_ run: RunID, isIdle: Bool, at now: Moment) -> Moment? {
        let since = isIdle ? watches[run]?.idleSince ?? now : nil
        watches[run] = Watch(askedAt: now, idleSince: since)
        return since
    }

    /// Forgets runs that are not among `runs`.
    mutating func keep(_ runs: Set<RunID>) {
        watches = watches.filter { runs.contains($0.key) }
    }
}
