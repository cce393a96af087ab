import Executor
import Groundwork
import PushEngine

/// `receiptPull`: one round of the receipt desk.
struct ReceiptPullHandler: JobHandler {
    private let desk: ReceiptDesk

    init(_ parts: JobParts) {
        desk = parts.receipts
    }

    func run(_ context: JobContext) async throws -> String? {
        let round = try await desk.round()
        try Task.checkCancellation()
        guard round.silent.isEmpty else {
            throw JobFault(
                "no answer from \(Set(round.silent).sorted().joined(separator: ", ")); \(round.summary)"
            )
        }
        return round.summary
    }
}

extension ReceiptRound {
    /// The round in one line.
    fileprivate var summary: String {
        "\(counted.applied) receipts applied, \(counted.repeated) repeated, \(counted.stray) of others; "
            + "\(asked) asked for, \(cleared) cleared, \(expired) given up"
    }
}
