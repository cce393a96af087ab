import Executor
import Groundwork
import Logging
import PushEngine

/// `retention`: removes what is older than it is to be kept, and says how much that was.
struct RetentionHandler: JobHandler {
    private let retention: Retention

    init(_ parts: JobParts) {
        retention = parts.retention
    }

    func run(_ context: JobContext) async throws -> String? {
        let round = try await retention.round { round in
            context.report(RunProgress(done: Int64(round.removed)))
        }
        if round.waiting > 0 {
            context.log(
                "batches that are old enough stay: messages of them have no final state, or their campaign goes on",
                metadata: ["batches": "\(round.waiting)"]
            )
        }
        for failure in round.failures {
            context.log("a part could not go on", metadata: [LogKey.error: "\(failure)"])
        }
        guard round.failures.isEmpty else {
            throw JobFault("\(round.failures.joined(separator: "; ")); \(round.summary)")
        }
        return round.summary
    }
}

extension RetentionRound {
    /// The round in one line.
    fileprivate var summary: String {
        "\(messages) messages removed, \(waiting) old batches still wait; "
            + "\(remains) receipts, refused rows and other remains removed; \(crowds) crowd files, "
            + "\(links) links and \(reconciliations) comparisons removed"
            + (isCutShort ? "; time is up, the next run goes on" : "")
    }
}
