import Groundwork

/// A run that has found its place and is not recorded yet.
struct AdmittedRun {
    let request: RunRequest
    let handler: any JobHandler
    let admission: RunQueue.Admission

    /// What is to be recorded of it.
    var record: AcceptedRun {
        AcceptedRun(run: request.run, job: request.job, plannedAt: request.plannedAt)
    }
}

/// A run that was accepted and has not ended.
struct HeldRun {
    let request: RunRequest
    let handler: any JobHandler
    let log: RunLog
    let vitals = RunVitals()
    /// Asks the run to stop; set once it has started.
    var stop: AsyncStream<StopCause>.Continuation?

    init(_ run: AdmittedRun, _ logs: RunLogFolder, _ calendar: any WallClock) {
        request = run.request
        handler = run.handler
        log = RunLog(logs, run: run.request.run, plannedAt: run.request.plannedAt, clock: calendar)
    }
}
