import Groundwork
import Synchronization

/// The runs that this process sent to executors lately, as they were written then.
///
/// An executor that tells of a success says the same whatever happened to the run meanwhile: where the process that hears it is the one
/// that sent the run, the store need not be asked how it stands.
final class SentRuns: Sendable {
    private let recent = Mutex<RecentRuns?>(nil)

    /// Notes that a run is sent.
    func note(_ run: JobRun, at now: Moment) {
        recent.withLock { recent in
            if recent == nil { recent = RecentRuns(at: now) }
            recent?.add([run.id: run], at: now)
        }
    }

    /// Those of the runs that were sent lately; they are forgotten, for whoever asks was told of their end.
    func take(_ runs: some Collection<RunID>) -> [JobRun] {
        recent.withLock { recent in
            runs.compactMap { run in
                defer { recent?.remove(run) }
                return recent?[run]
            }
        }
    }
}
