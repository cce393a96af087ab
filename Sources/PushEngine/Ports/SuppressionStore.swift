package import Groundwork

/// Who must not get messages, or not some.
package protocol SuppressionStore: Sendable {
    /// Puts people on the list, all of them or, when it throws, nobody; returns how many entries are new on it.
    ///
    /// An entry is told by its addressee and scope. One that is on the list stays as it is. One that was taken off
    /// comes back when it was said no earlier than it was taken off: what a supplier tells again changes nothing.
    func suppress(_ drafts: [SuppressionDraft]) async throws(StoreError) -> Int

    /// Takes an entry off the list; false when it is not on it.
    func unsuppress(_ id: SuppressionID, at: Moment, by: String) async throws(StoreError) -> Bool

    /// Takes off what replies and suppliers said of somebody until `at`; returns how many entries that were.
    func welcomeBack(_ addressee: Addressee, at: Moment, by: String) async throws(StoreError) -> Int

    /// Entries, the newest first, those behind `id`; all of them or those of one addressee.
    func suppressions(
        of addressee: Addressee?,
        after id: SuppressionID?,
        limit: Int
    ) async throws(StoreError) -> [Suppression]

    /// All entries of addressees with these keys, in no order; others may share a key.
    func suppressions(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> [Suppression]

    /// Whether there is any entry.
    func hasSuppressions() async throws(StoreError) -> Bool
}

/// Who alone gets messages where the allow-list is switched on, as before an installation is in production.
package protocol AllowListStore: Sendable {
    /// Puts people on the list, all of them or, when it throws, nobody; returns how many are new on it.
    func allow(_ drafts: [AllowDraft]) async throws(StoreError) -> Int

    /// Takes an entry off the list; false when it is not on it.
    func disallow(_ id: AllowEntryID) async throws(StoreError) -> Bool

    /// Entries, the newest first, those behind `id`.
    func allowList(after id: AllowEntryID?, limit: Int) async throws(StoreError) -> [AllowEntry]

    /// Whoever has one of these keys and is on the list; others may share a key.
    func allowed(
        among keys: Set<RecipientKey>,
        in space: AddressSpace
    ) async throws(StoreError) -> Set<Addressee>
}

/// Words that no message may hold.
package protocol SensitiveWordStore: Sendable {
    /// Puts words on the list, all of them or, when it throws, none; returns how many are new on it.
    ///
    /// Two that are folded into the same are one.
    func addWords(_ words: [SensitiveWordDraft]) async throws(StoreError) -> Int

    /// Takes a word off the list; false when it is not on it.
    func removeWord(_ id: SensitiveWordID) async throws(StoreError) -> Bool

    /// Words in order of their numbers, those behind `id`.
    func words(after id: SensitiveWordID?, limit: Int) async throws(StoreError) -> [SensitiveWord]

    /// The whole list.
    func wordList() async throws(StoreError) -> [SensitiveWord]

    /// What is equal only as long as the list is.
    func wordListMark() async throws(StoreError) -> WordListMark
}
