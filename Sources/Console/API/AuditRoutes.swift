import Groundwork
import HTTPTypes
import Hummingbird
import People

/// Who did what, when and from where.
struct AuditRoutes {
    let trail: any AuditStore

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/audit", list)
        api.route(.get, "api/v1/audit.csv", export)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (filter, before, limit) = try call.query { query in
            (try AuditFilter(&query), try query.optional("before") as AuditID?, try query.limit())
        }
        let found = try await trail.entries(filter, before: before, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    /// The newest entries that pass the filter.
    @Sendable private func export(_ call: Call) async throws -> Response {
        let filter = try call.query { try AuditFilter(&$0) }
        let trail = trail
        return try await Spreadsheet.audit.response(named: "audit") { (before: AuditID?) in
            let limit = Spreadsheet<AuditEntry>.page
            let found = try await trail.entries(filter, before: before, limit: limit)
            return (found, found.count < limit ? nil : found.last?.id)
        }
    }
}

extension AuditFilter {
    /// Reads what is asked for.
    fileprivate init(_ query: inout Input) throws {
        self.init(
            actor: try query.optional("actor"),
            act: try query.optional("act"),
            kind: try query.optional("kind"),
            subject: try query.optional("subject"),
            from: try query.optional("from"),
            until: try query.optional("until")
        )
    }
}

extension AuditEntry {
    /// As calls see it.
    fileprivate var json: WireObject {
        [
            "id": .id(id), "at": .instant(record.at), "actor": .text(record.actor.name),
            "user": .id(record.actor.user), "way": .text(record.actor.way.rawValue),
            "address": .text(record.address), "act": .text(record.act), "kind": .text(record.subject.kind),
            "subject": .optional(record.subject.id), "name": .optional(record.subject.name),
            "before": Self.object(record.before), "after": Self.object(record.after),
        ]
    }

    /// What was written as JSON; what is none, which cannot be, as text.
    private static func object(_ text: String?) -> WireValue {
        guard let text else { return .null }
        return (try? WireValue(json: text.utf8)) ?? .text(text)
    }
}

extension Spreadsheet where Element == AuditEntry {
    /// The audit trail as a file.
    static var audit: Spreadsheet {
        Spreadsheet([
            "entry", "at", "actor", "way", "address", "act", "kind", "subject", "name", "before", "after",
        ]) { entry in
            let record = entry.record
            return [
                "\(entry.id)", record.at.iso8601, record.actor.name, record.actor.way.rawValue,
                record.address,
                record.act, record.subject.kind, record.subject.id ?? "", record.subject.name ?? "",
                record.before ?? "", record.after ?? "",
            ]
        }
    }
}
