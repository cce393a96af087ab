import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// Templates, their versions and their audits, with the names and codes that operators know.
struct TemplateRoutes {
    let templates: TemplateService

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/templates", list)
        api.route(.post, "api/v1/templates", create)
        api.route(.get, "api/v1/templates/:id") { call in Answer(try await templates.template(call.id()).json)
        }
        api.route(.put, "api/v1/templates/:id", edit)
        api.route(.get, "api/v1/templates/:id/versions") { call in
            Answer.page(try await templates.versions(call.id()).map(\.json))
        }
        api.route(.post, "api/v1/templates/:id/audit", audit)
        api.route(.post, "api/v1/templates/:id/enable") { call in
            Answer(try await templates.setEnabled(call.id(), true).json)
        }
        api.route(.post, "api/v1/templates/:id/stop") { call in
            Answer(try await templates.setEnabled(call.id(), false).json)
        }
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after") as TemplateID?, try query.limit())
        }
        let found = try await templates.list(after: after, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let (draft, editor) = try await call.body { body in
            (try Self.draft(&body), try body.operatorName())
        }
        let made = try await templates.create(draft, by: editor)
        return .created(made.json, at: "/api/v1/templates/\(made.id.rawValue)")
    }

    @Sendable private func edit(_ call: Call) async throws -> Answer {
        let (base, draft, editor) = try await call.body { body in
            (try body.required("baseVersion") as Int, try Self.draft(&body), try body.operatorName())
        }
        return Answer(try await templates.edit(call.id(), base: base, draft, by: editor).json)
    }

    @Sendable private func audit(_ call: Call) async throws -> Answer {
        let (version, approved, note, auditor) = try await call.body { body in
            (
                try body.required("version") as Int,
                try body.required("approved") as Bool,
                try body.optional("note") ?? "",
                try body.operatorName()
            )
        }
        let audited = try await templates.audit(
            call.id(),
            version: version,
            approved: approved,
            note: note,
            by: auditor
        )
        return Answer(audited.json)
    }

    private static func draft(_ body: inout Input) throws -> TemplateDraft {
        let account: Int64 = try body.optional("sendAccount", in: 0...Int64.max) ?? 0
        return TemplateDraft(
            name: try body.required("name"),
            channel: try body.optional("sendChannel") ?? .sms,
            messageType: try body.required("msgType"),
            templateType: try body.optional("templateType") ?? .technical,
            shield: try body.optional("shieldType") ?? .none,
            content: try body.required("content"),
            account: account == 0 ? nil : AccountID(rawValue: account),
            guarantee: try body.optional("deliveryGuarantee"),
            isSticky: try body.optional("stickyAccount") ?? false
        )
    }
}

extension Input {
    /// Who does it, in the caller's own words; the books keep it.
    mutating func operatorName() throws(InputFault) -> String {
        guard let name: String = try optional("operator") else { return "api" }
        guard (1...45).contains(name.count) else {
            throw InputFault(.outOfRange, field: path("operator"), "must have 1 to 45 characters")
        }
        return name
    }
}

extension MessageTemplate {
    fileprivate var json: WireObject {
        [
            "id": .id(id), "msgStatus": .number(status.rawValue), "latest": .object(latest.json),
            "serving": serving.map { .object($0.json) } ?? .null,
        ]
    }
}

extension TemplateVersion {
    fileprivate var json: WireObject {
        // A stored text was compiled before; one that is not any more shows no variables.
        let compiled = try? draft.compiled
        return [
            "version": .number(number), "auditStatus": .number(audit.rawValue), "name": .text(draft.name),
            "sendChannel": .number(draft.channel.rawValue), "msgType": .number(draft.messageType.rawValue),
            "templateType": .number(draft.templateType.rawValue),
            "shieldType": .number(draft.shield.rawValue), "content": .text(draft.content),
            "variables": .texts(compiled?.variables ?? []),
            "warnings": .texts(compiled?.warnings.map(\.sentence) ?? []),
            "sendAccount": .number(draft.account?.rawValue ?? 0),
            "deliveryGuarantee": .text(draft.guarantee.rawValue),
            "stickyAccount": .bool(draft.isSticky), "editedBy": .text(editedBy),
            "editedAt": .instant(editedAt), "auditedBy": .optional(auditedBy),
            "auditNote": .optional(auditNote),
        ]
    }
}

extension TemplateWarning {
    fileprivate var sentence: String {
        switch self {
        case .adjacentVariables(let first, let second):
            "{$\(first)} and {$\(second)} stand side by side; some suppliers refuse that"
        case .repeatedVariable(let name): "{$\(name)} occurs more than once; some suppliers refuse that"
        case .onlyVariables: "the text is nothing but variables; some suppliers refuse that"
        }
    }
}
