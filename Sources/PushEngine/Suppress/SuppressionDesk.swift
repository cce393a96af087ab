package import Groundwork

/// What operators change about who gets messages, and how often, while everything runs.
package struct SuppressionDesk: Sendable {
    package typealias Store = AllowListStore & SensitiveWordStore & SuppressionStore

    /// The most entries of one call.
    package static let entriesAtOnce = 1_000

    package let store: any Store
    /// Whether only those on the allow-list get messages.
    package let isAllowListOn: Bool
    private let clock: any WallClock

    package init(store: any Store, isAllowListOn: Bool, clock: any WallClock) {
        self.store = store
        self.isAllowListOn = isAllowListOn
        self.clock = clock
    }

    /// Puts people on the blacklist for an operator; returns how many entries are new on it.
    package func suppress(
        _ entries: [(addressee: Addressee, scope: SuppressionScope, note: String)],
        by editor: String
    ) async throws(StoreError) -> Int {
        let now = clock.now
        return try await store.suppress(
            entries.map { entry in
                SuppressionDraft(
                    entry.addressee,
                    entry.scope,
                    source: .operator,
                    note: entry.note,
                    by: editor,
                    at: now
                )
            }
        )
    }

    /// Takes an entry off the blacklist.
    ///
    /// - Throws: `CatalogueFault.notFound` when it is not on it.
    package func unsuppress(_ id: SuppressionID, by editor: String) async throws {
        guard try await store.unsuppress(id, at: clock.now, by: editor) else {
            throw CatalogueFault.notFound("suppression \(id.rawValue)")
        }
    }

    /// Puts people on the allow-list; returns how many are new on it.
    package func allow(
        _ entries: [(addressee: Addressee, note: String)],
        by editor: String
    ) async throws(StoreError) -> Int {
        let now = clock.now
        return try await store.allow(
            entries.map { AllowDraft($0.addressee, note: $0.note, by: editor, at: now) }
        )
    }

    /// Takes an entry off the allow-list.
    ///
    /// - Throws: `CatalogueFault.notFound` when it is not on it.
    package func disallow(_ id: AllowEntryID) async throws {
        guard try await store.disallow(id) else {
            throw CatalogueFault.notFound("entry \(id.rawValue) of the allow-list")
        }
    }

    /// A word to put on the list; nil when it has no letter or digit, or too many.
    package func word(_ text: String, by editor: String) -> SensitiveWordDraft? {
        SensitiveWordDraft(text, by: editor, at: clock.now)
    }

    /// Takes a word off the list.
    ///
    /// - Throws: `CatalogueFault.notFound` when it is not on it.
    package func removeWord(_ id: SensitiveWordID) async throws {
        guard try await store.removeWord(id) else {
            throw CatalogueFault.notFound("sensitive word \(id.rawValue)")
        }
    }
}
