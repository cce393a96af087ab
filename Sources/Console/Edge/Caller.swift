import People
import Scheduler

/// Who asks for something: a user, or whoever has the API token.
struct Caller: Hashable, Sendable {
    /// As the audit and the pages call them.
    let name: String
    /// Nil for the API token.
    let user: UserID?
    let role: Role
    let groups: GroupScope

    /// Whoever has the API token; may do everything.
    static let token = Caller(name: UserName.token, user: nil, role: .admin, groups: .all)

    init(_ user: User) {
        self.init(name: user.name.text, user: user.id, role: user.role, groups: user.groups)
    }

    private init(name: String, user: UserID?, role: Role, groups: GroupScope) {
        self.name = name
        self.user = user
        self.role = role
        self.groups = groups
    }

    /// Refuses a job that the caller could not see, or whose end triggers one that the caller cannot see.
    ///
    /// - Throws: `Forbidden` naming the group.
    func check(_ spec: JobSpec) throws(Forbidden) {
        let children = spec.children.map { $0.job.within(spec.group).group }
        for group in [spec.group] + children where !groups.contains(group) {
            throw Forbidden("the executor group \(group) is none of yours")
        }
    }
}

/// The caller is known, and may not do that.
struct Forbidden: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
