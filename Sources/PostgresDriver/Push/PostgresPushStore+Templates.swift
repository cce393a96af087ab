package import Groundwork
package import PushEngine

extension PostgresPushStore: TemplateStore {
    package func createTemplate(
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(StoreError) -> MessageTemplate {
        let now = clock.now
        return try await pool.write("create template") { link in
            let insert = "INSERT INTO template (status, latest) VALUES ($1, 1) RETURNING id"
            let made = try link.run(insert, .int(TemplateStatus.new.rawValue))
            let id = TemplateID(rawValue: made.first?.int64(0) ?? 0)
            try link.insert(draft, number: 1, of: id, by: editor, at: now)
            return try link.existingTemplate(id, during: "create template")
        }
    }

    package func editTemplate(
        _ id: TemplateID,
        base: Int,
        _ draft: TemplateDraft,
        by editor: String
    ) async throws(StoreError) -> MessageTemplate {
        let now = clock.now
        return try await pool.write("edit template") { link in
            let latest = try link.existingTemplate(id, locked: true, during: "edit template").latest.number
            guard latest == base else {
                throw StoreError(.conflict, during: "edit template", detail: "version \(latest) is newest")
            }
            try link.insert(draft, number: latest + 1, of: id, by: editor, at: now)
            try link.run("UPDATE template SET latest = $1 WHERE id = $2", .int(latest + 1), .int(id.rawValue))
            return try link.existingTemplate(id, during: "edit template")
        }
    }

    package func auditTemplate(
        _ id: TemplateID,
        version: Int,
        approved: Bool,
        note: String,
        by auditor: String
    ) async throws(StoreError) -> MessageTemplate {
        try await pool.write("audit template") { link in
            _ = try link.existingTemplate(id, locked: true, during: "audit template")
            guard let found = try link.templateVersion(id, version) else {
                throw StoreError(.notFound, during: "audit template")
            }
            guard found.audit == .waiting else {
                throw StoreError(.conflict, during: "audit template", detail: "audited before")
            }
            let audit: AuditState = approved ? .approved : .rejected
            try link.run(
                Self.setAudit,
                .int(audit.rawValue),
                .text(auditor),
                .text(note),
                .int(id.rawValue),
                .int(version)
            )
            if approved { try link.run(Self.setServing, .int(version), .int(id.rawValue)) }
            return try link.existingTemplate(id, during: "audit template")
        }
    }

    package func setTemplate(_ id: TemplateID, enabled: Bool) async throws(StoreError) -> MessageTemplate {
        try await pool.write("set template") { link in
            let template = try link.existingTemplate(id, locked: true, during: "set template")
            guard !enabled || template.serving != nil else {
                throw StoreError(.conflict, during: "set template", detail: "no version is approved")
            }
            let status: TemplateStatus = enabled ? .enabled : .stopped
            try link.run(
                "UPDATE template SET status = $1 WHERE id = $2",
                .int(status.rawValue),
                .int(id.rawValue)
            )
            return try link.existingTemplate(id, during: "set template")
        }
    }

    package func template(_ id: TemplateID) async throws(StoreError) -> MessageTemplate? {
        try await pool.read("read template") { try $0.template(id) }
    }

    package func templates(after id: TemplateID?, limit: Int) async throws(StoreError) -> [MessageTemplate] {
        try await pool.read("read templates") { link in
            try link.run(Self.selectTemplates, .int(id?.rawValue ?? 0), .int(limit))
                .map { TemplateID(rawValue: $0.int64(0)) }
                .compactMap { try link.template($0) }
        }
    }

    package func templateVersions(_ id: TemplateID) async throws(StoreError) -> [TemplateVersion] {
        try await pool.read("read template versions") { link in
            try link.run(Self.selectVersions, .int(id.rawValue)).map { try TemplateVersion($0) }
        }
    }

    private static let setServing = """
        UPDATE template SET serving = $1, status = CASE status WHEN 10 THEN 30 ELSE status END WHERE id = $2
        """

    private static let setAudit = """
        UPDATE template_version SET audit = $1, audited_by = $2, audit_note = $3
        WHERE template = $4 AND number = $5
        """

    static let selectTemplates = "SELECT id FROM template WHERE id > $1 ORDER BY id LIMIT $2"

    static let selectVersions = """
        SELECT \(TemplateVersion.columns) FROM template_version WHERE template = $1 ORDER BY number DESC
        """
}

extension PostgresLink {
    fileprivate func template(_ id: TemplateID, locked: Bool = false) throws -> MessageTemplate? {
        let select =
            "SELECT status, latest, serving FROM template WHERE id = $1" + (locked ? " FOR UPDATE" : "")
        guard let row = try run(select, .int(id.rawValue)).first else { return nil }
        let serving = row.optionalInt64(2).map { Int($0) }
        guard let status = TemplateStatus(rawValue: row.int(0)),
            let latest = try templateVersion(id, row.int(1))
        else { throw StoreError(.corrupted, during: "read template", detail: "template \(id.rawValue)") }
        return MessageTemplate(
            id: id,
            status: status,
            latest: latest,
            serving: try serving.flatMap { try templateVersion(id, $0) }
        )
    }

    fileprivate func existingTemplate(
        _ id: TemplateID,
        locked: Bool = false,
        during operation: String
    ) throws -> MessageTemplate {
        guard let template = try template(id, locked: locked) else {
            throw StoreError(.notFound, during: operation, detail: "template \(id.rawValue)")
        }
        return template
    }

    fileprivate func templateVersion(_ id: TemplateID, _ number: Int) throws -> TemplateVersion? {
        let select = """
            SELECT \(TemplateVersion.columns) FROM template_version WHERE template = $1 AND number = $2
            """
        return try run(select, .int(id.rawValue), .int(number)).first.map { try TemplateVersion($0) }
    }

    fileprivate func insert(
        _ draft: TemplateDraft,
        number: Int,
        of template: TemplateID,
        by editor: String,
        at now: Moment
    ) throws {
        try run(
            Self.insertVersion,
            .int(template.rawValue),
            .int(number),
            .text(draft.name),
            .int(draft.channel.rawValue),
            .int(draft.messageType.rawValue),
            .int(draft.templateType.rawValue),
            .int(draft.shield.rawValue),
            .text(draft.content),
            .int(draft.account?.rawValue),
            .text(draft.guarantee.rawValue),
            .int(AuditState.waiting.rawValue),
            .text(editor),
            .int(now.millisecondsSinceEpoch),
            .bool(draft.isSticky)
        )
    }

    private static let insertVersion = """
        INSERT INTO template_version (template, number, name, channel, message_type, template_type, shield,
            content, account, guarantee, audit, edited_by, edited_at, is_sticky)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """
}

extension TemplateVersion {
    fileprivate static let columns = """
        number, name, channel, message_type, template_type, shield, content, account, guarantee, audit, \
        edited_by, edited_at, audited_by, audit_note, is_sticky
        """

    /// Reads `columns`.
    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        guard let channel = Channel(rawValue: row.int(2)),
            let messageType = MessageType(rawValue: row.int(3)),
            let templateType = TemplateType(rawValue: row.int(4)),
            let shield = ShieldType(rawValue: row.int(5)),
            let guarantee = DeliveryGuarantee(rawValue: row.text(8)),
            let audit = AuditState(rawValue: row.int(9))
        else { throw StoreError(.corrupted, during: "read template version") }
        let draft = TemplateDraft(
            name: row.text(1),
            channel: channel,
            messageType: messageType,
            templateType: templateType,
            shield: shield,
            content: row.text(6),
            account: row.optionalInt64(7).map(AccountID.init(rawValue:)),
            guarantee: guarantee,
            isSticky: row.bool(14)
        )
        self.init(
            number: row.int(0),
            draft: draft,
            audit: audit,
            editedBy: row.text(10),
            editedAt: row.moment(11),
            auditedBy: row.optionalText(12),
            auditNote: row.optionalText(13)
        )
    }
}
