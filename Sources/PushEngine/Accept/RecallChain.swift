package import Groundwork

/// One decision on the way of a recall.
package protocol RecallStep: Sendable {
    /// Adds its part to `context`, or stops the chain with the reason.
    func apply(to context: inout RecallContext) async throws(SendFault)
}

/// What passes through the recall chain.
package struct RecallContext: Sendable {
    /// What to take back: single messages, or all of a template that still waits.
    package let messages: [String]
    package internal(set) var ids: [MessageID] = []
    package internal(set) var verdicts: [RecallVerdict] = []

    package init(messages: [String]) {
        self.messages = messages
    }
}

/// The way back: takes messages out that still wait, has suppliers take back what they have, and says of the others
/// why not.
package struct RecallChain: Sendable {
    private let steps: [any RecallStep]
    private let suppliers: SupplierRecall

    package init(ledger: any DeliveryLedger, suppliers: SupplierRecall) {
        self.suppliers = suppliers
        steps = [
            ValidateRecallStep(), WaitingRecallStep(ledger: ledger), SupplierRecallStep(suppliers: suppliers),
        ]
    }

    /// Whether it is worth asking for a message back: it waits, or a supplier has it that takes some back still.
    ///
    /// - Parameter record: the message.
    /// - Returns: whether; what comes of it only the asking tells.
    /// - Throws: `StoreError` when the store does not answer.
    package func mayTakeBack(_ record: MessageRecord) async throws(StoreError) -> Bool {
        switch record.state {
        case .queued, .held: true
        default: try await suppliers.mayTakeBack(record)
        }
    }

    /// Takes messages back.
    ///
    /// - Parameter messages: message ids in their decimal form, at most 1,000.
    /// - Returns: one verdict for each, in order.
    /// - Throws: `SendFault` when an id is not one, or the store does not answer.
    package func recall(_ messages: [String]) async throws(SendFault) -> [RecallVerdict] {
        var context = RecallContext(messages: messages)
        for step in steps {
            try await step.apply(to: &context)
        }
        return context.verdicts
    }
}

/// The ids are ids, and not too many.
private struct ValidateRecallStep: RecallStep {
    private static let limit = 1_000

    func apply(to context: inout RecallContext) async throws(SendFault) {
        guard !context.messages.isEmpty, context.messages.count <= Self.limit else {
            throw SendFault(
                .badParams,
                field: "recallMessageIds",
                "give 1 to \(Self.limit) ids, not \(context.messages.count)"
            )
        }
        for (index, text) in context.messages.enumerated() {
            guard let id = MessageID(text) else {
                throw SendFault(.badParams, field: "recallMessageIds[\(index)]", "not a message id")
            }
            context.ids.append(id)
        }
    }
}

/// Takes back what waits in the queue or on the night shelf.
private struct WaitingRecallStep: RecallStep {
    let ledger: any DeliveryLedger

    func apply(to context: inout RecallContext) async throws(SendFault) {
        do { context.verdicts = try await ledger.recall(context.ids) } catch { throw .storeIsSilent(error) }
    }
}

/// Has suppliers take back what they have.
private struct SupplierRecallStep: RecallStep {
    let suppliers: SupplierRecall

    func apply(to context: inout RecallContext) async throws(SendFault) {
        do { context.verdicts = try await suppliers.recall(context.verdicts) } catch {
            throw .storeIsSilent(error)
        }
    }
}

extension SendFault {
    /// Nobody knows what was taken back; asking again tells.
    fileprivate static func storeIsSilent(_ error: StoreError) -> SendFault {
        SendFault(
            .unavailable,
            field: "recallMessageIds",
            "the store does not answer; try again",
            cause: error
        )
    }
}
