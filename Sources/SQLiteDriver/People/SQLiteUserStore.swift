import GRDB
package import Groundwork
package import People

/// Users in the scheduler's file.
package struct SQLiteUserStore: UserStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func add(_ user: NewUser) async throws(StoreError) -> User {
        let groups = try GroupText.write(user.draft.groups)
        return try await database.write("add user") { db in
            let row = try Row.fetchOne(
                db,
                sql: Self.insert,
                arguments: [
                    user.name.text, user.draft.displayName, user.draft.role.rawValue, groups,
                    user.draft.language, user.draft.isDisabled, user.password.text,
                    user.createdAt.millisecondsSinceEpoch,
                ]
            )
            guard let row else { throw StoreError(.corrupted, during: "add user") }
            return try User(row)
        }
    }

    package func user(_ id: UserID) async throws(StoreError) -> User? {
        try await database.read("read user") { db in
            try Row.fetchOne(db, sql: Self.byID, arguments: [id.rawValue]).map { try User($0) }
        }
    }

    package func credentials(of name: UserName) async throws(StoreError) -> Credentials? {
        try await database.read("read credentials") { db in
            try Row.fetchOne(db, sql: Self.byName, arguments: [name.text])
                .map { row in
                    guard let password = PasswordHash(text: row["password"]) else {
                        throw StoreError(.corrupted, during: "read credentials", detail: "user \(name)")
                    }
                    return Credentials(user: try User(row), password: password)
                }
        }
    }

    package func users(after: UserID?, limit: Int) async throws(StoreError) -> [User] {
        try await database.read("list users") { db in
            try Row.fetchAll(db, sql: Self.page, arguments: [after?.rawValue ?? 0, limit])
                .map { try User($0) }
        }
    }

    package func replace(_ user: User, password: PasswordHash?) async throws(StoreError) -> User {
        let groups = try GroupText.write(user.groups)
        return try await database.write("replace user") { db in
            let row = try Row.fetchOne(
                db,
                sql: Self.update,
                arguments: [
                    user.displayName, user.role.rawValue, groups, user.language, user.isDisabled,
                    user.generation, password?.text, user.id.rawValue, user.version,
                ]
            )
            if let row { return try User(row) }
            guard try Row.fetchOne(db, sql: Self.byID, arguments: [user.id.rawValue]) == nil else {
                throw StoreError(.conflict, during: "replace user", detail: "user \(user.id) was changed")
            }
            throw StoreError(.notFound, during: "replace user", detail: "user \(user.id)")
        }
    }

    private static let insert = """
        INSERT INTO users (name, display_name, role, groups, language, disabled, password, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *
        """

    private static let update = """
        UPDATE users SET display_name = ?, role = ?, groups = ?, language = ?, disabled = ?, generation = ?,
            password = coalesce(?, password), version = version + 1
        WHERE id = ? AND version = ? RETURNING *
        """

    private static let byID = "SELECT * FROM users WHERE id = ?"
    private static let byName = "SELECT * FROM users WHERE name = ?"
    private static let page = "SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?"
}

extension User {
    fileprivate init(_ row: Row) throws(StoreError) {
        let (id, text, word): (Int64, String, String) = (row["id"], row["name"], row["role"])
        guard let name = UserName(text), let role = Role(rawValue: word) else {
            throw StoreError(.corrupted, during: "read user", detail: "user \(id)")
        }
        self.init(
            id: UserID(rawValue: id),
            name: name,
            displayName: row["display_name"],
            role: role,
            groups: try GroupText.read(row["groups"]),
            language: row["language"],
            isDisabled: row["disabled"],
            generation: row["generation"],
            version: row["version"],
            createdAt: Moment(millisecondsSinceEpoch: row["created_at"])
        )
    }
}
