import Executor
import Groundwork
import Logging
import PushEngine

/// `receiptPull`: rounds of the receipt desk until the suppliers have no more.
struct ReceiptPullHandler: JobHandler {
    /// Suppliers count calls by the second.
    private static let pause = Duration.seconds(1)
    /// Well within the job's time-out; the next run goes on.
    private static let mostRounds = 300
    private static let roundsPerLine = 30

    private let desk: ReceiptDesk
    private let timer: any Clock<Duration>

    init(_ parts: JobParts) {
        desk = parts.receipts
        timer = parts.timer
    }

    func run(_ context: JobContext) async throws -> String? {
        var round = try await desk.round()
        for number in 1..<Self.mostRounds where round.hasMore {
            if number % Self.roundsPerLine == 1 {
                context.log("the suppliers have more", metadata: ["so far": "\(round.summary)"])
            }
            try await timer.sleep(for: Self.pause)
            round = round + (try await desk.round())
        }
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
            + "\(asked) asked for, \(repeated) calls made again, \(cleared) cleared, "
            + "\(sentAgain) sent again, \(expired) given up"
    }
}
