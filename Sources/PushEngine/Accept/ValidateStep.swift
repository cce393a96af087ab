import Groundwork
import Synchronization

/// The template exists, is enabled and approved, and the call is of the right size.
struct ValidateStep: SendStep {
    private let templates: any TemplateStore
    private let compiled = CompiledTemplates()

    init(templates: any TemplateStore) {
        self.templates = templates
    }

    func apply(to context: inout SendContext) async throws(SendFault) {
        switch context.input {
        case .request(let request):
            try Self.checkSize(request)
            let version = try await sendableVersion(of: request.template)
            context.template = try compiled.compile(request.template, version)
        case .crowd(let stretch):
            let pinned = compiled.known(stretch.template, stretch.templateVersion)
            let version = try await pinnedVersion(of: stretch, unless: pinned != nil)
            if let pinned {
                context.template = pinned
            } else {
                context.template = try compiled.compile(stretch.template, version)
            }
        }
    }

    private static func checkSize(_ request: SendRequest) throws(SendFault) {
        guard !request.params.isEmpty else {
            throw SendFault(.badParams, field: "messageParamList", "give at least one message")
        }
        guard request.params.count <= SendRequest.paramsPerCall else {
            throw SendFault(
                .badParams,
                field: "messageParamList",
                "\(request.params.count) messages; at most \(SendRequest.paramsPerCall) in one call"
            )
        }
        for (index, param) in request.params.enumerated() {
            let field = request.params.count == 1 ? "messageParam" : "messageParamList[\(index)]"
            guard !param.receivers.isEmpty else {
                throw SendFault(.badParams, field: field + ".receiver", "give at least one receiver")
            }
            guard param.receivers.count <= SendRequest.receiversPerParam else {
                throw SendFault(
                    .tooManyReceivers,
                    field: field + ".receiver",
                    "\(param.receivers.count) receivers; at most \(SendRequest.receiversPerParam)"
                )
            }
        }
    }

    private func template(_ id: TemplateID) async throws(SendFault) -> MessageTemplate {
        let found: MessageTemplate?
        do { found = try await templates.template(id) } catch {
            throw SendFault(
                .unavailable,
                field: "messageTemplateId",
                "the store does not answer; try again",
                cause: error
            )
        }
        guard let found else {
            throw SendFault(.templateMissing, field: "messageTemplateId", "no template \(id.rawValue)")
        }
        return found
    }

    private func sendableVersion(of id: TemplateID) async throws(SendFault) -> TemplateVersion {
        let found = try await template(id)
        guard let version = found.sendable else {
            let reason = found.status == .stopped ? "is stopped" : "has no approved version"
            throw SendFault(
                .templateNotSendable,
                field: "messageTemplateId",
                "template \(id.rawValue) \(reason)"
            )
        }
        return version
    }

    /// A running campaign keeps the version it began with; only stopping the template stops it.
    private func pinnedVersion(
        of stretch: CrowdStretch,
        unless isCompiled: Bool
    ) async throws(SendFault) -> TemplateVersion {
        let found = try await template(stretch.template)
        guard found.status == .enabled else {
            throw SendFault(
                .templateNotSendable,
                field: "template",
                "template \(stretch.template.rawValue) is stopped"
            )
        }
        if isCompiled || found.latest.number == stretch.templateVersion { return found.latest }
        if let serving = found.serving, serving.number == stretch.templateVersion { return serving }
        let versions: [TemplateVersion]
        do { versions = try await templates.templateVersions(stretch.template) } catch {
            throw SendFault(
                .unavailable,
                field: "template",
                "the store does not answer; try again",
                cause: error
            )
        }
        guard let version = versions.first(where: { $0.number == stretch.templateVersion }) else {
            throw SendFault(.templateMissing, field: "template", "no version \(stretch.templateVersion)")
        }
        return version
    }
}

/// Parsed templates by version; versions never change, so none goes stale.
private final class CompiledTemplates: Sendable {
    private struct Key: Hashable {
        let template: TemplateID
        let version: Int
    }

    private static let capacity = 1_000

    private let templates = Mutex<[Key: CompiledTemplate]>([:])

    func known(_ id: TemplateID, _ version: Int) -> CompiledTemplate? {
        templates.withLock { $0[Key(template: id, version: version)] }
    }

    func compile(_ id: TemplateID, _ version: TemplateVersion) throws(SendFault) -> CompiledTemplate {
        if let known = known(id, version.number) { return known }
        let compiled: CompiledTemplate
        do {
            compiled = try CompiledTemplate(id: id, version: version.number, draft: version.draft)
        } catch {
            throw SendFault(.templateNotSendable, field: "messageTemplateId", "\(error)")
        }
        templates.withLock { templates in
            if templates.count >= Self.capacity { templates.removeAll() }
            templates[Key(template: id, version: version.number)] = compiled
        }
        return compiled
    }
}
