import Groundwork
import HTTPTypes
import Hummingbird
import Scheduler

/// How late a job's runs are, stage by stage.
struct LatenessRoutes {
    let jobs: JobService

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/jobs/:id/lateness") { call in
            let count = try call.query { query in try query.optional("runs", in: 1...5_000) ?? 1_000 }
            return Answer(try await jobs.lateness(of: call.id(), runs: count).json)
        }
    }
}

extension StageReport {
    fileprivate var json: WireObject {
        var shown = WireObject()
        for stage in RunStage.allCases where stage != .planned {
            shown.append(stage.rawValue, stages[stage].map { .object($0.json) } ?? .null)
        }
        return [
            "runs": .number(runs), "from": .instant(span?.lowerBound), "to": .instant(span?.upperBound),
            "start": start.map { .object($0.json) } ?? .null, "stages": .object(shown),
        ]
    }
}

extension StageReport.Spread {
    fileprivate var json: WireObject {
        [
            "p50": .number(median.inSeconds), "p99": .number(percentile99.inSeconds),
            "longest": .number(longest.inSeconds),
        ]
    }
}
