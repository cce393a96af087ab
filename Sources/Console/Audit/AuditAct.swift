import HTTPTypes

/// What a request does, in the words of the audit trail, as its method and its route say it.
struct AuditAct: Hashable, Sendable {
    /// What kind of thing it is done to: the area of the API that it is in.
    let kind: String
    /// A word such as `edit` or `trigger`.
    let act: String

    /// Areas of which nothing is written down: messages are their own record, and a preview changes nothing.
    private static let silentAreas: Set = ["send", "batchSend", "recall", "schedules"]
    /// The last parts of routes that change nothing.
    private static let silentParts: Set = ["check", "draft", "preview", "simulate", "verify"]
    /// Parts of routes that say where something is and not what is done.
    private static let places: Set = [
        "at", "from", "dead", "entries", "allowed", "words", "versions", "history", "keys",
    ]
    /// Pages whose things the API has under another name.
    private static let kinds = [
        "executors": "groups", "profile": "users", "suppressions/allowed": "allow-list",
        "suppressions/words": "sensitive-words", "profile/keys": "api-keys",
    ]
    /// Acts that add something to a thing and leave itself as it is.
    private static let addingActs: Set = ["trigger", "backfill"]
    private static let acts = ["new": "create", "add": "create", "austin": "create", "remove": "delete"]

    /// Reads a route; nil when nothing is to be written down.
    ///
    /// - Parameters:
    ///   - method: the request's.
    ///   - path: the route's, such as `/api/v1/jobs/{id}`.
    init?(_ method: HTTPTypes.HTTPRequest.Method, _ path: String) {
        guard method != .get, method != .head else { return nil }
        var parts = path.split(separator: "/").map(String.init)[...]
        if parts.starts(with: ["api", "v1"]) { parts = parts.dropFirst(2) }
        guard let area = parts.popFirst(), !Self.silentAreas.contains(area) else { return nil }
        if let last = parts.last, Self.silentParts.contains(last) { return nil }
        kind = parts.first.flatMap { Self.kinds["\(area)/\($0)"] } ?? Self.kinds[area] ?? area
        let words = parts.filter { !$0.hasPrefix("{") && !Self.places.contains($0) }
            .map { Self.acts[$0] ?? $0 }
        act =
            switch (words.joined(separator: "-"), method) {
            case ("", .post): "create"
            case ("", .delete): "delete"
            case ("", _): "edit"
            case ("token", .delete): "shared-token"
            case (let words, _): words
            }
    }

    private init(_ kind: String, _ act: String) {
        self.kind = kind
        self.act = act
    }

    /// Whether the thing may be another one after the act.
    var isChange: Bool { !Self.addingActs.contains(act) }

    /// Somebody signed in.
    static let signIn = AuditAct("users", "sign-in")
    /// Somebody showed a wrong password or token.
    static let signInFailed = AuditAct("users", "sign-in-failed")
    static let signOut = AuditAct("users", "sign-out")
}
