package import Groundwork

/// A job whose triggers to come are counted, as if it were enabled.
package struct ForecastJob: Hashable, Sendable {
    package let spec: JobSpec
    /// What its jitter is drawn from: the job's own number, or any other where it has none yet.
    package let id: JobID
    /// An instant at which a fixed rate is due; nil where it is counted from the beginning of the forecast.
    package let tick: Moment?
    /// How long each of its runs is taken to last; nil where nobody knows.
    package let duration: Duration?

    package init(_ spec: JobSpec, id: JobID, tick: Moment? = nil, duration: Duration? = nil) {
        self.spec = spec
        self.id = id
        self.tick = tick
        self.duration = duration
    }
}

/// What decides when a job is due: jobs that agree in it are counted together.
struct ForecastPace: Hashable {
    let schedule: ScheduleText
    let start: Moment
    /// Nil unless the job's jitter makes it differ from others.
    let id: JobID?
    let duration: Duration?
    let overlap: BlockStrategy

    /// The pace of `job` from `instant` on.
    init(of job: ForecastJob, from instant: Moment) {
        schedule = job.spec.schedule
        start = Self.start(of: job, from: instant)
        id = schedule.limits.jitter > .zero ? job.id : nil
        duration = job.duration
        overlap = job.spec.overlap
    }

    /// What a fixed rate is counted from: the last tick at or before `instant`.
    private static func start(of job: ForecastJob, from instant: Moment) -> Moment {
        guard let tick = job.tick, job.spec.schedule.type == ScheduleType.fixedRate.rawValue,
            let period = DurationText.duration(job.spec.schedule.conf)?.wholeMilliseconds
        else { return instant }
        let behind = tick.millisecondsSinceEpoch - instant.millisecondsSinceEpoch
        let periods = Int(behind).flooredQuotient(by: Int(period)) + (behind % period == 0 ? 0 : 1)
        return tick - .milliseconds(Int64(periods) * period)
    }
}
