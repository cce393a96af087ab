package import Groundwork
package import People

/// Users beside the scheduler's tables.
package struct PostgresUserStore: UserStore {
    private let pool: PostgresPool

    package init(_ database: PostgresSchedulerDatabase) {
        pool = database.pool
    }

    package func add(_ user: NewUser) async throws(StoreError) -> User {
        let groups = try GroupText.write(user.draft.groups)
        return try await pool.write("add user") { link in
            let rows = try link.run(
                Self.insert,
                .text(user.name.text),
                .text(user.draft.displayName),
                .text(user.draft.role.rawValue),
                .text(groups),
                .text(user.draft.language),
                .bool(user.draft.isDisabled),
                .text(user.password.text),
                .int(user.createdAt.millisecondsSinceEpoch)
            )
            guard let row = rows.first else { throw StoreError(.corrupted, during: "add user") }
            return try User(row)
        }
    }

    package func user(_ id: UserID) async throws(StoreError) -> User? {
        try await pool.single("read user") { link in
            try link.run(Self.byID, .int(id.rawValue)).first.map { try User($0) }
        }
    }

    package func credentials(of name: UserName) async throws(StoreError) -> Credentials? {
        try await pool.single("read credentials") { link in
            try link.run(Self.byName, .text(name.text)).first
                .map { row in
                    guard let password = PasswordHash(text: row.text(10)) else {
                        throw StoreError(.corrupted, during: "read credentials", detail: "user \(name)")
                    }
                    return Credentials(user: try User(row), password: password)
                }
        }
    }

    package func users(after: UserID?, limit: Int) async throws(StoreError) -> [User] {
        try await pool.single("list users") { link in
            try link.run(Self.page, .int(after?.rawValue ?? 0), .int(limit)).map { try User($0) }
        }
    }

    package func replace(_ user: User, password: PasswordHash?) async throws(StoreError) -> User {
        let groups = try GroupText.write(user.groups)
        return try await pool.write("replace user") { link in
            let rows = try link.run(
                Self.update,
                .text(user.displayName),
                .text(user.role.rawValue),
                .text(groups),
                .text(user.language),
                .bool(user.isDisabled),
                .int(user.generation),
                .text(password?.text),
                .int(user.id.rawValue),
                .int(user.version)
            )
            if let row = rows.first { return try User(row) }
            guard try link.run(Self.byID, .int(user.id.rawValue)).isEmpty else {
                throw StoreError(.conflict, during: "replace user", detail: "user \(user.id) was changed")
            }
            throw StoreError(.notFound, during: "replace user", detail: "user \(user.id)")
        }
    }

    private static let insert = """
        INSERT INTO users (name, display_name, role, groups, language, disabled, password, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING \(User.columns)
        """

    private static let update = """
        UPDATE users SET display_name = $1, role = $2, groups = $3, language = $4, disabled = $5, generation = $6,
            password = coalesce($7, password), version = version + 1
        WHERE id = $8 AND version = $9 RETURNING \(User.columns)
        """

    private static let byID = "SELECT \(User.columns) FROM users WHERE id = $1"
    private static let byName = "SELECT \(User.columns), password FROM users WHERE name = $1"
    private static let page = "SELECT \(User.columns) FROM users WHERE id > $1 ORDER BY id LIMIT $2"
}

extension User {
    fileprivate static let columns =
        "id, name, display_name, role, groups, language, disabled, generation, version, created_at"

    fileprivate init(_ row: PostgresRow) throws(StoreError) {
        guard let name = UserName(row.text(1)) else {
            throw StoreError(.corrupted, during: "read user", detail: "user \(row.int64(0))")
        }
        self.init(
            id: UserID(rawValue: row.int64(0)),
            name: name,
            displayName: row.text(2),
            role: try row.word(3, of: "role"),
            groups: try GroupText.read(row.optionalText(4)),
            language: row.optionalText(5),
            isDisabled: row.bool(6),
            generation: row.int64(7),
            version: row.int64(8),
            createdAt: row.moment(9)
        )
    }
}
