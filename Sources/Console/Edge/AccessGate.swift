import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// Decides who gets in where, for the API and the pages alike.
struct AccessGate: Sendable {
    private let users: UserService
    private let jobs: JobService
    private let runs: RunService
    private let groups: GroupService

    init(_ parts: ConsoleParts) {
        users = parts.users
        jobs = parts.jobs
        runs = parts.runs
        groups = parts.groups
    }

    /// Whose session it is, as the user is now; nil when it has ended.
    ///
    /// - Throws: `PeopleError.store`.
    func caller(of session: Session) async throws -> Caller? {
        switch session.holder {
        case .token: .token
        case .user(let id, let generation):
            try await users.signedIn(id, generation: generation).map { Caller($0) }
        }
    }

    /// Lets a caller pass to what the request's address leads to.
    ///
    /// - Throws: `Forbidden` for what the caller may see and not do; what a missing thing throws for one of a group that
    ///   the caller may not see.
    func check(_ caller: Caller, _ request: Request, _ context: ConsoleContext) async throws {
        let path = context.endpointPath ?? request.uri.path
        let need = AccessRules.need(request.method, path) ?? .admin
        // What may not be seen is told not to be there, also to those who could do nothing with it.
        if caller.groups != .all {
            try await check(caller, AccessRules.belonging(request.method, path), context.parameters.get("id"))
        }
        guard !caller.isReadOnly || request.method == .get || request.method == .head else {
            throw Forbidden("nothing can be changed with this key")
        }
        guard caller.role >= need else {
            throw Forbidden("this needs the role \(need.rawValue); yours is \(caller.role.rawValue)")
        }
    }

    private func check(_ caller: Caller, _ belonging: AccessRules.Belonging, _ text: String?) async throws {
        // What is no number is refused by the route, in its own words.
        let number = text.flatMap { Int64($0) }
        switch belonging {
        case .none, .several: return
        case .unknown: throw Forbidden("this shows all executor groups, and you see some of them")
        case .job:
            guard let id = number.map(JobID.init(rawValue:)) else { return }
            let job = try await jobs.job(id)
            guard caller.groups.contains(job.spec.group) else { throw SchedulerError.notFound("job \(id)") }
        case .run:
            guard let id = number.map(RunID.init(rawValue:)) else { return }
            let run = try await runs.run(id)
            guard caller.groups.contains(run.plan.terms.group) else {
                throw SchedulerError.notFound("run \(id)")
            }
        case .group:
            guard let id = number.map(GroupID.init(rawValue:)) else { return }
            let group = try await groups.group(id)
            guard caller.groups.contains(group.name) else {
                throw SchedulerError.notFound("executor group \(id)")
            }
        }
    }
}
