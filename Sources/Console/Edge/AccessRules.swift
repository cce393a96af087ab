import HTTPTypes
import People

/// What each address of the API and the pages needs: the one place where that is written down.
///
/// An address that nothing is written down for is the administrators'.
enum AccessRules {
    /// What looking at the addresses of one area needs, and what changing something there does.
    struct Area {
        let look: Role
        let change: Role
    }

    private static let daily = Area(look: .viewer, change: .operator)
    private static let entrusted = Area(look: .viewer, change: .admin)
    private static let administration = Area(look: .admin, change: .admin)
    private static let own = Area(look: .viewer, change: .viewer)

    /// By the first part of the path, after `/api/v1` where there is that.
    static let areas: [String: Area] = [
        "": daily, "events": daily,
        // The scheduler's.
        "jobs": daily, "runs": daily, "runs.csv": daily, "executors": entrusted, "groups": entrusted,
        "schedules": own,
        // The push engine's.
        "campaigns": daily, "crowds": daily, "media": daily, "links": daily, "messages": daily, "held": daily,
        "stats": daily, "queue": daily, "reconciliations": daily, "templates": daily, "suppressions": daily,
        "allow-list": daily, "sensitive-words": daily, "send": daily, "batchSend": daily, "recall": daily,
        "accounts": entrusted, "suppliers": entrusted, "discards": entrusted,
        // Of everything at once, also of groups that not everybody sees.
        "metrics": administration,
        "users": administration, "audit": administration, "audit.csv": administration,
        "profile": own,
    ]

    /// The areas whose things belong to an executor group, and what a number in their addresses names.
    private static let grouped: [String: Belonging] = [
        "jobs": .job, "runs": .run, "runs.csv": .unknown, "executors": .group, "groups": .group,
        // Whoever could change users could let themselves see all groups.
        "metrics": .unknown, "users": .unknown, "audit": .unknown, "audit.csv": .unknown,
    ]

    /// Addresses of those areas that name nothing of a single group, and show or take only what the caller may see.
    private static let scoped: Set = [
        "GET /api/v1/jobs", "POST /api/v1/jobs", "GET /api/v1/runs", "GET /api/v1/runs.csv",
        "GET /api/v1/runs/days", "POST /api/v1/runs/clear", "GET /api/v1/executors", "GET /api/v1/groups",
        "GET /jobs", "GET /jobs/new", "POST /jobs/new", "GET /jobs/schedule", "GET /runs", "GET /runs/clear",
        "POST /runs/clear", "GET /executors",
    ]

    /// How the addresses of pages end that are forms: looking at one needs what sending it does.
    private static let forms: Set<Substring> = ["new", "copy", "edit", "clear", "backfill", "austin"]

    /// What is needed at an address.
    ///
    /// - Parameters:
    ///   - method: the request's.
    ///   - path: the route's, such as `/api/v1/jobs/{id}`.
    /// - Returns: the least role; nil when nothing is written down for the address.
    static func need(_ method: HTTPTypes.HTTPRequest.Method, _ path: String) -> Role? {
        guard let area = areas[area(of: path)] else { return nil }
        let isForm = path.split(separator: "/").last.map(forms.contains) ?? false
        return (method == .get || method == .head) && !isForm ? area.look : area.change
    }

    /// Whether something of a single group is asked for, and what.
    enum Belonging: Hashable {
        /// Nothing that belongs to a group.
        case none
        case job
        case run
        /// The record of an executor group.
        case group
        /// Several things, of which the route picks those that may be seen.
        case several
        /// Nobody has said how it keeps groups apart: it is for those who see all of them.
        case unknown
    }

    /// What is asked for at an address that belongs to a group.
    static func belonging(_ method: HTTPTypes.HTTPRequest.Method, _ path: String) -> Belonging {
        let area = area(of: path)
        guard let belonging = grouped[area] else { return .none }
        if scoped.contains("\(method.rawValue) \(path)") { return .several }
        return path.contains("/\(area)/{id}") ? belonging : .unknown
    }

    private static func area(of path: String) -> String {
        var parts = path.split(separator: "/")[...]
        if parts.starts(with: ["api", "v1"]) { parts = parts.dropFirst(2) }
        return parts.first.map(String.init) ?? ""
    }
}
