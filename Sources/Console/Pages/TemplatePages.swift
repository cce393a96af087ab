import Groundwork
import PushEngine

/// Templates, their versions and audits.
struct TemplatePages: PageDesk {
    /// Who approves and stops here: everybody who holds the token.
    private static let editor = "console"
    private static let pageSize = 50

    private let templates: TemplateService
    private let accounts: any AccountStore

    init(parts: ConsoleParts) {
        templates = TemplateService(templates: parts.templates, accounts: parts.accounts, media: parts.media)
        accounts = parts.accounts
    }

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/templates") { visit in
                let after = visit.number("after").map { TemplateID(rawValue: $0) }
                let found = try await templates.list(after: after, limit: Self.pageSize)
                let last = found.count == Self.pageSize ? found.last : nil
                let list = TemplateList(
                    templates: found.map { TemplateRow($0, visit.say) },
                    isEmpty: found.isEmpty,
                    older: last.map { "/templates?after=\($0.id.rawValue)" }
                )
                return .page(Page("templates", .templates, title: visit.say("nav-templates"), list))
            },
            PageRoute("/templates/:id") { visit in
                let template = try await templates.template(visit.id())
                let detail = TemplateDetail(
                    template,
                    versions: try await templates.versions(template.id),
                    accounts: try await accounts.accounts(),
                    visit.say
                )
                return .page(Page("template", .templates, title: template.latest.draft.name, detail))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            audit("approve", approved: true),
            audit("reject", approved: false),
            PageRoute("/templates/:id/enable") { visit in
                try await set(visit, enabled: true, done: "template-enable")
            },
            PageRoute("/templates/:id/stop") { visit in
                try await set(visit, enabled: false, done: "template-stop")
            },
        ]
    }

    private func audit(_ verb: String, approved: Bool) -> PageRoute<ButtonAnswer> {
        PageRoute("/templates/:id/:version/\(verb)") { visit in
            let id: TemplateID = try visit.id()
            let text = visit.part("version")
            guard let version = Int(text) else { throw Trouble.notFound(text) }
            _ = try await templates.audit(
                id,
                version: version,
                approved: approved,
                note: visit.form["note"]?.trimmingSpaces ?? "",
                by: Self.editor
            )
            return ButtonAnswer("/templates/\(id.rawValue)", done: "template-\(verb)")
        }
    }

    private func set(_ visit: Visit, enabled: Bool, done: String) async throws -> ButtonAnswer {
        let id: TemplateID = try visit.id()
        _ = try await templates.setEnabled(id, enabled)
        return ButtonAnswer("/templates/\(id.rawValue)", done: done)
    }
}

/// Templates, a page at a time.
struct TemplateList: Sendable {
    let templates: [TemplateRow]
    let isEmpty: Bool
    let older: String?
}

/// A template in the list.
struct TemplateRow: Sendable {
    let path: String
    let number: String
    let name: String
    let status: Chip
    let audit: Chip
    let version: String
    /// The version that sends, where it is not the newest.
    let serving: String?
    let type: String
    let content: String

    init(_ template: MessageTemplate, _ say: Voice) {
        let draft = template.latest.draft
        path = "/templates/\(template.id.rawValue)"
        number = "\(template.id.rawValue)"
        name = draft.name
        status = Chip(template.status, say)
        audit = Chip(template.latest.audit, say)
        version = "\(template.latest.number)"
        serving = template.serving.flatMap { $0.number == template.latest.number ? nil : "\($0.number)" }
        type = say("type-\(draft.messageType.name)")
        content = draft.content
    }
}

/// One template with all its versions.
struct TemplateDetail: Sendable {
    /// One version.
    struct Version: Sendable {
        let number: String
        let audit: Chip
        let isServing: Bool
        let content: String
        let edited: Stamp
        let editedBy: String
        let auditedBy: String?
        /// What the auditor said: against it, or with their approval.
        let rejection: String?
        let remark: String?
        let actions: [Action]
    }

    let number: String
    let name: String
    let status: Chip
    let facts: [Fact]
    let actions: [Action]
    let versions: [Version]
    let messages: String

    init(
        _ template: MessageTemplate,
        versions: [TemplateVersion],
        accounts: [SupplierAccount],
        _ say: Voice
    ) {
        let draft = template.latest.draft
        let path = "/templates/\(template.id.rawValue)"
        number = "\(template.id.rawValue)"
        name = draft.name
        status = Chip(template.status, say)
        messages = "/messages?template=\(number)"
        let account = draft.account.map { id in accounts.first { $0.id == id }?.name ?? "\(id.rawValue)" }
        facts = [
            Fact(say("type"), say("type-\(draft.messageType.name)")),
            Fact(
                say("sender"),
                say("sender-\(draft.templateType == .operations ? "operations" : "technical")")
            ),
            Fact(say("shield"), say("shield-\(draft.shield.rawValue)")),
            Fact(say("account"), account ?? say(draft.isSticky ? "account-sticky" : "account-any")),
            Fact(say("guarantee"), say("guarantee-\(draft.guarantee.rawValue)")),
        ]
        actions = Self.actions(template, path, say)
        self.versions = versions.map { version in
            let note = version.auditNote.flatMap { $0.isEmpty ? nil : $0 }
            return Version(
                number: "\(version.number)",
                audit: Chip(version.audit, say),
                isServing: template.serving?.number == version.number,
                content: version.draft.content,
                edited: say.stamp(version.editedAt),
                editedBy: version.editedBy,
                auditedBy: version.auditedBy,
                rejection: version.audit == .rejected ? note : nil,
                remark: version.audit == .rejected ? nil : note,
                actions: version.audit == .waiting ? Self.audits(version, path, say) : []
            )
        }
    }

    private static func actions(_ template: MessageTemplate, _ path: String, _ say: Voice) -> [Action] {
        if template.status == .enabled {
            return [
                Action(
                    "\(path)/stop",
                    say("stop"),
                    .bad,
                    question: say("stop-question"),
                    effect: say("stop-effect")
                )
            ]
        }
        guard template.serving != nil else { return [] }
        return [Action("\(path)/enable", say("enable"), .good, question: say("template-enable-question"))]
    }

    private static func audits(_ version: TemplateVersion, _ path: String, _ say: Voice) -> [Action] {
        let number = "\(version.number)"
        var reject = Action(
            "\(path)/\(number)/reject",
            say("reject"),
            .bad,
            question: say("reject-question", ["n": number])
        )
        reject.field = Action.Field(name: "note", label: say("reject-note"), isNeeded: true)
        return [
            Action(
                "\(path)/\(number)/approve",
                say("approve"),
                .good,
                question: say("approve-question", ["n": number]),
                effect: say("approve-effect")
            ),
            reject,
        ]
    }
}
