package import Groundwork

/// Templates, their versions and their audits.
package protocol TemplateStore: Sendable {
    /// Stores a first version that waits for its audit, of a template that is new.
    func createTemplate(_ draft: TemplateDraft, by editor: String) async throws(StoreError) -> MessageTemplate

    /// Adds a version that waits for its audit; the approved one before it keeps serving.
    ///
    /// Throws `.notFound` without such a template, and `.conflict` when the newest version is not `base`.
    func editTemplate(
        _ id: TemplateID,
        base: Int,
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(StoreError) -> MessageTemplate

    /// Approves or rejects a waiting version; an approved one serves from now on and enables a new template.
    ///
    /// Throws `.notFound` without such a version, and `.conflict` when it was audited before.
    func auditTemplate(
        _ id: TemplateID,
        version: Int,
        approved: Bool,
        note: String,
        by auditor: String
    ) async throws(StoreError) -> MessageTemplate

    /// Stops or enables a template.
    ///
    /// Throws `.notFound` without such a template, and `.conflict` when it is to be enabled and no version is
    /// approved.
    func setTemplate(_ id: TemplateID, enabled: Bool) async throws(StoreError) -> MessageTemplate

    /// The template; nil when there is none.
    func template(_ id: TemplateID) async throws(StoreError) -> MessageTemplate?

    /// Templates in order of their number, those after `id`.
    func templates(after id: TemplateID?, limit: Int) async throws(StoreError) -> [MessageTemplate]

    /// Every version of a template, the newest first.
    func templateVersions(_ id: TemplateID) async throws(StoreError) -> [TemplateVersion]
}

/// Supplier accounts, and what operators change about delivery while it runs.
package protocol AccountStore: Sendable {
    /// Stores an account under its name: a new one, or other settings of a known one.
    ///
    /// The identity in `account` is ignored: the stored account comes back with its own.
    func putAccount(_ account: SupplierAccount) async throws(StoreError) -> SupplierAccount

    /// All accounts in order of their number.
    ///
    /// One whose key cannot be opened, because it was sealed with another installation's, comes without it.
    func accounts() async throws(StoreError) -> [SupplierAccount]

    /// Changes an account's shares of the messages and its rate, or switches it off and on.
    ///
    /// `weights` takes the place of all the account's shares by message type.
    ///
    /// Throws `.notFound` without such an account.
    func setAccount(
        _ id: AccountID,
        weight: Int,
        weights: [MessageType: Int],
        callsPerSecond: Int?,
        enabled: Bool
    ) async throws(StoreError)

    /// Puts a template or an address on the discard list, or takes it off.
    func setDiscarded(_ discarded: Bool, _ entry: DiscardEntry) async throws(StoreError)

    /// The whole discard list.
    func discardList() async throws(StoreError) -> Set<DiscardEntry>
}

/// What is on the discard list: messages to it are dropped and counted.
package enum DiscardEntry: Hashable, Sendable {
    case template(TemplateID)
    case recipient(RecipientKey)
}
