import Groundwork

/// Remembers which running runs their executors say they do not have, and since when.
///
/// It lives for one term, at most: a new leader begins to watch anew, which only delays its verdicts.
struct IdleRuns {
    /// What was heard of one run.
    struct Watch {
        fileprivate(set) var askedAt: Moment
        /// The first time the executor said that it has it not, of those that nothing interrupted.
        fileprivate(set) var idleSince: Moment?
        /// The first time nobody listened at the executor's address, of those that nothing interrupted.
        fileprivate(set) var goneSince: Moment?
        /// Whether the executor has ever said that it has it.
        fileprivate(set) var wasBusy = false
    }

    private struct Question: Hashable {
        let job: JobID
        let executor: ExecutorAddress
    }

    /// Since when it has watched, and the store answered all the while.
    let since: Moment
    private var watches: [RunID: Watch] = [:]
    /// What was answered in this round: executors speak of jobs, and nobody is asked twice.
    private var answers: [Question: ProbeAnswer] = [:]
    /// Executors that did not say in this round: one that hangs must not hold up the verdicts on others.
    private var silent: [ExecutorAddress: ProbeAnswer] = [:]
    /// Executors that did not answer in this round when they were told to stop a run.
    private var deaf: Set<ExecutorAddress> = []

    init(since: Moment) {
        self.since = since
    }

    /// Begins a round, in which every executor is asked anew.
    mutating func beginRound() {
        answers = [:]
        silent = [:]
        deaf = []
    }

    /// Whether the executor did not answer in this round when it was told to stop a run: it is told nothing further.
    func isDeaf(_ executor: ExecutorAddress) -> Bool { deaf.contains(executor) }

    mutating func noteDeaf(_ executor: ExecutorAddress) {
        deaf.insert(executor)
    }

    /// What the executor answered in this round; nil when it is to be asked about the job.
    func answer(about job: JobID, at executor: ExecutorAddress) -> ProbeAnswer? {
        if isDeaf(executor) { return .unclear("it does not answer") }
        return silent[executor] ?? answers[Question(job: job, executor: executor)]
    }

    mutating func remember(_ answer: ProbeAnswer, about job: JobID, at executor: ExecutorAddress) {
        switch answer {
        case .yes, .no: answers[Question(job: job, executor: executor)] = answer
        case .notReached, .unclear: silent[executor] = answer
        }
    }

    /// Whether the executor of `run` is to be asked now.
    func isDue(_ run: RunID, at now: Moment, every period: Duration) -> Bool {
        watches[run].map { now - $0.askedAt >= period } ?? true
    }

    /// Notes what the executor said when it was asked whether it has nothing of the run's job.
    mutating func note(_ run: RunID, _ answer: ProbeAnswer, at now: Moment) -> Watch {
        let before = watches[run]
        var watch = Watch(askedAt: now, wasBusy: before?.wasBusy ?? false)
        switch answer {
        case .yes: watch.idleSince = before?.idleSince ?? now
        case .no: watch.wasBusy = true
        case .notReached: watch.goneSince = before?.goneSince ?? now
        case .unclear: break
        }
        watches[run] = watch
        return watch
    }

    /// Forgets runs that are not among `runs`.
    mutating func keep(_ runs: Set<RunID>) {
        watches = watches.filter { runs.contains($0.key) }
    }
}
