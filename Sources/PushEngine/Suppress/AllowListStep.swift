package import Groundwork

/// Lets only those through who are on the allow-list; it is in the chain only where the list is switched on.
package struct AllowListStep: DeliveryStep {
    private let store: any AllowListStore

    package init(store: any AllowListStore) {
        self.store = store
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let space = batch.task.lane.channel.addressSpace
        let allowed = try await store.allowed(among: batch.waitingKeys, in: space)
        return batch.ending(in: .filtered) { index in
            let addressee = Addressee(space: space, address: batch.task.recipients.text(index))
            return allowed.contains(addressee) ? nil : "not_allowed"
        }
    }
}

/// Names one entry of the allow-list.
package struct AllowEntryID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Who is to be put on the allow-list.
package struct AllowDraft: Hashable, Sendable {
    package let addressee: Addressee
    package let note: String
    package let by: String
    package let at: Moment

    package init(_ addressee: Addressee, note: String = "", by: String, at: Moment) {
        self.addressee = addressee
        self.note = note
        self.by = by
        self.at = at
    }
}

/// Somebody who gets messages where only some do.
package struct AllowEntry: Hashable, Sendable, Identifiable {
    package let id: AllowEntryID
    package let draft: AllowDraft

    package init(id: AllowEntryID, _ draft: AllowDraft) {
        self.id = id
        self.draft = draft
    }
}
