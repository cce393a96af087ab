package import Groundwork

/// Where users are kept.
package protocol UserStore: Sendable {
    /// Adds a user.
    ///
    /// - Returns: the user, numbered, of version 1 and generation 1.
    /// - Throws: `StoreError` of code `.conflict` when the name is taken.
    func add(_ user: NewUser) async throws(StoreError) -> User

    /// The user; nil when there is none.
    func user(_ id: UserID) async throws(StoreError) -> User?

    /// The user of that name and the hash of the password; nil when there is none.
    func credentials(of name: UserName) async throws(StoreError) -> Credentials?

    /// The users by id, those after `after`, at most `limit`.
    func users(after: UserID?, limit: Int) async throws(StoreError) -> [User]

    /// Replaces all of a user but name and id, and the password too where there is one.
    ///
    /// - Returns: the user, with the next version.
    /// - Throws: `StoreError` of code `.conflict` when it has another version by now, `.notFound` when there is none.
    func replace(_ user: User, password: PasswordHash?) async throws(StoreError) -> User
}

/// A user that the store has yet to number.
package struct NewUser: Hashable, Sendable {
    package let name: UserName
    package let draft: UserDraft
    package let password: PasswordHash
    package let createdAt: Moment

    package init(name: UserName, draft: UserDraft, password: PasswordHash, createdAt: Moment) {
        self.name = name
        self.draft = draft
        self.password = password
        self.createdAt = createdAt
    }
}

/// A user, and what the password is compared with.
package struct Credentials: Hashable, Sendable {
    package let user: User
    package let password: PasswordHash

    package init(user: User, password: PasswordHash) {
        self.user = user
        self.password = password
    }
}
