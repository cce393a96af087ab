package import Groundwork

/// Where API keys are kept, as hashes.
package protocol ApiKeyStore: Sendable {
    /// Adds a key.
    ///
    /// - Throws: `StoreError` of code `.full` when the user has `limit` keys already.
    func add(_ key: NewApiKey, limit: Int) async throws(StoreError) -> ApiKey

    /// The keys of a user, the oldest first.
    func keys(of user: UserID) async throws(StoreError) -> [ApiKey]

    /// The key of that hash; nil when there is none.
    func key(hash: String) async throws(StoreError) -> ApiKey?

    /// Removes a key of a user; false when the user has none of that number.
    func remove(_ id: KeyID, of user: UserID) async throws(StoreError) -> Bool
}

/// A key that the store has yet to number.
package struct NewApiKey: Hashable, Sendable {
    package let user: UserID
    package let name: String
    /// What is kept of its text.
    package let hash: String
    package let isReadOnly: Bool
    package let createdAt: Moment
    package let expiresAt: Moment

    package init(
        user: UserID,
        name: String,
        hash: String,
        isReadOnly: Bool,
        createdAt: Moment,
        expiresAt: Moment
    ) {
        self.user = user
        self.name = name
        self.hash = hash
        self.isReadOnly = isReadOnly
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
