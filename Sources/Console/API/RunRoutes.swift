import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import People
import Scheduler

/// Runs, their ends, and the executors that have them.
struct RunRoutes {
    let runs: RunService
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/runs", list)
        api.route(.get, "api/v1/runs.csv", export)
        api.route(.get, "api/v1/runs/:id") { call in Answer(try await runs.run(call.id()).json) }
        api.route(.post, "api/v1/runs/:id/kill", kill)
        api.route(.get, "api/v1/executors") { call in
            let now = clock.now
            let groups = try call.caller.groups
            let executors = try await runs.executors().filter { groups.contains($0.group) }
            return Answer.page(executors.map { $0.json(at: now) })
        }
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        var (filter, before, limit) = try call.query { query in
            (
                try RunFilter(&query),
                try query.optional("before") as RunID?,
                try query.limit()
            )
        }
        filter.permitted = try call.caller.groups.names
        let page = try await runs.list(filter, after: before, limit: limit)
        return .page(page.elements.map(\.json), next: .id(page.next))
    }

    /// The newest runs that pass the filter as a file, read and written page by page.
    @Sendable private func export(_ call: Call) async throws -> Response {
        var filter = try call.query { try RunFilter(&$0) }
        filter.permitted = try call.caller.groups.names
        let chosen = filter
        // Read before the answer begins: what is wrong by now still gets a status of its own.
        let first = try await runs.list(chosen, limit: RunTable.page)
        let runs = runs
        let body = ResponseBody { writer in
            var table = RunTable()
            var page = first
            while true {
                table.append(page.elements)
                try await writer.write(ByteBuffer(bytes: table.takeBytes()))
                guard let next = page.next, table.rows < RunTable.limit else { break }
                page = try await runs.list(chosen, after: next, limit: RunTable.page)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv;charset=UTF-8",
                .contentDisposition: "attachment; filename=\"runs.csv\"",
            ],
            body: body
        )
    }

    /// Ends a run; one whose executor does not confirm stays open and is told as accepted.
    @Sendable private func kill(_ call: Call) async throws -> Answer {
        switch try await runs.kill(call.id()) {
        case .ended(let ended):
            Answer(["result": "ended", "runs": .list(ended.map { .id($0) }), "message": .null])
        case .alreadyEnded: Answer(["result": "already_ended", "runs": .list([]), "message": .null])
        case .requested(let why):
            Answer(
                ["result": "requested", "runs": .list([]), "message": .text(why)],
                status: .accepted
            )
        }
    }
}

extension RunFilter {
    /// Reads what a list is asked for.
    fileprivate init(_ query: inout Input) throws {
        let state: RunStateWord? = try query.optional("state")
        let reason: RunReason? = try query.optional("reason")
        let outcome: RunReason.Outcome? = try query.optional("outcome")
        guard reason == nil || outcome == nil else {
            throw InputFault(.outOfRange, field: "outcome", "must be missing where reason is given")
        }
        self.init(
            job: try query.optional("job"),
            group: try query.optional("group"),
            states: state?.states,
            reasons: reason.map { [$0] } ?? outcome.map { RunSearch.reasons($0) },
            address: (try query.optional("executor") as String?).map(ExecutorAddress.init(stored:)),
            plannedFrom: try query.optional("plannedFrom"),
            plannedBefore: try query.optional("plannedBefore")
        )
    }
}

/// A state, or all that are not the last.
private enum RunStateWord: String, CaseIterable, InputChoice {
    case planned, dispatching, running, ended, open

    var states: Set<RunState.Name> { RunState.Name(rawValue: rawValue).map { [$0] } ?? .open }
}

extension RunReason.Outcome: InputChoice {}
