package import Groundwork

/// Keeps messages out of people's night, as the template says.
package struct ShieldStep: DeliveryStep {
    private let shield: NightShield

    package init(_ shield: NightShield) {
        self.shield = shield
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        switch shield.decide(type: batch.task.shield, at: batch.now) {
        case .send:
            return Passage(goesOn: batch.waiting)
        case .drop:
            let decision = Decision(members: batch.waiting, state: .shieldDropped, detail: "night")
            return Passage(goesOn: Members([]), decisions: [decision])
        case .hold(let until):
            let decision = Decision(members: batch.waiting, state: .held, detail: "night", until: until)
            return Passage(goesOn: Members([]), decisions: [decision])
        }
    }
}
