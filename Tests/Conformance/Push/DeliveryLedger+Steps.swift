package import Groundwork
package import PushEngine

/// The halves of a step, for clauses that are about one of them.
extension DeliveryLedger {
    /// Writes decisions, and calls that are about to be made.
    package func decide(
        _ decisions: [Decision],
        calls: [PlannedCall],
        of batch: BatchID
    ) async throws(StoreError) -> DecisionOutcome {
        try await advance(batch, outcomes: [], decisions: decisions, calls: calls)
    }

    /// Writes how calls ended and closes them.
    package func conclude(_ outcomes: [IntentOutcome], of batch: BatchID) async throws(StoreError) {
        _ = try await advance(batch, outcomes: outcomes, decisions: [], calls: [])
    }
}
