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
        "jobs": daily, "runs": daily, "executors": entrusted, "schedules": own,
        // The push engine's.
        "campaigns": daily, "crowds": daily, "media": daily, "links": daily, "messages": daily, "held": daily,
        "stats": daily, "queue": daily, "reconciliations": daily, "templates": daily, "suppressions": daily,
        "allow-list": daily, "sensitive-words": daily, "send": daily, "batchSend": daily, "recall": daily,
        "accounts": entrusted, "suppliers": entrusted, "discards": entrusted,
        // Of everything at once, also of groups that not everybody sees.
        "metrics": administration,
        "users": administration,
        "profile": own,
    ]

    /// The areas whose things belong to an executor group.
    private static let grouped: Set = ["jobs", "runs", "executors"]

    /// Addresses of those areas that name no job and no run, and show or take only what the caller may see.
    private static let scoped: Set = [
        "GET /api/v1/jobs", "POST /api/v1/jobs", "GET /api/v1/runs", "GET /api/v1/executors",
        "GET /jobs", "GET /runs", "GET /executors",
    ]

    /// What is needed at an address.
    ///
    /// - Parameters:
    ///   - method: the request's.
    ///   - path: the route's, such as `/api/v1/jobs/{id}`.
    /// - Returns: the least role; nil when nothing is written down for the address.
    static func need(_ method: HTTPTypes.HTTPRequest.Method, _ path: String) -> Role? {
        guard let area = areas[area(of: path)] else { return nil }
        return method == .get || method == .head ? area.look : area.change
    }

    /// Whether something of a single group is asked for, and what.
    enum Belonging: Hashable {
        /// Nothing that belongs to a group.
        case none
        case job
        case run
        /// Several things, of which the route picks those that may be seen.
        case several
        /// Nobody has said how it keeps groups apart: it is for those who see all of them.
        case unknown
    }

    /// What is asked for at an address that belongs to a group.
    static func belonging(_ method: HTTPTypes.HTTPRequest.Method, _ path: String) -> Belonging {
        let area = area(of: path)
        guard grouped.contains(area) else { return .none }
        if scoped.contains("\(method.rawValue) \(path)") { return .several }
        guard path.contains("/\(area)/{id}") else { return .unknown }
        return area == "jobs" ? .job : area == "runs" ? .run : .unknown
    }

    private static func area(of path: String) -> String {
        var parts = path.split(separator: "/")[...]
        if parts.starts(with: ["api", "v1"]) { parts = parts.dropFirst(2) }
        return parts.first.map(String.init) ?? ""
    }
}
