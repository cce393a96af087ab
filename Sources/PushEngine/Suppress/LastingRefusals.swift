package import Groundwork

/// Puts on the list whom a supplier will not, or cannot, reach any more, so that nobody is called for them again.
package struct LastingRefusals: Sendable {
    private let store: any SuppressionStore
    private let clock: any WallClock

    package init(store: any SuppressionStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    /// Notes those whom calls of a batch refused for good.
    func note(_ refused: [LastingRefusal], of task: SendTask) async throws(StoreError) {
        guard !refused.isEmpty else { return }
        let now = clock.now
        let space = task.lane.channel.addressSpace
        _ = try await store.suppress(
            refused.map { refusal in
                SuppressionDraft(
                    Addressee(space: space, address: task.recipients.text(refusal.member)),
                    Self.scope(in: space, of: refusal.account, task),
                    source: .supplier,
                    note: refusal.code,
                    by: refusal.account.name,
                    at: now
                )
            }
        )
    }

    /// What a refusal is true of: an id is nobody's any more, or its owner wants nothing of us; who keeps a telephone
    /// refuses what this account's signature stands over, or what it was sent.
    private static func scope(
        in space: AddressSpace,
        of account: SupplierAccount,
        _ task: SendTask
    ) -> SuppressionScope {
        guard space == .phone else { return .everything }
        return account.signature.map { .signature($0) } ?? .type(task.lane.type)
    }
}

/// Somebody whom an account will not reach any more.
struct LastingRefusal: Sendable {
    /// The recipient's place in the batch.
    let member: Int
    let account: SupplierAccount
    /// The supplier's code.
    let code: String
}
