import Groundwork
import Logging

extension RunLog {
    /// Adds the last line: how the run ended.
    func conclude(_ outcome: RunOutcome) {
        let facts: Logger.Metadata = ["outcome": "\(outcome.word)", "message": "\(outcome.message ?? "")"]
        if case .succeeded = outcome {
            end("run ended", facts)
        } else {
            write(.error, "run ended", facts)
        }
    }
}

extension RunOutcome {
    /// The outcome's name, as log lines carry it.
    fileprivate var word: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .timedOut: "timed_out"
        case .killed: "killed"
        }
    }
}
