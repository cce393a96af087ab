import Groundwork
import Logging

extension RunJournal {
    /// Ends what an earlier process left open: first the programs that it started and that outlived it, then their runs, which may
    /// be tried again as soon as that is known.
    ///
    /// - Parameters:
    ///   - name: the executor's, which its programs bear.
    ///   - logs: takes a line for each of the runs.
    ///   - calendar: tells the time of these lines.
    ///   - logger: the executor's own log.
    /// - Throws: `ExecutorError` when the ends cannot be written down.
    mutating func endLeftovers(
        of name: String,
        _ logs: RunLogFolder,
        _ calendar: any WallClock,
        _ logger: Logger
    ) throws(ExecutorError) {
        let left = ProgramRunner.endPrograms(of: name)
        if left > 0 { logger.warning("programs of an earlier process ended", metadata: ["count": "\(left)"]) }
        for run in state.open.values.sorted(by: { $0.run < $1.run }) {
            let failure = "executor restarted before the run ended"
            try end([(run.run, run.plannedAt, .failed(failure))])
            RunLog(logs, run: run.run, plannedAt: run.plannedAt, clock: calendar).write(.error, failure)
        }
    }
}
