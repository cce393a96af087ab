package import Groundwork
package import People

/// API keys beside the scheduler's tables.
package struct PostgresApiKeyStore: ApiKeyStore {
    private let pool: PostgresPool

    package init(_ database: PostgresSchedulerDatabase) {
        pool = database.pool
    }

    package func add(_ key: NewApiKey, limit: Int) async throws(StoreError) -> ApiKey {
        try await pool.write("add API key") { link in
            // Two that add at once are counted one after the other.
            _ = try link.run(Self.lock, .int(key.user.rawValue))
            let count = try link.run(Self.count, .int(key.user.rawValue)).first?.int(0) ?? 0
            guard count < limit else { throw StoreError(.full, during: "add API key") }
            let rows = try link.run(
                Self.insert,
                .int(key.user.rawValue),
                .text(key.name),
                .text(key.hash),
                .bool(key.isReadOnly),
                .int(key.createdAt.millisecondsSinceEpoch),
                .int(key.expiresAt.millisecondsSinceEpoch)
            )
            guard let row = rows.first else { throw StoreError(.corrupted, during: "add API key") }
            return ApiKey(row)
        }
    }

    package func keys(of user: UserID) async throws(StoreError) -> [ApiKey] {
        try await pool.single("list API keys") { link in
            try link.run(Self.ofUser, .int(user.rawValue)).map { ApiKey($0) }
        }
    }

    package func key(hash: String) async throws(StoreError) -> ApiKey? {
        try await pool.single("read API key") { link in
            try link.run(Self.byHash, .text(hash)).first.map { ApiKey($0) }
        }
    }

    package func remove(_ id: KeyID, of user: UserID) async throws(StoreError) -> Bool {
        try await pool.write("remove API key") { link in
            try !link.run(Self.delete, .int(id.rawValue), .int(user.rawValue)).isEmpty
        }
    }

    private static let lock = "SELECT id FROM users WHERE id = $1 FOR UPDATE"
    private static let count = "SELECT count(*) FROM api_keys WHERE user_id = $1"

    private static let insert = """
        INSERT INTO api_keys (user_id, name, hash, read_only, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING \(ApiKey.columns)
        """

    private static let ofUser = "SELECT \(ApiKey.columns) FROM api_keys WHERE user_id = $1 ORDER BY id"
    private static let byHash = "SELECT \(ApiKey.columns) FROM api_keys WHERE hash = $1"
    private static let delete = "DELETE FROM api_keys WHERE id = $1 AND user_id = $2 RETURNING id"
}

extension ApiKey {
    fileprivate static let columns = "id, user_id, name, read_only, created_at, expires_at"

    fileprivate init(_ row: PostgresRow) {
        self.init(
            id: KeyID(rawValue: row.int64(0)),
            user: UserID(rawValue: row.int64(1)),
            name: row.text(2),
            isReadOnly: row.bool(3),
            createdAt: row.moment(4),
            expiresAt: row.moment(5)
        )
    }
}
