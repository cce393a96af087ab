import GRDB
package import Groundwork
package import PushEngine

extension SQLitePushStore: TemplateStore {
    package func createTemplate(
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(StoreError) -> MessageTemplate {
        let now = clock.now
        return try await database.write("create template") { db in
            try db.execute(cached: Self.insertTemplate, [TemplateStatus.new.rawValue])
            let id = TemplateID(rawValue: db.lastInsertedRowID)
            try db.insert(draft, number: 1, of: id, by: editor, at: now)
            return try db.existingTemplate(id, during: "create template")
        }
    }

    package func editTemplate(
        _ id: TemplateID,
        base: Int,
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(StoreError) -> MessageTemplate {
        let now = clock.now
        return try await database.write("edit template") { db in
            let latest = try db.existingTemplate(id, during: "edit template").latest.number
            guard latest == base else {
                throw StoreError(.conflict, during: "edit template", detail: "version \(latest) is newest")
            }
            try db.insert(draft, number: latest + 1, of: id, by: editor, at: now)
            try db.execute(cached: Self.setLatest, [latest + 1, id.rawValue])
            return try db.existingTemplate(id, during: "edit template")
        }
    }

    package func auditTemplate(
        _ id: TemplateID,
        version: Int,
        approved: Bool,
        note: String,
        by auditor: String
    ) async throws(StoreError) -> MessageTemplate {
        try await database.write("audit template") { db in
            guard let found = try db.templateVersion(id, version) else {
                throw StoreError(.notFound, during: "audit template")
            }
            guard found.audit == .waiting else {
                throw StoreError(.conflict, during: "audit template", detail: "audited before")
            }
            let audit: AuditState = approved ? .approved : .rejected
            try db.execute(cached: Self.setAudit, [audit.rawValue, auditor, note, id.rawValue, version])
            if approved { try db.execute(cached: Self.setServing, [version, id.rawValue]) }
            return try db.existingTemplate(id, during: "audit template")
        }
    }

    package func setTemplate(_ id: TemplateID, enabled: Bool) async throws(StoreError) -> MessageTemplate {
        try await database.write("set template") { db in
            let template = try db.existingTemplate(id, during: "set template")
            guard !enabled || template.serving != nil else {
                throw StoreError(.conflict, during: "set template", detail: "no version is approved")
            }
            let status: TemplateStatus = enabled ? .enabled : .stopped
            try db.execute(cached: Self.setStatus, [status.rawValue, id.rawValue])
            return try db.existingTemplate(id, during: "set template")
        }
    }

    package func template(_ id: TemplateID) async throws(StoreError) -> MessageTemplate? {
        try await database.read("read template") { try $0.template(id) }
    }

    package func templates(after id: TemplateID?, limit: Int) async throws(StoreError) -> [MessageTemplate] {
        try await database.read("read templates") { db in
            try Int64.fetchAll(db, sql: Self.selectTemplates, arguments: [id?.rawValue ?? 0, limit])
                .compactMap { try db.template(TemplateID(rawValue: $0)) }
        }
    }

    package func templateVersions(_ id: TemplateID) async throws(StoreError) -> [TemplateVersion] {
        try await database.read("read template versions") { db in
            try Row.fetchAll(db, sql: Self.selectVersions, arguments: [id.rawValue]).map(TemplateVersion.init)
        }
    }

    private static let insertTemplate = "INSERT INTO template (status, latest) VALUES (?, 1)"

    private static let setLatest = "UPDATE template SET latest = ? WHERE id = ?"

    private static let setStatus = "UPDATE template SET status = ? WHERE id = ?"

    private static let setServing = """
        UPDATE template SET serving = ?, status = CASE status WHEN 10 THEN 30 ELSE status END WHERE id = ?
        """

    private static let setAudit = """
        UPDATE template_version SET audit = ?, audited_by = ?, audit_note = ?
        WHERE template = ? AND number = ?
        """

    static let selectTemplates = "SELECT id FROM template WHERE id > ? ORDER BY id LIMIT ?"

    static let selectVersions = "SELECT * FROM template_version WHERE template = ? ORDER BY number DESC"
}

extension Database {
    fileprivate func template(_ id: TemplateID) throws -> MessageTemplate? {
        let row = try Row.fetchOne(self, sql: Self.selectTemplate, arguments: [id.rawValue])
        guard let row else { return nil }
        let serving: Int? = row["serving"]
        guard let status = TemplateStatus(rawValue: row["status"]),
            let latest = try templateVersion(id, row["latest"])
        else { throw StoreError(.corrupted, during: "read template", detail: "template \(id.rawValue)") }
        return MessageTemplate(
            id: id,
            status: status,
            latest: latest,
            serving: try serving.flatMap { try templateVersion(id, $0) }
        )
    }

    fileprivate func existingTemplate(_ id: TemplateID, during operation: String) throws -> MessageTemplate {
        guard let template = try template(id) else {
            throw StoreError(.notFound, during: operation, detail: "template \(id.rawValue)")
        }
        return template
    }

    fileprivate func templateVersion(_ id: TemplateID, _ number: Int) throws -> TemplateVersion? {
        try Row.fetchOne(self, sql: Self.selectVersion, arguments: [id.rawValue, number])
            .map(TemplateVersion.init)
    }

    fileprivate func insert(
        _ draft: TemplateDraft,
        number: Int,
        of template: TemplateID,
        by editor: String,
        at now: Moment
    ) throws {
        try execute(
            cached: Self.insertVersion,
            [
                template.rawValue, number, draft.name, draft.channel.rawValue, draft.messageType.rawValue,
                draft.templateType.rawValue, draft.shield.rawValue, draft.content, draft.account?.rawValue,
                draft.guarantee.rawValue, AuditState.waiting.rawValue, editor, now.millisecondsSinceEpoch,
                draft.isSticky,
            ]
        )
    }

    private static let selectTemplate = "SELECT status, latest, serving FROM template WHERE id = ?"

    private static let selectVersion = "SELECT * FROM template_version WHERE template = ? AND number = ?"

    private static let insertVersion = """
        INSERT INTO template_version (template, number, name, channel, message_type, template_type, shield,
            content, account, guarantee, audit, edited_by, edited_at, is_sticky)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
}

extension TemplateVersion {
    /// Reads a row of `template_version`.
    fileprivate init(_ row: Row) throws {
        guard let channel = Channel(rawValue: row["channel"]),
            let messageType = MessageType(rawValue: row["message_type"]),
            let templateType = TemplateType(rawValue: row["template_type"]),
            let shield = ShieldType(rawValue: row["shield"]),
            let guarantee = DeliveryGuarantee(rawValue: row["guarantee"]),
            let audit = AuditState(rawValue: row["audit"])
        else { throw StoreError(.corrupted, during: "read template version") }
        let account: Int64? = row["account"]
        let draft = TemplateDraft(
            name: row["name"],
            channel: channel,
            messageType: messageType,
            templateType: templateType,
            shield: shield,
            content: row["content"],
            account: account.map(AccountID.init(rawValue:)),
            guarantee: guarantee,
            isSticky: row["is_sticky"]
        )
        self.init(
            number: row["number"],
            draft: draft,
            audit: audit,
            editedBy: row["edited_by"],
            editedAt: Moment(millisecondsSinceEpoch: row["edited_at"]),
            auditedBy: row["audited_by"],
            auditNote: row["audit_note"]
        )
    }
}
