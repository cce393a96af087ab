import Groundwork

/// What people do with templates: write, edit, audit, switch, and look at them.
package struct TemplateService: Sendable {
    private let templates: any TemplateStore
    private let accounts: any AccountStore
    private let media: any MediaStore

    package init(templates: any TemplateStore, accounts: any AccountStore, media: any MediaStore) {
        self.templates = templates
        self.accounts = accounts
        self.media = media
    }

    // MARK: Writing

    /// Stores a first version, which waits for its audit.
    ///
    /// - Throws: `CatalogueFault`; `.invalid` names the field that makes no sense.
    package func create(
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(CatalogueFault) -> MessageTemplate {
        try await check(draft)
        return try await asking("template") { () async throws(StoreError) in
            try await templates.createTemplate(draft, by: editor)
        }
    }

    /// Adds a version, which waits for its audit; the approved one before it keeps serving.
    ///
    /// - Throws: `CatalogueFault.conflict` when the newest version is not `base`: somebody else edited it.
    package func edit(
        _ id: TemplateID,
        base: Int,
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(CatalogueFault) -> MessageTemplate {
        try await check(draft)
        return try await asking(name(id)) { () async throws(StoreError) in
            try await templates.editTemplate(id, base: base, draft, by: editor)
        }
    }

    /// Approves or rejects a version that waits; a rejection says why.
    package func audit(
        _ id: TemplateID,
        version: Int,
        approved: Bool,
        note: String,
        by auditor: String
    ) async throws(CatalogueFault) -> MessageTemplate {
        guard approved || !note.isEmpty else {
            throw .invalid(field: "note", reason: "must say why the version is rejected")
        }
        return try await asking("version \(version) of \(name(id))") { () async throws(StoreError) in
            try await templates.auditTemplate(
                id,
                version: version,
                approved: approved,
                note: note,
                by: auditor
            )
        }
    }

    /// Stops a template, or lets its approved version send again.
    package func setEnabled(
        _ id: TemplateID,
        _ isEnabled: Bool
    ) async throws(CatalogueFault) -> MessageTemplate {
        try await asking(name(id)) { () async throws(StoreError) in
            try await templates.setTemplate(id, enabled: isEnabled)
        }
    }

    // MARK: Looking

    /// The template.
    ///
    /// - Throws: `CatalogueFault.notFound` when there is none.
    package func template(_ id: TemplateID) async throws(CatalogueFault) -> MessageTemplate {
        let found = try await asking(name(id)) { () async throws(StoreError) in
            try await templates.template(id)
        }
        guard let found else { throw .notFound(name(id)) }
        return found
    }

    /// Templates in order of their number, those after `id`.
    package func list(after id: TemplateID?, limit: Int) async throws(CatalogueFault) -> [MessageTemplate] {
        try await asking("templates") { () async throws(StoreError) in
            try await templates.templates(after: id, limit: limit)
        }
    }

    /// Every version of a template, the newest first.
    ///
    /// - Throws: `CatalogueFault.notFound` when there is no such template.
    package func versions(_ id: TemplateID) async throws(CatalogueFault) -> [TemplateVersion] {
        _ = try await template(id)
        return try await asking(name(id)) { () async throws(StoreError) in
            try await templates.templateVersions(id)
        }
    }

    // MARK: Checking

    /// Refuses what could never be sent.
    ///
    /// - Throws: `CatalogueFault.invalid` for the first field that makes no sense.
    package func check(_ draft: TemplateDraft) async throws(CatalogueFault) {
        guard (1...100).contains(draft.name.count), !draft.name.contains(where: \.isNewline) else {
            throw .invalid(field: "name", reason: "must have 1 to 100 characters and no line break")
        }
        try Self.checkContent(of: draft)
        try await checkMedia(of: draft)
        guard let account = draft.account else { return }
        guard !draft.isSticky else {
            throw .invalid(
                field: "stickyAccount",
                reason: "must be false where sendAccount names the account"
            )
        }
        let known = try await asking("accounts") { () async throws(StoreError) in
            try await accounts.accounts()
        }
        guard known.contains(where: { $0.id == account && $0.channel == draft.channel }) else {
            throw .invalid(
                field: "sendAccount",
                reason: "must be 0, or the number of an account of the channel"
            )
        }
    }

    /// Files are checked by the rules of a channel, so another's are of no use.
    private func checkMedia(of draft: TemplateDraft) async throws(CatalogueFault) {
        guard draft.channel.contentForm.hasFields else { return }
        for id in MediaReference.all(in: draft.content).sorted() {
            let file = try await asking("media") { () async throws(StoreError) in try await media.media(id) }
            guard file?.draft.channel == draft.channel else {
                let name = MediaReference.text(id)
                throw .invalid(field: "content", reason: "refers to \(name), which the channel does not have")
            }
        }
    }

    private static func checkContent(of draft: TemplateDraft) throws(CatalogueFault) {
        do throws(ContentFault) { _ = try draft.compiled } catch {
            throw .invalid(field: "content", reason: "cannot be rendered: \(error)")
        }
        guard draft.channel == .sms else { return }
        do throws(SMSContentFault) { try SMSContentRules().check(body: draft.content) } catch {
            throw .invalid(field: "content", reason: error.requirement)
        }
    }

    private func name(_ id: TemplateID) -> String { "template \(id.rawValue)" }
}

extension SMSContentFault {
    /// What would be right, as the end of a sentence about the text.
    fileprivate var requirement: String {
        switch self {
        case .empty: "must not be empty"
        case .tooLong(let characters, let limit): "has \(characters) characters; at most \(limit)"
        case .forbidden(let character): "must not hold \(character), which suppliers keep for the signature"
        case .variableTooLong(let characters, let limit):
            "has a variable of \(characters) characters; at most \(limit)"
        case .variableHoldsLink: "must have no link in a variable"
        }
    }
}
