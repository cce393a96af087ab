import Groundwork

/// Writes what was accepted into the ledger and tells the queue.
///
/// The ledger is the truth: should the process end between the two, the sweeper gives the batch to the queue.
struct EnqueueStep: SendStep {
    let ledger: any DeliveryLedger
    let queue: any SendQueue

    func apply(to context: inout SendContext) async throws(SendFault) {
        guard let task = context.task else { return }
        switch context.input {
        case .request(let request):
            guard task.count > 0 else { return }
            let bizIDs = context.entries.map { request.params[$0.param].bizID }
            let admission = Admission(task: task, source: .request(bizIDs: bizIDs))
            context.outcome = try await admit(admission, field: "messageParam")
        case .crowd(let stretch):
            let progress = CrowdProgress(
                run: stretch.run,
                shard: stretch.shard,
                from: stretch.batch.start,
                to: stretch.batch.end,
                rowsRead: task.count + context.rejects.count,
                rejects: context.rejects,
                isLast: stretch.batch.isLast
            )
            let admission = Admission(
                task: task,
                source: .crowd(progress),
                rows: context.rows,
                lines: context.lines
            )
            context.outcome = try await admit(admission, field: "campaign")
        }
    }

    private func admit(_ admission: Admission, field: String) async throws(SendFault) -> AdmissionOutcome {
        let outcome: AdmissionOutcome
        do { outcome = try await ledger.admit(admission) } catch {
            guard error.code == .conflict else {
                throw SendFault(.unavailable, field: field, "the store does not answer", cause: error)
            }
            throw SendFault(.campaignStopped, field: field, error.detail)
        }
        guard let batch = outcome.batch else { return outcome }
        let task = admission.task
        // Not a failure of the call: what the ledger holds is sent even when the queue cannot be told now.
        try? await queue.append([QueueMessage(batch: batch, lane: task.lane, campaignRun: task.campaignRun)])
        return outcome
    }
}
