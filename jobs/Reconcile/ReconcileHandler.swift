import Executor
import Groundwork
import Logging
import PushEngine

/// `reconcile`: compares the days that have settled with what the suppliers say of them.
struct ReconcileHandler: JobHandler {
    private let reconciler: Reconciler

    init(_ parts: JobParts) {
        reconciler = parts.reconciler
    }

    func run(_ context: JobContext) async throws -> String? {
        let round = try await reconciler.round { done, all in
            context.report(RunProgress(done: Int64(done), total: Int64(all)))
        }
        for result in round.results where result.verdict == .differs {
            context.log(
                "a day's figures are not the supplier's",
                metadata: [
                    LogKey.account: "\(result.account.rawValue)", "day": "\(result.day.number)",
                    "rows": "\(result.rows)",
                ]
            )
        }
        guard round.silent.isEmpty else {
            throw JobFault("no answer from \(round.silent.joined(separator: "; ")); \(round.summary)")
        }
        return round.summary
    }
}

extension ReconcileRound {
    /// The round in one line.
    fileprivate var summary: String {
        let differing = results.count { $0.verdict == .differs }
        return "\(results.count) days compared, \(differing) with a difference"
    }
}
