package import Groundwork

/// One decision on the way to a supplier.
package protocol DeliveryStep: Sendable {
    /// Splits the waiting recipients into those that go on and those that end here, with the reason of each.
    func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage
}

/// A batch on its way through the delivery steps.
package struct DeliveryBatch: Sendable {
    package let id: BatchID
    package let task: SendTask
    /// Those that no step has stopped yet.
    package let waiting: Members
    package let now: Moment

    package init(id: BatchID, task: SendTask, waiting: Members, now: Moment) {
        self.id = id
        self.task = task
        self.waiting = waiting
        self.now = now
    }
}

/// What a step makes of a batch.
package struct Passage: Sendable {
    package let goesOn: Members
    package let decisions: [Decision]

    package init(goesOn: Members, decisions: [Decision] = []) {
        self.goesOn = goesOn
        self.decisions = decisions
    }
}

/// The steps between the queue and the suppliers, in order.
package struct DeliveryChain: Sendable {
    private let steps: [any DeliveryStep]

    package init(steps: [any DeliveryStep]) {
        self.steps = steps
    }

    /// Runs the steps until nobody is left or all have passed.
    func run(_ batch: LedgerBatch, now: Moment) async throws(StoreError) -> Passage {
        var waiting = batch.waiting
        var decisions: [Decision] = []
        for step in steps where !waiting.isEmpty {
            let passage = try await step.apply(
                to: DeliveryBatch(id: batch.id, task: batch.task, waiting: waiting, now: now)
            )
            waiting = passage.goesOn
            decisions += passage.decisions
        }
        return Passage(goesOn: waiting, decisions: decisions)
    }
}
