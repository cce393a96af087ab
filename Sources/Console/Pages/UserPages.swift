import Groundwork
import People

/// Who may sign in, and what they may do.
struct UserPages: PageDesk {
    let users: UserService

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/users") { visit in
                let after = visit.number("after").map { UserID(rawValue: $0) }
                let found = try await users.list(after: after, limit: Self.pageSize)
                let list = UserList(found, isFull: found.count == Self.pageSize, visit)
                return .page(Page("users", .users, title: visit.say("nav-users"), list))
            },
            PageRoute("/users/:id") { visit in
                let user = try await users.user(visit.id())
                return .page(Page("user", .users, title: user.name.text, UserDetail(user, visit.say)))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/users/add") { visit in
                let user = try await users.create(
                    visit.form["name"] ?? "",
                    UserDraft(form: visit.form),
                    password: Secret(visit.form["password"] ?? "")
                )
                return ButtonAnswer("/users/\(user.id)", done: "user-add")
            },
            PageRoute("/users/:id/edit") { visit in
                let password = visit.form["password"].flatMap { $0.isEmpty ? nil : Secret($0) }
                guard let version = visit.form["version"].flatMap({ Int64($0) }) else {
                    throw PeopleError.invalid("version", "is that of the user as the form showed it")
                }
                let user = try await users.update(
                    visit.id(),
                    version: version,
                    to: UserDraft(form: visit.form),
                    password: password
                )
                return ButtonAnswer("/users/\(user.id)", done: "user-edit")
            },
        ]
    }
}

extension UserDraft {
    /// Reads what was filled in; the name stands where nothing else is to be shown.
    ///
    /// - Throws: `PeopleError.invalid` when the role is none.
    fileprivate init(form: [String: String]) throws(PeopleError) {
        guard let role = form["role"].flatMap(Role.init(rawValue:)) else {
            throw .invalid("role", "is one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let shown = form["display_name"]?.trimmingSpaces ?? ""
        let names = (form["groups"] ?? "").split { $0.isWhitespace || $0 == "," || $0 == "，" }
            .map(String.init)
        self.init(
            displayName: shown.isEmpty ? form["name"] ?? "" : shown,
            role: role,
            groups: form["all_groups"] == nil ? .only(Set(names)) : .all,
            language: form["language"].flatMap(Language.init(rawValue:))?.rawValue,
            isDisabled: form["disabled"] != nil
        )
    }
}

/// The users, a page at a time, and the form for another one.
struct UserList: Sendable {
    /// One user.
    struct Row: Sendable {
        let path: String
        let name: String
        let displayName: String
        let role: String
        let groups: String
        let chip: Chip
        let since: Stamp
    }

    let users: [Row]
    let isEmpty: Bool
    let roles: [Option]
    let languages: [Option]
    let older: String?

    init(_ users: [User], isFull: Bool, _ visit: Visit) {
        let say = visit.say
        self.users = users.map { user in
            Row(
                path: "/users/\(user.id)",
                name: user.name.text,
                displayName: user.displayName,
                role: say("role-\(user.role.rawValue)"),
                groups: user.groups.names.map { $0.sorted().joined(separator: ", ") } ?? say("groups-all"),
                chip: user.isDisabled ? Chip(.idle, say("user-disabled")) : Chip(.good, say("user-enabled")),
                since: say.stamp(user.createdAt)
            )
        }
        isEmpty = users.isEmpty
        roles = Option.roles(chosen: .viewer, say)
        languages = Option.languages(chosen: nil)
        older = isFull ? users.last.map { visit.address(with: "after", "\($0.id)") } : nil
    }
}

/// One user, to be edited.
struct UserDetail: Sendable {
    let path: String
    let name: String
    let displayName: String
    let version: String
    let roles: [Option]
    let languages: [Option]
    let groups: String
    let hasAllGroups: Bool
    let isDisabled: Bool

    init(_ user: User, _ say: Voice) {
        path = "/users/\(user.id)"
        name = user.name.text
        displayName = user.displayName
        version = "\(user.version)"
        roles = Option.roles(chosen: user.role, say)
        languages = Option.languages(chosen: user.language)
        groups = user.groups.names.map { $0.sorted().joined(separator: "\n") } ?? ""
        hasAllGroups = user.groups == .all
        isDisabled = user.isDisabled
    }
}

/// One entry of a list to choose from.
struct Option: Sendable {
    let value: String
    let name: String
    let isChosen: Bool

    fileprivate static func roles(chosen: Role, _ say: Voice) -> [Option] {
        Role.allCases.map {
            Option(value: $0.rawValue, name: say("role-\($0.rawValue)"), isChosen: $0 == chosen)
        }
    }

    fileprivate static func languages(chosen: String?) -> [Option] {
        Language.allCases.map {
            Option(value: $0.rawValue, name: $0.ownName, isChosen: $0.rawValue == chosen)
        }
    }
}
