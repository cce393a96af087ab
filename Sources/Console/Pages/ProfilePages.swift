import Groundwork
import HTTPTypes
import People

/// What everybody may see and change of themselves.
struct ProfilePages: PageDesk {
    let users: UserService
    let keys: ApiKeyService

    var pages: [PageRoute<PageAnswer>] {
        [PageRoute("/profile") { visit in .page(try await page(visit)) }]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/profile/password") { visit in
                _ = try await users.changePassword(
                    of: Self.user(visit),
                    from: Secret(visit.form["current"] ?? ""),
                    to: Secret(visit.form["password"] ?? "")
                )
                // All sessions have ended, also this one.
                return ButtonAnswer("/sign-in", done: "password")
            },
            PageRoute("/profile/keys") { visit in
                let made = try await keys.make(
                    for: Self.user(visit),
                    name: visit.form["name"] ?? "",
                    days: Int(visit.form["days"] ?? "") ?? 0,
                    isReadOnly: visit.form["read_only"] != nil
                )
                visit.note.made(made.key.id)
                visit.note.tell("name", .text(made.key.name))
                visit.note.tell("readOnly", .bool(made.key.isReadOnly))
                visit.note.tell("expiresAt", .instant(made.key.expiresAt))
                return ButtonAnswer(showing: try await page(visit, made: made.text), isDone: true)
            },
            PageRoute("/profile/keys/:id/delete") { visit in
                try await keys.withdraw(visit.id(), of: Self.user(visit))
                return ButtonAnswer("/profile", done: "key-delete")
            },
        ]
    }

    /// Whoever has the API token is no user.
    private static func user(_ visit: Visit) throws -> UserID {
        guard let user = try visit.known().user else {
            throw Forbidden(
                "the API token is changed in the settings of the server, and has no keys of its own"
            )
        }
        return user
    }

    private func page(_ visit: Visit, made text: Secret? = nil) async throws -> Page {
        let caller = try visit.known()
        var own: [ApiKey] = []
        if let user = caller.user { own = try await keys.list(of: user) }
        let model = Profile(caller, keys: own, made: text?.reveal(), visit.say)
        return Page("profile", nil, title: visit.say("profile"), model)
    }
}

/// Who is signed in, and with which keys programs act as that user.
struct Profile: Sendable {
    /// One key.
    struct Key: Sendable {
        let name: String
        let chip: Chip
        let scope: String
        let made: Stamp
        let expires: Stamp
        let remove: Action
    }

    let name: String
    let role: String
    let groups: String
    /// Whether there is a password to change.
    let isUser: Bool
    let keys: [Key]
    let hasKeys: Bool
    /// The text of the key that was just made: it is shown this once.
    let key: String?
    let mostDays: Int

    init(_ caller: Caller, keys: [ApiKey], made text: String?, _ say: Voice) {
        name = caller.name
        role = say("role-\(caller.role.rawValue)")
        groups = caller.groups.names.map { $0.sorted().joined(separator: ", ") } ?? say("groups-all")
        isUser = caller.user != nil
        self.keys = keys.map { key in
            Key(
                name: key.name,
                chip: key.expiresAt > say.now
                    ? Chip(.good, say("key-counts")) : Chip(.idle, say("key-expired")),
                scope: say(key.isReadOnly ? "key-reads" : "key-changes"),
                made: say.stamp(key.createdAt),
                expires: say.stamp(key.expiresAt),
                remove: Action(
                    "/profile/keys/\(key.id)/delete",
                    say("key-delete"),
                    .bad,
                    question: say("key-delete-question", ["name": key.name])
                )
            )
        }
        hasKeys = !keys.isEmpty
        key = text
        mostDays = ApiKeyService.days.upperBound
    }
}
