import Groundwork
import PushEngine
import Scheduler

/// Runs as a file that a spreadsheet opens: UTF-8 with its mark, times in UTC.
struct RunTable {
    /// The most runs of one file.
    static let limit = 50_000
    /// How many are read at a time.
    static let page = 500

    /// How many are in it.
    private(set) var rows = 0
    private var bytes: [UInt8]

    init() {
        bytes = Array("\u{FEFF}\(Self.columns.joined(separator: ","))\r\n".utf8)
    }

    private static let columns = [
        "run", "job", "group", "handler", "trigger", "shard", "shards", "attempt", "planned", "dispatched",
        "started", "ended", "state", "outcome", "reason", "executor", "params", "message",
    ]

    /// Adds rows, up to the limit.
    mutating func append(_ runs: [JobRun]) {
        for run in runs.prefix(max(0, Self.limit - rows)) {
            rows += 1
            for (index, cell) in Self.cells(run).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                CrowdReport.appendCell(cell, to: &bytes)
            }
            bytes.append(contentsOf: "\r\n".utf8)
        }
    }

    /// What was added since the last time.
    mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    private static func cells(_ run: JobRun) -> [String] {
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
