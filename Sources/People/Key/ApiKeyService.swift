package import Groundwork

/// What users do with API keys of their own.
package struct ApiKeyService: Sendable {
    private let keys: any ApiKeyStore
    private let users: UserService
    private let clock: any WallClock

    /// The most keys of one user.
    package static let limit = 20
    /// For how many days a key may count.
    package static let days = 1...366
    private static let nameLimit = 64

    package init(keys: any ApiKeyStore, users: UserService, clock: any WallClock) {
        self.keys = keys
        self.users = users
        self.clock = clock
    }

    /// Makes a key.
    ///
    /// - Parameters:
    ///   - user: whose it is.
    ///   - name: what the user calls it.
    ///   - days: for how long it counts.
    ///   - isReadOnly: whether nothing can be changed with it.
    /// - Returns: the key, and its text, which nobody can be told again.
    /// - Throws: `PeopleError.invalid` naming the field, `.conflict` when the user has too many.
    package func make(
        for user: UserID,
        name: String,
        days: Int,
        isReadOnly: Bool
    ) async throws(PeopleError) -> (key: ApiKey, text: Secret) {
        let name = name.trimmingBlanks
        guard (1...Self.nameLimit).contains(name.count) else {
            throw .invalid("name", "has 1 to \(Self.nameLimit) characters")
        }
        guard Self.days.contains(days) else {
            throw .invalid("days", "is from \(Self.days.lowerBound) to \(Self.days.upperBound)")
        }
        let text = KeyText.draw()
        let now = clock.now
        let new = NewApiKey(
            user: user,
            name: name,
            hash: KeyText.hash(text) ?? "",
            isReadOnly: isReadOnly,
            createdAt: now,
            expiresAt: now + .seconds(86_400 * days)
        )
        do {
            let key = try await keys.add(new, limit: Self.limit)
            return (key, text)
        } catch {
            guard error.code == .full else { throw .store(error) }
            throw .conflict("there are \(Self.limit) keys already; withdraw one first")
        }
    }

    /// The keys of a user, the oldest first, also those that count no more.
    ///
    /// - Throws: `PeopleError.store`.
    package func list(of user: UserID) async throws(PeopleError) -> [ApiKey] {
        try await users.storing { () async throws(StoreError) in try await keys.keys(of: user) }
    }

    /// Withdraws a key: from now on it counts for nobody.
    ///
    /// - Throws: `PeopleError.notFound` when the user has no such key.
    package func withdraw(_ id: KeyID, of user: UserID) async throws(PeopleError) {
        let isGone = try await users.storing { () async throws(StoreError) in
            try await keys.remove(id, of: user)
        }
        guard isGone else { throw .notFound("key \(id)") }
    }

    /// Whose key a text is, as the user is now; nil when it is none, counts no more, or the user is disabled.
    ///
    /// - Throws: `PeopleError.store`.
    package func holder(of text: Secret) async throws(PeopleError) -> (user: User, key: ApiKey)? {
        guard let hash = KeyText.hash(text) else { return nil }
        let found = try await users.storing { () async throws(StoreError) in try await keys.key(hash: hash) }
        guard let key = found, key.expiresAt > clock.now else { return nil }
        let user = try await users.user(key.user)
        guard !user.isDisabled else { return nil }
        return (user, key)
    }
}
