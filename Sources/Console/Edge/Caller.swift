import Groundwork
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
    /// Whether the caller shows a key with which nothing can be changed.
    let isReadOnly: Bool

    /// Whoever has the API token; may do everything.
    static let token = Caller(name: UserName.token, user: nil, role: .admin, groups: .all)

    /// A user, signed in or with a key of the user's own.
    init(_ user: User, with key: ApiKey? = nil) {
        self.init(
            name: user.name.text,
            user: user.id,
            role: user.role,
            groups: user.groups,
            isReadOnly: key?.isReadOnly ?? false
        )
    }

    private init(name: String, user: UserID?, role: Role, groups: GroupScope, isReadOnly: Bool = false) {
        self.name = name
        self.user = user
        self.role = role
        self.groups = groups
        self.isReadOnly = isReadOnly
    }

    /// Refuses a job that the caller could not see, or whose end triggers one that the caller cannot see.
    ///
    /// - Parameters:
    ///   - spec: the job as the caller wants it.
    ///   - old: the job as it is; what it triggers already may stay, when and as it is triggered. Nil for a new one.
    /// - Throws: `Forbidden` naming the group.
    func check(_ spec: JobSpec, over old: JobSpec? = nil) throws(Forbidden) {
        let kept = Set(old.map(Self.children(of:)) ?? [])
        let children = Self.children(of: spec).filter { !kept.contains($0) }.map(\.job.group)
        for group in [spec.group] + children { try check(group) }
    }

    /// Refuses runs of a group that the caller cannot see, and of all groups where those are not the caller's.
    ///
    /// - Throws: `Forbidden`; what a missing job throws for one of a foreign group.
    func check(_ scope: RunScope, _ jobs: JobService) async throws {
        guard groups != .all else { return }
        switch scope {
        case .all: throw Forbidden("name a job or an executor group: you see some of the groups")
        case .group(let group): try check(group)
        case .job(let id):
            let job = try await jobs.job(id)
            guard groups.contains(job.spec.group) else { throw SchedulerError.notFound("job \(id)") }
            var after: Int64?
            repeat {
                let versions = try await jobs.versions(of: id, after: after, limit: 500)
                // The runs of then are not the caller's.
                guard versions.elements.allSatisfy({ groups.contains($0.version.spec.group) }) else {
                    throw Forbidden("the job was of a group that you do not see: name a group")
                }
                after = versions.next
            } while after != nil
        }
    }

    /// Refuses to make of a job what it was, where that is of a group that the caller cannot see or triggers such a job.
    ///
    /// - Parameters:
    ///   - number: the version that is to be restored.
    ///   - id: the job.
    ///   - jobs: knows the jobs.
    /// - Throws: `Forbidden`; `SchedulerError.notFound` for a version that the caller cannot see.
    func check(restoring number: Int64, of id: JobID, _ jobs: JobService) async throws {
        let version = try await jobs.version(number, of: id, seenBy: groups)
        try check(version.spec, over: try await jobs.job(id).spec)
    }

    private func check(_ group: String) throws(Forbidden) {
        guard groups.contains(group) else { throw Forbidden("the executor group \(group) is none of yours") }
    }

    private static func children(of spec: JobSpec) -> [ChildJob] {
        spec.children.map { $0.within(spec.group) }
    }
}

/// The caller is known, and may not do that.
struct Forbidden: Error {
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}

extension JobService {
    /// A version of a job for somebody who sees some groups: what the job was in a foreign one is not there.
    ///
    /// - Parameters:
    ///   - number: the version.
    ///   - id: the job.
    ///   - groups: the groups that may be seen.
    /// - Returns: the version.
    /// - Throws: `SchedulerError.notFound`.
    func version(_ number: Int64, of id: JobID, seenBy groups: GroupScope) async throws -> JobVersion {
        let version = try await version(number, of: id)
        guard groups.contains(version.spec.group) else {
            throw SchedulerError.notFound("version \(number) of job \(id)")
        }
        return version
    }
}
