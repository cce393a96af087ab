import Groundwork

/// The jobs that are due next, as they were read and as they were planned since.
///
/// It may be out of date: a plan counts only while its job is as it was read, so what is stale here costs a look and
/// nothing else.
struct Agenda {
    /// The soonest first.
    private var jobs: [Job]
    /// From when on there may be jobs that were not read; nil where all were.
    private let horizon: Moment?
    /// When it was read, by the loop's stopwatch.
    let readAt: Duration

    /// Takes what the store gave.
    ///
    /// - Parameters:
    ///   - jobs: the enabled jobs that are due by then, the soonest first.
    ///   - limit: how many were asked for.
    ///   - until: by when those that were asked for are due; nil where all were.
    ///   - readAt: when, by the loop's stopwatch.
    init(_ jobs: [Job], limit: Int, until: Moment? = nil, readAt: Duration) {
        self.jobs = jobs
        horizon = jobs.count < limit ? until : jobs.last?.nextTriggerAt
        self.readAt = readAt
    }

    /// Whether nothing in it is due at `now`, and something may be that is not in it.
    func isShort(at now: Moment) -> Bool {
        guard let horizon, horizon <= now else { return false }
        return jobs.first?.nextTriggerAt.map { $0 > now } ?? true
    }

    /// The jobs that are due at `now`, at most `limit`; they are not in it any more.
    mutating func takeDue(at now: Moment, limit: Int) -> [Job] {
        let due = Array(jobs.prefix(limit).prefix { ($0.nextTriggerAt ?? now) <= now })
        jobs.removeFirst(due.count)
        return due
    }

    /// Puts a job back whose next trigger has moved.
    mutating func put(_ job: Job, next: Moment?) {
        guard let next, horizon.map({ next < $0 }) ?? true else { return }
        var job = job
        job.nextTriggerAt = next
        var (low, high) = (0, jobs.count)
        while low < high {
            let middle = (low + high) / 2
            if (jobs[middle].nextTriggerAt ?? next) <= next { low = middle + 1 } else { high = middle }
        }
        jobs.insert(job, at: low)
    }

    /// How long nothing in it is due, and nothing beyond it; nil while nothing is to come.
    func idle(at now: Moment) -> Duration? {
        (jobs.first?.nextTriggerAt ?? horizon).map { max(.zero, $0 - now) }
    }
}
