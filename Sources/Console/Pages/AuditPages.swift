import Groundwork
import HTTPTypes
import People
import Scheduler

/// The audit trail: who did what, when and from where.
struct AuditPages: PageDesk {
    let trail: any AuditStore
    let runs: RunService

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/audit") { visit in
                .page(Page("audit", .audit, title: visit.say("nav-audit"), try await list(visit)))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] { [] }

    private func list(_ visit: Visit) async throws -> AuditList {
        let filter = AuditFilter(
            actor: visit.text("actor"),
            act: visit.text("act"),
            kind: visit.text("kind"),
            subject: visit.text("subject"),
            from: try runs.span(visit.text("from"), at: visit.say.now)?.lowerBound,
            until: try runs.span(visit.text("to"), at: visit.say.now)?.upperBound
        )
        let before = visit.number("after").map { AuditID(rawValue: $0) }
        let found = try await trail.entries(filter, before: before, limit: Self.pageSize)
        return AuditList(found, filter, isFull: found.count == Self.pageSize, visit)
    }
}

/// Entries of the trail, and the form that chooses them.
struct AuditList: Sendable {
    /// What was typed in.
    struct Search: Sendable {
        let actor: String
        let subject: String
        let from: String
        let to: String
    }

    let search: Search
    let kinds: [FormField.Option]
    let acts: [FormField.Option]
    let isNarrow: Bool
    let entries: [AuditRow]
    let isEmpty: Bool
    let file: String
    let older: String?

    init(_ entries: [AuditEntry], _ filter: AuditFilter, isFull: Bool, _ visit: Visit) {
        let say = visit.say
        search = Search(
            actor: filter.actor ?? "",
            subject: filter.subject ?? "",
            from: visit.text("from") ?? "",
            to: visit.text("to") ?? ""
        )
        kinds = AuditWord.Kind.allCases.map { kind in
            let isCurrent = kind.rawValue == filter.kind
            return FormField.Option(
                value: kind.rawValue,
                name: say("kind-\(kind.rawValue)"),
                isCurrent: isCurrent
            )
        }
        acts = AuditWord.Act.allCases.map { act in
            let isCurrent = act.rawValue == filter.act
            return FormField.Option(
                value: act.rawValue,
                name: say("act-\(act.rawValue)"),
                isCurrent: isCurrent
            )
        }
        isNarrow = filter != AuditFilter()
        self.entries = entries.map { AuditRow($0, say) }
        isEmpty = entries.isEmpty
        var query: [String: String] = [:]
        query["actor"] = filter.actor
        query["act"] = filter.act
        query["kind"] = filter.kind
        query["subject"] = filter.subject
        query["from"] = filter.from?.iso8601
        query["until"] = filter.until?.iso8601
        file = "/api/v1/audit.csv" + Visit.text(query)
        older = isFull ? entries.last.map { visit.address(with: "after", "\($0.id)") } : nil
    }
}

/// One entry.
struct AuditRow: Sendable {
    let at: Stamp
    let actor: String
    let way: String
    let address: String
    let act: String
    let kind: String
    let subject: Subject?
    let before: String?
    let after: String?
    let hasChange: Bool

    /// What it was done to.
    struct Subject: Sendable {
        let name: String
        /// Nil where it has no page.
        let path: String?
    }

    init(_ entry: AuditEntry, _ say: Voice) {
        let record = entry.record
        at = say.stamp(record.at)
        actor = record.actor.name
        way = say("way-\(record.actor.way.rawValue)")
        address = record.address
        act = AuditWord.Act(rawValue: record.act).map { say("act-\($0.rawValue)") } ?? record.act
        let kind = AuditWord.Kind(rawValue: record.subject.kind)
        self.kind = kind.map { say("kind-\($0.rawValue)") } ?? record.subject.kind
        subject = (record.subject.name ?? record.subject.id)
            .map { name in
                Subject(
                    name: name,
                    path: record.subject.id.flatMap { id in kind?.page.map { "\($0)/\(id)" } }
                )
            }
        before = record.before
        after = record.after
        hasChange = before != nil || after != nil
    }
}

/// The words of the trail that pages have a translation of.
enum AuditWord {
    enum Kind: String, CaseIterable {
        case jobs, runs, groups, users, templates, campaigns, crowds, media, messages, accounts, discards,
            queue
        case suppressions
        case allowed = "allow-list"
        case keys = "api-keys"
        case words = "sensitive-words"

        /// Where the pages of such things are; nil where they have none.
        var page: String? {
            switch self {
            case .jobs, .runs, .users, .templates, .campaigns, .messages, .accounts: "/\(rawValue)"
            case .groups: "/executors"
            case .crowds, .media, .discards, .queue, .suppressions, .allowed, .words, .keys: nil
            }
        }
    }

    enum Act: String, CaseIterable {
        case create, edit, delete, enable, disable, trigger, backfill, kill, clear, token
        case sharedToken = "shared-token"
        case signIn = "sign-in"
        case signInFailed = "sign-in-failed"
        case signOut = "sign-out"
        case password, start, pause, resume, cancel, stop, audit, approve, reject, recall, restore, revive
    }
}
