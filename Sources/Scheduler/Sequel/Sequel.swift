package import Groundwork

/// Notes that a run ended, no further attempt follows, and nobody has seen yet to what its end leads to.
///
/// A run of which `RunTerms.hasSequel` says so leaves one behind in the transaction that ends it; the leader takes it away in the
/// transaction that adds what follows. So each end is followed up exactly once, whoever dies in between.
package struct SequelStep: Hashable, Sendable {
    /// The run that ended.
    package let run: RunID
    /// What its end leads to; empty where it leads to nothing.
    package let runs: [NewRun]
    /// What it changes of the job's alarms, if anything.
    package let alarm: AlarmStep?

    package init(_ run: RunID, leadsTo runs: [NewRun], alarm: AlarmStep? = nil) {
        self.run = run
        self.runs = runs
        self.alarm = alarm
    }
}
