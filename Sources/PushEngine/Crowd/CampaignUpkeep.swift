import Groundwork

/// Keeps queue and messages true to what people want of campaigns, which one store knows for sure.
///
/// Pausing, resuming and cancelling write several stores one after the other. The first write is the ledger's,
/// and this makes up for the others where a crash, or the loss of a queue, came between.
struct CampaignUpkeep: Sendable {
    let runs: any CampaignRunStore
    let queue: any SendQueue

    /// How often the two are compared when people change them meanwhile; the next time comes soon.
    private static let comparisons = 3

    /// Suspends what is paused and nothing else, and ends what was cancelled half-way.
    func run() async throws(StoreError) {
        for _ in 0..<Self.comparisons {
            if try await suspend() { break }
        }
        for run in try await runs.halfCancelledRuns() { _ = try await runs.recallAll(of: run) }
    }

    /// Makes the queue suspend what is paused; true when it did so before.
    private func suspend() async throws(StoreError) -> Bool {
        // Read in this order: who pauses writes the ledger first.
        let suspended = try await queue.suspendedRuns()
        let paused = try await runs.pausedRuns()
        for run in suspended.subtracting(paused) { try await queue.setSuspended(false, run) }
        for run in paused.subtracting(suspended) { try await queue.setSuspended(true, run) }
        return suspended == paused
    }
}

extension CampaignRunStore {
    /// Messages taken back by one transaction.
    private static var recallStep: Int { 10_000 }

    /// Takes back all that waits of a cancelled occurrence; returns how many messages that was.
    func recallAll(of run: CampaignRunID) async throws(StoreError) -> Int {
        var recalled = 0
        var last: Int
        repeat {
            last = try await recallAll(of: run, limit: Self.recallStep)
            recalled += last
        } while last > 0
        return recalled
    }
}
