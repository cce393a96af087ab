package import Groundwork

/// What administrators and users do with users.
package struct UserService: Sendable {
    let users: any UserStore
    let hasher: PasswordHasher
    let clock: any WallClock

    package init(users: any UserStore, hasher: PasswordHasher, clock: any WallClock) {
        self.users = users
        self.hasher = hasher
        self.clock = clock
    }

    /// The users by id, those after `after`.
    ///
    /// - Throws: `PeopleError.store`.
    package func list(after: UserID? = nil, limit: Int = 50) async throws(PeopleError) -> [User] {
        try await storing { () async throws(StoreError) in
            try await users.users(after: after, limit: min(max(1, limit), 500))
        }
    }

    /// The user.
    ///
    /// - Throws: `PeopleError.notFound` when there is none.
    package func user(_ id: UserID) async throws(PeopleError) -> User {
        guard let user = try await find(id) else { throw .notFound("user \(id)") }
        return user
    }

    /// The user whose session was opened in `generation`; nil when it has ended, or the user is disabled.
    ///
    /// - Throws: `PeopleError.store`.
    package func signedIn(_ id: UserID, generation: Int64) async throws(PeopleError) -> User? {
        guard let user = try await find(id), !user.isDisabled, user.generation == generation else {
            return nil
        }
        return user
    }

    /// Adds a user.
    ///
    /// - Throws: `PeopleError.invalid` naming the field, or `.conflict` when the name is taken.
    package func create(
        _ name: String,
        _ draft: UserDraft,
        password: Secret
    ) async throws(PeopleError) -> User {
        guard let name = UserName(name) else {
            throw .invalid(
                "name",
                "has 2 to 32 of a-z, 0-9, '.', '-', '_', begins with a letter and is not \(UserName.token)"
            )
        }
        try draft.check()
        try PasswordRule.check(password, of: name, field: "password")
        let hash = try await hasher.hash(password)
        do {
            return try await users.add(
                NewUser(name: name, draft: draft, password: hash, createdAt: clock.now)
            )
        } catch {
            throw error.code == .conflict ? .conflict("the name \(name) is taken") : .store(error)
        }
    }

    /// Replaces what an administrator decides, and the password where one is given; `version` is the one that was
    /// looked at.
    ///
    /// Another role, other groups, another password, or being disabled end the user's sessions at once.
    ///
    /// - Throws: `PeopleError.invalid` naming the field, `.conflict` when the user was changed since.
    package func update(
        _ id: UserID,
        version: Int64,
        to draft: UserDraft,
        password: Secret? = nil
    ) async throws(PeopleError) -> User {
        var user = try await user(id)
        guard user.version == version else { throw Self.changed(id) }
        try draft.check()
        var hash: PasswordHash?
        if let password {
            try PasswordRule.check(password, of: user.name, field: "password")
            hash = try await hasher.hash(password)
        }
        let endsSessions =
            hash != nil || draft.role != user.role || draft.groups != user.groups
            || draft.isDisabled != user.isDisabled
        user.displayName = draft.displayName
        user.role = draft.role
        user.groups = draft.groups
        user.language = draft.language
        user.isDisabled = draft.isDisabled
        if endsSessions { user.generation += 1 }
        return try await replace(user, password: hash)
    }

    /// Changes a user's own password, which ends the user's sessions, also the one that asks.
    ///
    /// - Returns: the user in the generation that a new session is opened in.
    /// - Throws: `PeopleError.invalid` with `current` when it is not the password so far, with `password` when the new
    ///   one is not taken.
    package func changePassword(
        of id: UserID,
        from current: Secret,
        to password: Secret
    ) async throws(PeopleError) -> User {
        var user = try await user(id)
        try PasswordRule.check(password, of: user.name, field: "password")
        let name = user.name
        let kept = try await storing { () async throws(StoreError) in try await users.credentials(of: name) }
        guard try await hasher.compare(current, with: kept?.password) != .wrong else {
            throw .invalid("current", "is not the password so far")
        }
        user.generation += 1
        return try await replace(user, password: try await hasher.hash(password))
    }

    private func find(_ id: UserID) async throws(PeopleError) -> User? {
        try await storing { () async throws(StoreError) in try await users.user(id) }
    }

    func replace(_ user: User, password: PasswordHash?) async throws(PeopleError) -> User {
        do { return try await users.replace(user, password: password) } catch {
            switch error.code {
            case .conflict: throw Self.changed(user.id)
            case .notFound: throw .notFound("user \(user.id)")
            default: throw .store(error)
            }
        }
    }

    func storing<Result>(
        _ body: () async throws(StoreError) -> Result
    ) async throws(PeopleError) -> Result {
        do { return try await body() } catch { throw .store(error) }
    }

    private static func changed(_ id: UserID) -> PeopleError { .conflict("user \(id) was changed meanwhile") }
}
