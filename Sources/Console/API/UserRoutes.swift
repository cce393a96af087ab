import Groundwork
import HTTPTypes
import Hummingbird
import People

/// Who may sign in, and what they may do.
struct UserRoutes {
    let users: UserService

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/users", list)
        api.route(.post, "api/v1/users", create)
        api.route(.get, "api/v1/users/:id") { call in Answer(try await users.user(call.id()).json) }
        api.route(.put, "api/v1/users/:id", update)
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after") as UserID?, try query.limit())
        }
        let found = try await users.list(after: after, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let (name, draft, password) = try await call.body { body in
            let name: String = try body.required("name")
            return (name, try UserDraft(&body, name: name), Secret(try body.required("password")))
        }
        let user = try await users.create(name, draft, password: password)
        return .created(user.json, at: "/api/v1/users/\(user.id)")
    }

    @Sendable private func update(_ call: Call) async throws -> Answer {
        let (version, draft, password) = try await call.body { body in
            (
                try body.required("version") as Int64,
                try UserDraft(&body, name: nil),
                (try body.optional("password") as String?).map(Secret.init)
            )
        }
        let user = try await users.update(call.id(), version: version, to: draft, password: password)
        return Answer(user.json)
    }
}

extension UserDraft {
    /// Reads what an administrator decides; `name` is what is shown where nothing else is said.
    fileprivate init(_ body: inout Input, name: String?) throws {
        self.init(
            displayName: try body.optional("displayName") ?? name ?? body.required("displayName"),
            role: try body.required("role"),
            groups: GroupScope(names: (try body.values("groups") as [String]?).map(Set.init)),
            language: try body.optional("language"),
            isDisabled: try body.optional("disabled") ?? false
        )
    }
}

extension User {
    /// As calls see it; nothing of the password is in it.
    var json: WireObject {
        [
            "id": .id(id),
            "name": .text(name.text),
            "displayName": .text(displayName),
            "role": .text(role.rawValue),
            "groups": groups.names.map { .texts($0.sorted()) } ?? .null,
            "language": .optional(language),
            "disabled": .bool(isDisabled),
            "version": .number(version),
            "createdAt": .instant(createdAt),
        ]
    }
}
