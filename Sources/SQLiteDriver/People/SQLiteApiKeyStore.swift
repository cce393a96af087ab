import GRDB
package import Groundwork
package import People

/// API keys in the scheduler's file.
package struct SQLiteApiKeyStore: ApiKeyStore {
    private let database: SchedulerDatabase

    package init(_ database: SchedulerDatabase) {
        self.database = database
    }

    package func add(_ key: NewApiKey, limit: Int) async throws(StoreError) -> ApiKey {
        try await database.write("add API key") { db in
            let count = try Int.fetchOne(db, sql: Self.count, arguments: [key.user.rawValue]) ?? 0
            guard count < limit else { throw StoreError(.full, during: "add API key") }
            let row = try Row.fetchOne(
                db,
                sql: Self.insert,
                arguments: [
                    key.user.rawValue, key.name, key.hash, key.isReadOnly,
                    key.createdAt.millisecondsSinceEpoch, key.expiresAt.millisecondsSinceEpoch,
                ]
            )
            guard let row else { throw StoreError(.corrupted, during: "add API key") }
            return ApiKey(row)
        }
    }

    package func keys(of user: UserID) async throws(StoreError) -> [ApiKey] {
        try await database.read("list API keys") { db in
            try Row.fetchAll(db, sql: Self.ofUser, arguments: [user.rawValue]).map { ApiKey($0) }
        }
    }

    package func key(hash: String) async throws(StoreError) -> ApiKey? {
        try await database.read("read API key") { db in
            try Row.fetchOne(db, sql: Self.byHash, arguments: [hash]).map { ApiKey($0) }
        }
    }

    package func remove(_ id: KeyID, of user: UserID) async throws(StoreError) -> Bool {
        try await database.write("remove API key") { db in
            try db.execute(sql: Self.delete, arguments: [id.rawValue, user.rawValue])
            return db.changesCount > 0
        }
    }

    private static let count = "SELECT count(*) FROM api_keys WHERE user_id = ?"

    private static let insert = """
        INSERT INTO api_keys (user_id, name, hash, read_only, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?) RETURNING *
        """

    private static let ofUser = "SELECT * FROM api_keys WHERE user_id = ? ORDER BY id"
    private static let byHash = "SELECT * FROM api_keys WHERE hash = ?"
    private static let delete = "DELETE FROM api_keys WHERE id = ? AND user_id = ?"
}

extension ApiKey {
    fileprivate init(_ row: Row) {
        self.init(
            id: KeyID(rawValue: row["id"]),
            user: UserID(rawValue: row["user_id"]),
            name: row["name"],
            isReadOnly: row["read_only"],
            createdAt: Moment(millisecondsSinceEpoch: row["created_at"]),
            expiresAt: Moment(millisecondsSinceEpoch: row["expires_at"])
        )
    }
}
