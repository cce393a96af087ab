import Groundwork
import People
import PushEngine
import Scheduler

/// Jobs, when they fire, and their buttons.
struct JobPages: PageDesk {
    let parts: ConsoleParts

    private static let pageSize = 50
    private static let lastRuns = 10
    /// Of how many of its newest runs the page tells how late they were.
    private static let timedRuns = 500
    /// How many of the newest jobs the choice of groups is made from.
    private static let grouped = 500

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/jobs") { visit in
                .page(Page("jobs", .jobs, title: visit.say("nav-jobs"), try await list(visit)))
            },
            PageRoute("/jobs/:id") { visit in
                let detail = try await detail(visit)
                return .page(Page("job", .jobs, title: detail.name, detail))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/jobs/:id/trigger") { visit in
                let id: JobID = try visit.id()
                // Whoever was not asked for parameters sends none, and the job's own count.
                let params = visit.form["params"]?.replacing("\r\n", with: "\n")
                let address = visit.form["address"].flatMap { $0.isEmpty ? nil : $0 }
                visit.note.tell(try await parts.jobs.trigger(id, params: params, at: address))
                return ButtonAnswer("/runs", ["job": "\(id)"], done: "job-trigger")
            },
            PageRoute("/jobs/:id/enable") { visit in try await set(visit, enabled: true, done: "job-enable")
            },
            PageRoute("/jobs/:id/disable") { visit in
                try await set(visit, enabled: false, done: "job-disable")
            },
            PageRoute("/jobs/:id/delete") { visit in
                try await parts.jobs.remove(visit.id())
                return ButtonAnswer("/jobs", done: "job-delete")
            },
        ]
    }

    private func set(_ visit: Visit, enabled: Bool, done: String) async throws -> ButtonAnswer {
        let id: JobID = try visit.id()
        _ = try await parts.jobs.setEnabled(id, enabled)
        return ButtonAnswer(visit.query["at"] == "job" ? "/jobs/\(id)" : "/jobs", done: done)
    }

    private func list(_ visit: Visit) async throws -> JobList {
        let text = visit.text("q")
        let group = visit.text("group")
        let state = visit.text("state").flatMap(JobState.init(rawValue:)) ?? .all
        var filter = JobFilter(group: group, text: text, isEnabled: state.isEnabled)
        filter.permitted = visit.groups.names
        let page = try await parts.jobs.list(
            filter,
            after: visit.number("after").map { JobID(rawValue: $0) },
            limit: Self.pageSize
        )
        var rows: [JobRow] = []
        for job in page.elements {
            let last = try await runs(of: job, limit: 1, visit).first
            rows.append(JobRow(job, last: last, upcoming: upcoming(job), visit.say))
        }
        let known = try await parts.groups(of: parts.newestJobs(Self.grouped, visit.groups), in: visit.groups)
        let groups = Set(known).union(group.map { [$0] } ?? []).sorted()
        return JobList(
            jobs: rows,
            isEmpty: rows.isEmpty,
            search: text ?? "",
            groups: [FormField.Option(value: "", name: visit.say("all-groups"), isCurrent: group == nil)]
                + groups.map { FormField.Option(value: $0, name: $0, isCurrent: $0 == group) },
            state: state == .all ? nil : state.rawValue,
            choices: JobState.allCases.map { choice in
                var query = visit.query.filter { ["q", "group"].contains($0.key) && !$0.value.isEmpty }
                query["state"] = choice == .all ? nil : choice.rawValue
                return Choice(
                    name: visit.say("jobs-\(choice.rawValue)"),
                    path: "/jobs" + Visit.text(query),
                    isCurrent: choice == state
                )
            },
            hasSearch: text != nil || group != nil || state != .all,
            older: page.next.map { visit.address(with: "after", "\($0)") }
        )
    }

    private func detail(_ visit: Visit) async throws -> JobDetail {
        let job = try await parts.jobs.job(visit.id())
        let runs = try await runs(of: job, limit: Self.lastRuns, visit)
        let glance = ScheduleGlance(job.spec.schedule, from: job.nextTriggerAt, by: parts.jobs, visit.say)
        let lateness = try await parts.jobs.lateness(of: job.id, runs: Self.timedRuns)
        let kin = try await JobKin(of: job, among: visit.groups, in: parts.jobs)
        let groups = ExecutorGroups(try await parts.runs.executors())
        let living = groups.living(in: job.spec.group, at: parts.clock.now).map(\.address)
        return JobDetail(job, kin, runs: runs, living: living, lateness, glance, visit.say)
    }

    /// The newest runs of a job; not those that it had in a group that the reader does not see.
    private func runs(of job: Job, limit: Int, _ visit: Visit) async throws -> [JobRun] {
        var filter = RunFilter(job: job.id)
        filter.permitted = visit.groups.names
        return try await parts.runs.list(filter, limit: limit).elements
    }

    /// The next instants; of a fixed delay only the first is known before the run has ended.
    private func upcoming(_ job: Job) -> [Moment] {
        guard job.isEnabled, let next = job.nextTriggerAt else { return [] }
        guard job.spec.schedule.type != ScheduleType.fixedDelay.rawValue else { return [next] }
        let more = try? parts.jobs.preview(job.spec.schedule, from: next, count: 2)
        return [next] + (more?.instants ?? [])
    }
}

/// Which jobs a list shows by their switch.
enum JobState: String, CaseIterable {
    case all
    case enabled
    case disabled

    var isEnabled: Bool? {
        switch self {
        case .all: nil
        case .enabled: true
        case .disabled: false
        }
    }
}

/// The jobs, a page at a time.
struct JobList: Sendable {
    let jobs: [JobRow]
    let isEmpty: Bool
    let search: String
    let groups: [FormField.Option]
    /// The state that is chosen; nil for all.
    let state: String?
    let choices: [Choice]
    let hasSearch: Bool
    let older: String?
}

/// A job in the list.
struct JobRow: Sendable {
    let number: String
    let path: String
    let name: String
    let summary: String?
    let group: String
    let handler: String
    let route: String
    let schedule: ScheduleWords
    let upcoming: [Stamp]
    let chip: Chip
    let last: Last?
    let actions: [Action]

    /// Its newest run.
    struct Last: Sendable {
        let path: String
        let chip: Chip
        let planned: Stamp
    }

    init(_ job: Job, last run: JobRun?, upcoming: [Moment], _ say: Voice) {
        number = "\(job.id)"
        path = "/jobs/\(job.id)"
        name = job.spec.name
        summary = job.spec.summary.isEmpty ? nil : job.spec.summary
        group = job.spec.group
        handler = job.spec.code(say)
        route = say("route-\(job.spec.route.rawValue)")
        schedule = ScheduleWords(job.spec.schedule, say)
        self.upcoming = upcoming.map { say.stamp($0) }
        chip = job.isEnabled ? Chip(.good, say("job-enabled")) : Chip(.idle, say("job-disabled"))
        last = run.map { run in
            Last(path: "/runs/\(run.id)", chip: Chip(run, say), planned: say.stamp(run.plan.plannedAt))
        }
        actions = JobActions(job, say).inList
    }
}
