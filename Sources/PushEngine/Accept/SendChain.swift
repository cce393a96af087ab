package import Groundwork

/// One decision on the way from a request to the queue.
package protocol SendStep: Sendable {
    /// Adds its part to `context`, or stops the chain with the reason.
    func apply(to context: inout SendContext) async throws(SendFault)
}

/// The way every message takes into the system, whether a caller or a crowd brings it.
///
/// When it returns, what it accepted is durable: it survives a crash of any process.
package struct SendChain: Sendable {
    private let steps: [any SendStep]
    private let clock: any WallClock

    package init(
        templates: any TemplateStore,
        ledger: any DeliveryLedger,
        queue: any SendQueue,
        calendar: BusinessCalendar,
        links: ShortLinks? = nil,
        clock: any WallClock
    ) {
        self.clock = clock
        steps = [
            ValidateStep(templates: templates),
            AssembleStep(calendar: calendar, links: links),
            CheckRecipientsStep(),
            EnqueueStep(ledger: ledger, queue: queue),
        ]
    }

    /// Takes a call of the API on; one bad receiver fails itself, not the others.
    ///
    /// - Parameter request: the call.
    /// - Returns: a verdict for each receiver.
    /// - Throws: `SendFault` when the call as a whole is refused.
    package func accept(_ request: SendRequest) async throws(SendFault) -> SendReceipt {
        let context = try await run(SendContext(.request(request), acceptedAt: clock.now))
        return context.receipt(for: request)
    }

    /// Takes a stretch of a crowd file on and moves its shard's cursor behind it.
    ///
    /// - Parameter stretch: rows read from the shard's cursor on.
    /// - Returns: what was admitted and which rows were repeats.
    /// - Throws: `SendFault`; `campaignStopped` when the occurrence was paused or cancelled, or when somebody
    ///   else went on with the shard.
    package func accept(_ stretch: CrowdStretch) async throws(SendFault) -> AdmissionOutcome {
        let context = try await run(SendContext(.crowd(stretch), acceptedAt: clock.now))
        return context.outcome ?? AdmissionOutcome(batch: nil, duplicates: [])
    }

    private func run(_ start: SendContext) async throws(SendFault) -> SendContext {
        var context = start
        for step in steps {
            try await step.apply(to: &context)
        }
        return context
    }
}

extension SendContext {
    fileprivate func receipt(for request: SendRequest) -> SendReceipt {
        var results: [[Result<MessageID, SendFault>?]] = request.params.map {
            Array(repeating: nil, count: $0.receivers.count)
        }
        for refusal in refusals {
            results[refusal.param][refusal.receiver] = .failure(refusal.fault)
        }
        if let batch = outcome?.batch {
            for (index, entry) in entries.enumerated() {
                results[entry.param][entry.receiver] = .success(MessageID(batch: batch, index: index))
            }
        }
        var verdicts: [SendVerdict] = []
        for (param, row) in results.enumerated() {
            for (receiver, result) in row.enumerated() {
                guard let result else { continue }
                let source = request.params[param]
                verdicts.append(
                    SendVerdict(
                        param: param,
                        bizID: source.bizID,
                        receiver: source.receivers[receiver],
                        result: result
                    )
                )
            }
        }
        return SendReceipt(businessID: businessID, verdicts: verdicts)
    }
}
