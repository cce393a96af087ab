package import Groundwork

/// Drops messages of templates and to recipients that operators switched off.
package struct DiscardStep: DeliveryStep {
    private let accounts: any AccountStore
    private let list: Cached<Set<DiscardEntry>>

    package init(accounts: any AccountStore) {
        self.accounts = accounts
        list = Cached()
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let store = accounts
        let entries = try await list.value(at: batch.now) { () async throws(StoreError) in
            try await store.discardList()
        }
        guard !entries.isEmpty else { return Passage(goesOn: batch.waiting) }
        if entries.contains(.template(batch.task.template)) {
            let decision = Decision(members: batch.waiting, state: .discarded, detail: "template")
            return Passage(goesOn: Members([]), decisions: [decision])
        }
        var passed: [Int] = []
        var dropped: [Int] = []
        for index in batch.waiting.indices {
            if entries.contains(.recipient(batch.task.key(index))) {
                dropped.append(index)
            } else {
                passed.append(index)
            }
        }
        guard !dropped.isEmpty else { return Passage(goesOn: batch.waiting) }
        let decision = Decision(members: Members(dropped), state: .discarded, detail: "recipient")
        return Passage(goesOn: Members(passed), decisions: [decision])
    }
}
