import Groundwork
import People
import PushEngine
import Scheduler

/// Looks at the things that acts are done to, as the audit trail tells of them: what they are called, and what of them
/// people decide.
struct AuditSubjects: Sendable {
    private let jobs: JobService
    private let runs: RunService
    private let groups: GroupService
    private let users: UserService
    private let templates: any TemplateStore
    private let campaigns: any CampaignStore
    private let accounts: any AccountStore

    init(_ parts: ConsoleParts) {
        jobs = parts.jobs
        runs = parts.runs
        groups = parts.groups
        users = parts.users
        templates = parts.templates
        campaigns = parts.crowds
        accounts = parts.accounts
    }

    /// A look at a thing; nothing secret is in it.
    struct Look: Hashable, Sendable {
        let name: String
        let json: WireObject
    }

    /// Looks at a thing now; nil where there is none, and for kinds of which nothing is told.
    ///
    /// - Throws: what reading it throws, unless it is not there.
    func look(_ kind: String, _ text: String) async throws -> Look? {
        guard let number = Int64(text), number > 0 else { return nil }
        do {
            switch kind {
            case "jobs": return Look(try await jobs.job(JobID(rawValue: number)))
            case "runs": return Look(try await runs.run(RunID(rawValue: number)))
            case "groups":
                let group = try await groups.group(GroupID(rawValue: number))
                return Look(name: group.name, json: group.record)
            case "users":
                let user = try await users.user(UserID(rawValue: number))
                return Look(name: user.name.text, json: user.json)
            case "templates":
                let template = try await templates.template(TemplateID(rawValue: number))
                return template.map { Look(name: $0.latest.draft.name, json: $0.json) }
            case "campaigns":
                let campaign = try await campaigns.campaign(CampaignID(rawValue: number))
                return campaign.map { Look(name: $0.draft.name, json: $0.json) }
            case "accounts":
                let account = try await accounts.accounts().first { $0.id.rawValue == number }
                return account.map { Look(name: $0.name, json: $0.json) }
            default: return nil
            }
        } catch SchedulerError.notFound { return nil } catch PeopleError.notFound { return nil }
    }
}

extension AuditSubjects.Look {
    /// What the scheduler itself writes into a job is nobody's act.
    private static let ownMembers: Set = ["lastTriggerAt", "nextTriggerAt", "startedAt"]

    fileprivate init(_ job: Job) {
        var json = WireObject()
        for member in job.json.members where !Self.ownMembers.contains(member.key) {
            json.append(member.key, member.value)
        }
        self.init(name: "\(job.spec.fullName)", json: json)
    }

    fileprivate init(_ run: JobRun) {
        self.init(
            name: "\(run.plan.terms.group)/\(run.plan.job)",
            json: [
                "job": .id(run.plan.job), "state": .text(run.state.name.rawValue),
                "reason": .optional(run.end?.reason.rawValue),
                "killRequestedAt": .instant(run.killRequestedAt),
            ]
        )
    }
}
