import Groundwork
import Synchronization

/// The runs that this process sent to executors lately, as they were written then.
///
/// An executor that tells of a success says the same whatever happened to the run meanwhile: where the process that hears it is the one
/// that sent the run, the store need not be asked how it stands.
final class SentRuns: Sendable {
    private struct State {
        var sent: RecentRuns
        var ended: RecentRuns

        init(at now: Moment) { (sent, ended) = (RecentRuns(at: now), RecentRuns(at: now)) }
    }

    private let state = Mutex<State?>(nil)

    /// Notes that a run is sent.
    func note(_ run: JobRun, at now: Moment) {
        state.withLock { state in
            if state == nil { state = State(at: now) }
            state?.sent.add([run.id: run], at: now)
        }
    }

    /// Those of the runs that were sent lately; they are forgotten, for whoever asks was told of their end.
    func take(_ runs: some Collection<RunID>) -> [JobRun] {
        state.withLock { state in
            runs.compactMap { run in
                defer { state?.sent.remove(run) }
                return state?.sent[run]
            }
        }
    }

    /// Notes that executors told of the end of runs that were taken, and that it is stored.
    func noteEnd(of runs: [JobRun], at now: Moment) {
        guard !runs.isEmpty else { return }
        let ended = Dictionary(runs.map { ($0.id, $0) }) { first, _ in first }
        state.withLock { $0?.ended.add(ended, at: now) }
    }

    /// Whether a run's executor told of its end lately: that it was accepted need not be stored any more.
    func hasEnded(_ run: RunID) -> Bool { state.withLock { $0?.ended[run] != nil } }
}
