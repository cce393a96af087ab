import Groundwork
import People
import PushEngine
import Scheduler

/// Jobs, when they fire, and their buttons.
struct JobPages: PageDesk {
    let parts: ConsoleParts

    private static let pageSize = 50

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/jobs") { visit in
                .page(Page("jobs", .jobs, title: visit.say("nav-jobs"), try await list(visit)))
            }
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/jobs/:id/trigger") { visit in
                let id: JobID = try visit.id()
                _ = try await parts.jobs.trigger(id)
                return ButtonAnswer("/runs", ["job": "\(id)"], done: "job-trigger")
            },
            PageRoute("/jobs/:id/enable") { visit in
                _ = try await parts.jobs.setEnabled(visit.id(), true)
                return ButtonAnswer("/jobs", done: "job-enable")
            },
            PageRoute("/jobs/:id/disable") { visit in
                _ = try await parts.jobs.setEnabled(visit.id(), false)
                return ButtonAnswer("/jobs", done: "job-disable")
            },
        ]
    }

    private func list(_ visit: Visit) async throws -> JobList {
        let text = visit.text("q")
        var filter = JobFilter(text: text)
        filter.permitted = visit.groups.names
        let page = try await parts.jobs.list(
            filter,
            after: visit.number("after").map { JobID(rawValue: $0) },
            limit: Self.pageSize
        )
        var rows: [JobRow] = []
        for job in page.elements {
            let last = try await parts.runs.list(RunFilter(job: job.id), limit: 1).elements.first
            rows.append(JobRow(job, last: last, upcoming: upcoming(job), visit.say))
        }
        return JobList(
            jobs: rows,
            isEmpty: rows.isEmpty,
            search: text ?? "",
            hasSearch: text != nil,
            older: page.next.map { visit.address(with: "after", "\($0)") }
        )
    }

    /// The next instants; of a fixed delay only the first is known before the run has ended.
    private func upcoming(_ job: Job) -> [Moment] {
        guard job.isEnabled, let next = job.nextTriggerAt else { return [] }
        guard job.spec.schedule.type != ScheduleType.fixedDelay.rawValue else { return [next] }
        let more = try? parts.jobs.preview(job.spec.schedule, from: next, count: 2)
        return [next] + (more?.instants ?? [])
    }
}

/// The jobs, a page at a time.
struct JobList: Sendable {
    let jobs: [JobRow]
    let isEmpty: Bool
    let search: String
    let hasSearch: Bool
    let older: String?
}

/// A job in the list.
struct JobRow: Sendable {
    let number: String
    let name: String
    let summary: String?
    let group: String
    let handler: String
    let route: String
    let schedule: ScheduleWords
    let upcoming: [Stamp]
    let chip: Chip
    let last: Last?
    let runs: String
    let actions: [Action]

    /// Its newest run.
    struct Last: Sendable {
        let path: String
        let chip: Chip
        let planned: Stamp
    }

    init(_ job: Job, last run: JobRun?, upcoming: [Moment], _ say: Voice) {
        number = "\(job.id)"
        name = job.spec.name
        summary = job.spec.summary.isEmpty ? nil : job.spec.summary
        group = job.spec.group
        handler = job.spec.handler
        route = say("route-\(job.spec.route.rawValue)")
        schedule = ScheduleWords(job.spec.schedule, say)
        self.upcoming = upcoming.map { say.stamp($0) }
        chip = job.isEnabled ? Chip(.good, say("job-enabled")) : Chip(.idle, say("job-disabled"))
        last = run.map { run in
            Last(path: "/runs/\(run.id)", chip: Chip(run, say), planned: say.stamp(run.plan.plannedAt))
        }
        runs = "/runs?job=\(job.id)"
        let path = "/jobs/\(job.id)"
        let trigger = Action(
            "\(path)/trigger",
            say("trigger"),
            .good,
            question: say("trigger-question", ["name": job.spec.name]),
            effect: say("trigger-effect")
        )
        let toggle =
            job.isEnabled
            ? Action(
                "\(path)/disable",
                say("disable"),
                .bad,
                question: say("disable-question", ["name": job.spec.name]),
                effect: say("disable-effect")
            )
            : Action(
                "\(path)/enable",
                say("enable"),
                .good,
                question: say("enable-question", ["name": job.spec.name])
            )
        actions = [trigger, toggle]
    }
}
