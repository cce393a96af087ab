package import Groundwork

/// Stops what somebody must not get: nothing at all, nothing under a signature, or no messages of a type.
///
/// Which account sends is decided later. A recipient who refused a signature is stopped when any account that may
/// send the batch has it: nobody is to get what they refused because the weights fell so.
package struct SuppressionStep: DeliveryStep {
    private let store: any SuppressionStore
    private let directory: SupplierDirectory
    private let isUsed = Cached<Bool>()

    package init(store: any SuppressionStore, directory: SupplierDirectory) {
        self.store = store
        self.directory = directory
    }

    package func apply(to batch: DeliveryBatch) async throws(StoreError) -> Passage {
        let store = store
        let isUsed = try await isUsed.value(at: batch.now) { () async throws(StoreError) in
            try await store.hasSuppressions()
        }
        guard isUsed else { return Passage(goesOn: batch.waiting) }
        let space = batch.task.lane.channel.addressSpace
        let found = try await store.suppressions(among: batch.waitingKeys, in: space)
        guard !found.isEmpty else { return Passage(goesOn: batch.waiting) }
        let entries = Dictionary(grouping: found) { $0.draft.addressee.key }
            .mapValues {
                $0.sorted { ($0.draft.scope.rank, $0.id.rawValue) < ($1.draft.scope.rank, $1.id.rawValue) }
            }
        let signatures =
            found.contains(where: \.draft.scope.isSignature) ? try await signatures(of: batch) : []
        return batch.ending(in: .suppressed) { index in
            guard let mine = entries[batch.task.key(index)] else { return nil }
            let address = batch.task.recipients.text(index).compared
            return mine.first { entry in
                guard entry.draft.addressee.address == address else { return false }
                return switch entry.draft.scope {
                case .everything: true
                case .type(let type): type == batch.task.lane.type
                case .signature(let text):
                    signatures.contains(text)
                        || batch.task.contents.text(Int(batch.task.contentIndex[index])).begins(under: text)
                }
            }?
            .reason
        }
    }

    /// The signatures of the accounts that may send a batch.
    private func signatures(of batch: DeliveryBatch) async throws(StoreError) -> Set<String> {
        let task = batch.task
        let accounts = try await directory.current().entries.map(\.account)
            .filter { account in
                account.channel == task.lane.channel && account.isEnabled
                    && (task.account.map { $0 == account.id } ?? (account.weight(for: task.lane.type) > 0))
            }
        return Set(accounts.compactMap(\.signature))
    }
}

extension SuppressionScope {
    fileprivate var isSignature: Bool {
        if case .signature = self { true } else { false }
    }
}

extension SupplierAccount {
    /// The signature that its short messages begin with, without brackets; nil when it is not known here.
    package var signature: String? { Signature.plain(self["signName"]) }
}

/// How signatures of short messages are written.
package enum Signature {
    /// A signature without its brackets and the blanks around it; nil when nothing is left.
    package static func plain(_ text: String) -> String? {
        let plain = text.trimming(while: { "【】 \u{3000}\t".contains($0) })
        return plain.isEmpty ? nil : plain
    }
}

extension String {
    /// Whether a text brings a signature of its own at its beginning.
    fileprivate func begins(under signature: String) -> Bool { hasPrefix("【\(signature)】") }

    fileprivate func trimming(while isDropped: (Character) -> Bool) -> String {
        let tail = drop(while: isDropped)
        guard let last = tail.lastIndex(where: { !isDropped($0) }) else { return "" }
        return String(tail[...last])
    }
}
