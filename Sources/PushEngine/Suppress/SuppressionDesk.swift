package import Groundwork

/// What operators change about who gets messages, and how often, while everything runs.
package struct SuppressionDesk: Sendable {
    package typealias Store = AllowListStore & SensitiveWordStore & SuppressionStore

    /// The most entries of one call.
    package static let entriesAtOnce = 1_000
    /// The most characters of a note.
    package static let noteLimit = 500
    /// The most characters of a signature; suppliers register shorter ones.
    package static let signatureLimit = 64

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
    ///
    /// - Throws: `CatalogueFault.invalid` when a note or a signature is too long.
    package func suppress(
        _ entries: [(addressee: Addressee, scope: SuppressionScope, note: String)],
        by editor: String
    ) async throws -> Int {
        for (place, entry) in entries.enumerated() {
            try Self.check(entry.note, atMost: Self.noteLimit, "entries[\(place)].note")
            guard case .signature(let text) = entry.scope else { continue }
            try Self.check(text, atMost: Self.signatureLimit, "entries[\(place)].signName")
        }
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
    ///
    /// - Throws: `CatalogueFault.invalid` when a note is too long.
    package func allow(
        _ entries: [(addressee: Addressee, note: String)],
        by editor: String
    ) async throws -> Int {
        for (place, entry) in entries.enumerated() {
            try Self.check(entry.note, atMost: Self.noteLimit, "entries[\(place)].note")
        }
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

    private static func check(_ text: String, atMost limit: Int, _ field: String) throws(CatalogueFault) {
        guard text.count <= limit else {
            throw .invalid(field: field, reason: "must have at most \(limit) characters")
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
