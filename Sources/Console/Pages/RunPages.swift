import Groundwork
import HTTPTypes
import People
import PushEngine
import Scheduler

/// Runs: the list, one run with its log live, and the button that ends it.
struct RunPages: PageDesk {
    let parts: ConsoleParts
    let renderer: PageRenderer

    private static let pageSize = 50
    /// How many jobs are shown to choose from.
    private static let mostJobs = 20

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/runs") { visit in
                .page(Page("runs", .runs, title: visit.say("nav-runs"), try await list(visit)))
            },
            PageRoute("/runs/:id") { visit in
                let detail = try await detail(visit)
                return .page(Page("run", .runs, title: detail.heading, detail))
            },
            PageRoute("/runs/:id/events") { visit in
                let id = try await parts.runs.run(visit.id()).id
                return .stream(
                    LiveRegion("run-live", for: visit, renderer: renderer, clock: parts.clock) { visit in
                        let run = try await parts.runs.run(id)
                        let model = RunDetail(
                            run,
                            job: try await name(of: run.plan.job, visit),
                            log: nil,
                            visit.say
                        )
                        return LiveRegion.Snapshot(model: model, isOver: !run.isOpen)
                    }
                )
            },
            PageRoute("/runs/:id/log") { visit in
                let run = try await parts.runs.run(visit.id())
                let from = visit.lastEventID.flatMap { Int($0) } ?? visit.number("from").map { Int($0) }
                return .stream(RunLogFeed(logs: parts.logs, run: run.id, from: from ?? 1))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/runs/:id/kill") { visit in
                let id: RunID = try visit.id()
                let done =
                    switch try await parts.runs.kill(id) {
                    case .ended: "run-ended"
                    case .alreadyEnded: "run-over"
                    case .requested: "run-asked"
                    }
                return ButtonAnswer("/runs/\(id)", done: done)
            }
        ]
    }

    private func list(_ visit: Visit) async throws -> RunList {
        let search = RunSearch(visit)
        let executors = try await parts.executors(of: visit.groups)
        let named = try await jobs(search.job, visit.groups)
        // A number also names a job that was removed since.
        let id = visit.number("job").map { JobID(rawValue: $0) } ?? named.first?.id
        let isClear = search.job.isEmpty || visit.number("job") != nil || named.count == 1
        var filter = try search.filter(job: id, by: parts.runs, at: visit.say.now)
        filter.permitted = visit.groups.names
        let after = visit.number("after").map { RunID(rawValue: $0) }
        let page =
            isClear
            ? try await parts.runs.list(filter, after: after, limit: Self.pageSize)
            : Scheduler.Page<JobRun, RunID>(elements: [], next: nil)
        var names = Dictionary(uniqueKeysWithValues: named.map { ($0.id, $0.spec.name) })
        for id in Set(page.elements.map(\.plan.job)) where names[id] == nil {
            names[id] = try await name(of: id, visit)
        }
        return RunList(
            runs: page.elements.map { RunRow($0, job: names[$0.plan.job], visit.say) },
            form: RunForm(search, executors: executors, visit.say),
            job: named.count == 1 ? named.first?.spec.name : nil,
            jobs: isClear ? [] : named.map { RunList.job($0, visit) },
            export: RunSearch.query(filter, search),
            clear: RunClearPages.path(job: isClear ? filter.job : nil, group: filter.group),
            older: page.next.map { visit.address(with: "after", "\($0)") }
        )
    }

    /// The jobs that a text may mean: one by its number or its exact name, else all that have it somewhere.
    private func jobs(_ text: String, _ groups: GroupScope) async throws -> [Job] {
        guard !text.isEmpty else { return [] }
        if let number = Int64(text), number > 0 { return try await jobs(JobID(rawValue: number), groups) }
        let cells = text.split(separator: "/", maxSplits: 1).map(String.init)
        let whole = JobFilter(group: cells.count == 2 ? cells[0] : nil, name: cells.last)
        for var filter in [JobFilter(name: text), whole, JobFilter(text: text)] {
            filter.permitted = groups.names
            let found = try await parts.jobs.list(filter, limit: Self.mostJobs).elements
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The job of that number; none when it was removed since, or is none that the reader sees.
    private func jobs(_ id: JobID, _ groups: GroupScope) async throws -> [Job] {
        do {
            let job = try await parts.jobs.job(id)
            return groups.contains(job.spec.group) ? [job] : []
        } catch SchedulerError.notFound { return [] }
    }

    private func detail(_ visit: Visit) async throws -> RunDetail {
        let run = try await parts.runs.run(visit.id())
        let from = visit.number("from").map { Int($0) } ?? 1
        let log: RunDetail.Log
        do { log = RunDetail.Log(try await parts.logs.page(run.id, from: from), of: run.id) } catch {
            log = RunDetail.Log(Trouble(error), of: run.id, from: from)
        }
        return RunDetail(run, job: try await name(of: run.plan.job, visit), log: log, visit.say)
    }

    /// What the job is called; nil when it was removed since, or is none that the reader sees.
    private func name(of id: JobID, _ visit: Visit) async throws -> String? {
        try await jobs(id, visit.groups).first?.spec.name
    }
}

/// Follows a run's log until it is complete.
struct RunLogFeed: EventFeed {
    let logs: RunLogReader
    let run: RunID
    let from: Int

    /// How long to wait for further lines.
    private static let interval = Duration.seconds(1)
    /// How long to leave an executor alone that did not answer.
    private static let troubleInterval = Duration.seconds(5)
    /// After so many waits without a line the page is told that there is none.
    private static let beatEvery = 5

    @concurrent
    func run(into stream: inout EventStream) async throws {
        var next = from
        var quiet = 0
        while true {
            switch await page(from: next) {
            case .success(let page) where !page.text.isEmpty:
                (next, quiet) = (page.next, 0)
                try await stream.send("lines", ["text": .text(page.text)], id: "\(next)")
                if page.isComplete { return try await stream.send("end") }
            case .success(let page) where page.isComplete:
                return try await stream.send("end")
            case .success:
                quiet += 1
                if quiet.isMultiple(of: Self.beatEvery) { try await stream.send("beat") }
                try await stream.pause(Self.interval)
            case .failure(let trouble):
                try await stream.send("trouble", ["message": .text(trouble.cause)])
                if trouble.status == .notFound { return try await stream.send("end") }
                try await stream.pause(Self.troubleInterval)
            }
        }
    }

    private func page(from line: Int) async -> Result<RunLogPage, Trouble> {
        do { return .success(try await logs.page(run, from: line)) } catch { return .failure(Trouble(error)) }
    }
}
