package import Groundwork

/// Names one user.
package struct UserID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package var description: String { "\(rawValue)" }

    package static func < (left: UserID, right: UserID) -> Bool { left.rawValue < right.rawValue }
}

/// Somebody who may sign in.
package struct User: Hashable, Sendable, Identifiable {
    package let id: UserID
    /// What is typed at sign-in; never changes and is never given to somebody else.
    package let name: UserName
    package var displayName: String
    package var role: Role
    /// The executor groups whose jobs, runs and executors the user sees.
    package var groups: GroupScope
    /// The language of the pages as they are first shown, such as `en`; nil for the browser's.
    package var language: String?
    package var isDisabled: Bool
    /// Grows when all sessions of the user are to end: a session counts while it was opened in the same one.
    package var generation: Int64
    /// Grows with each change of the row.
    package let version: Int64
    package let createdAt: Moment

    package init(
        id: UserID,
        name: UserName,
        displayName: String,
        role: Role,
        groups: GroupScope,
        language: String?,
        isDisabled: Bool,
        generation: Int64,
        version: Int64,
        createdAt: Moment
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.role = role
        self.groups = groups
        self.language = language
        self.isDisabled = isDisabled
        self.generation = generation
        self.version = version
        self.createdAt = createdAt
    }
}
