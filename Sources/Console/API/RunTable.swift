import Groundwork
import Scheduler

extension Spreadsheet where Element == JobRun {
    /// Runs as a file.
    static var runs: Spreadsheet {
        Spreadsheet(
            [
                "run", "job", "group", "handler", "trigger", "shard", "shards", "attempt", "planned",
                "dispatched", "started", "ended", "state", "outcome", "reason", "executor", "params",
                "message",
            ],
            cells
        )
    }

    @Sendable private static func cells(_ run: JobRun) -> [String] {
        let plan = run.plan
        var cells = [
            "\(run.id)", "\(plan.job)", plan.terms.group, plan.terms.handler, plan.trigger.rawValue,
            "\(plan.shard.index)", "\(plan.shard.total)", "\(plan.attempt)",
        ]
        for moment in [plan.plannedAt, run.dispatchedAt, run.startedAt, run.end?.at] {
            cells.append(moment?.iso8601 ?? "")
        }
        cells.append(run.state.name.rawValue)
        cells.append(run.end?.reason.outcome.rawValue ?? "")
        cells.append(run.end?.reason.rawValue ?? "")
        cells.append(run.executor?.address.url ?? "")
        cells.append(plan.terms.params)
        cells.append(run.end?.message ?? "")
        return cells
    }
}
