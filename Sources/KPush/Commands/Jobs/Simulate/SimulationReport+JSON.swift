import Groundwork
import Scheduler

extension SimulationReport {
    /// For programs: durations in seconds, instants in ISO 8601.
    var json: String {
        var object = facts(of: forecast)
        object.append("days", .list(forecast.days.map { .object(wire($0)) }))
        object.append("herds", .list(forecast.herds.map { .object(wire($0)) }))
        object.append("overlaps", .list(forecast.overlaps.map { .object(wire($0)) }))
        object.append("surprises", .list(forecast.surprises.map { .object(wire($0)) }))
        if let earlier {
            object.append("before", .object(facts(of: earlier.forecast)))
            object.append("changes", .list(earlier.differences.map { .object(wire($0)) }))
        }
        return String(decoding: WireValue.object(object).json, as: UTF8.self)
    }

    private func facts(of forecast: Forecast) -> WireObject {
        [
            "from": wire(forecast.from), "until": wire(forecast.until), "zone": .text(rules.identifier),
            "scheduled": .integer(Int64(forecast.scheduled)), "manual": .integer(Int64(forecast.manual)),
            "triggers": .integer(Int64(forecast.triggers)),
            "busiestDay": forecast.busiestDay.map { .object(wire($0)) } ?? .null,
            "busiestHour": forecast.busiestHour.map {
                .object(["start": wire($0.start), "triggers": .integer(Int64($0.triggers))])
            } ?? .null,
        ]
    }

    private func wire(_ day: Forecast.Day) -> WireObject {
        ["date": .text(day.date), "triggers": .integer(Int64(day.triggers))]
    }

    private func wire(_ herd: Forecast.Herd) -> WireObject {
        [
            "first": wire(herd.second), "triggers": .integer(Int64(herd.triggers)),
            "days": .integer(Int64(herd.times)), "jobs": wire(herd.jobs),
        ]
    }

    private func wire(_ overlap: Forecast.Overlap) -> WireObject {
        [
            "job": .text("\(overlap.job)"), "policy": .text(overlap.policy.rawValue),
            "duration": .number(overlap.duration.inSeconds), "overlaps": .integer(Int64(overlap.count)),
            "triggers": .integer(Int64(overlap.triggers)), "first": wire(overlap.first),
            "longestWait": .number(overlap.longestWait.inSeconds),
        ]
    }

    private func wire(_ surprise: Forecast.Surprise) -> WireObject {
        [
            "kind": .text(surprise.kind.rawValue), "at": surprise.moment.map(wire) ?? .null,
            "text": .text(surprise.sentence), "jobs": wire(surprise.jobs),
        ]
    }

    private func wire(_ change: ScheduleDifference) -> WireObject {
        [
            "job": .text("\(change.job)"), "before": change.before.map { .integer(Int64($0)) } ?? .null,
            "after": change.after.map { .integer(Int64($0)) } ?? .null,
            "firstDifference": change.first.map(wire) ?? .null,
        ]
    }

    private func wire(_ names: Forecast.Names) -> WireValue {
        .object([
            "count": .integer(Int64(names.count)), "first": .list(names.first.map { .text("\($0)") }),
        ])
    }

    private func wire(_ moment: Moment) -> WireValue { .text(time(moment)) }
}
