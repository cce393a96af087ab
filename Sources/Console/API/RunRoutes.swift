import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// Runs, their ends, and the executors that have them.
struct RunRoutes {
    let runs: RunService
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/runs", list)
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
                RunFilter(
                    job: try query.optional("job"),
                    group: try query.optional("group"),
                    states: (try query.optional("state") as RunState.Name?).map { [$0] },
                    reasons: (try query.optional("reason") as RunReason?).map { [$0] },
                    address: (try query.optional("executor") as String?).map(ExecutorAddress.init(stored:)),
                    plannedFrom: try query.optional("plannedFrom"),
                    plannedBefore: try query.optional("plannedBefore")
                ),
                try query.optional("before") as RunID?,
                try query.limit()
            )
        }
        filter.permitted = try call.caller.groups.names
        let page = try await runs.list(filter, after: before, limit: limit)
        return .page(page.elements.map(\.json), next: .id(page.next))
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
