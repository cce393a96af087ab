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
        var filter = RunFilter(job: visit.number("job").map { JobID(rawValue: $0) })
        let state = visit.text("state") ?? "all"
        switch state {
        case "open": filter.states = .open
        case "failed": filter.reasons = Set(RunReason.allCases.filter { $0.outcome == .failed })
        default: break
        }
        filter.permitted = visit.groups.names
        let after = visit.number("after").map { RunID(rawValue: $0) }
        let page = try await parts.runs.list(filter, after: after, limit: Self.pageSize)
        var names: [JobID: String] = [:]
        for id in Set(page.elements.map(\.plan.job)).union(filter.job.map { [$0] } ?? []) {
            names[id] = try await name(of: id, visit)
        }
        return RunList(
            runs: page.elements.map { RunRow($0, job: names[$0.plan.job], visit.say) },
            isEmpty: page.elements.isEmpty,
            job: filter.job.map { names[$0] ?? "\($0)" },
            choices: ["all", "open", "failed"]
                .map { choice in
                    var query = ["state": choice]
                    query["job"] = filter.job.map { "\($0)" }
                    return Choice(
                        name: visit.say("runs-\(choice)"),
                        path: "/runs" + Visit.text(query),
                        isCurrent: choice == state
                    )
                },
            older: page.next.map { visit.address(with: "after", "\($0)") }
        )
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
        do {
            let spec = try await parts.jobs.job(id).spec
            return visit.groups.contains(spec.group) ? spec.name : nil
        } catch SchedulerError.notFound { return nil }
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
