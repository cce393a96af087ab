import Groundwork
import Scheduler

/// The run report: how many runs each day had, and what became of them.
struct RunReportView: Sendable {
    /// A number that stands by itself.
    struct Tile: Sendable {
        let name: String
        let figure: Figure
        let path: String
        var tone = ""
    }

    /// The runs of one group.
    struct Group: Sendable {
        let name: String
        let path: String
        let total: String
        let succeeded: String
        let failed: String
        let failedPath: String
        let skipped: String
        let open: String
    }

    /// One group to choose.
    struct Option: Sendable {
        let name: String
        let isCurrent: Bool
    }

    let tiles: [Tile]
    let ranges: [Choice]
    let from: String
    let to: String
    let options: [Option]
    let chart: RunChart?
    let bar: Bar?
    let groups: [Group]
    let hasGroups: Bool
    /// Why some runs are failures, the most frequent first.
    let reasons: [Fact]
    let hasReasons: Bool
    let counted: Stamp?
    let trouble: String?
    /// Whether there is neither a run to show nor anything wrong.
    let isEmpty: Bool

    init(_ facts: RunReportFacts, _ say: Voice) {
        let sums = facts.shown.sums
        tiles = Self.tiles(facts, say)
        ranges = Self.ranges(facts.range, group: facts.group, say)
        from = facts.range.days.lowerBound.text
        to = facts.range.days.upperBound.text
        let known = Set(facts.whole.groups.keys).union(facts.group.map { [$0] } ?? [])
        options = known.sorted().map { Option(name: $0, isCurrent: $0 == facts.group) }
        isEmpty = sums.total == 0
        chart = isEmpty ? nil : RunChart(facts, say)
        bar = isEmpty ? nil : Self.bar(sums, say)
        let query = Self.query(facts.range, group: nil)
        groups = facts.shown.groups.sorted { ($1.value.total, $0.key) < ($0.value.total, $1.key) }
            .map { Self.group($0.key, $0.value, query, say) }
        hasGroups = groups.count > 1
        reasons = Self.reasons(sums, Self.query(facts.range, group: facts.group), say)
        hasReasons = !reasons.isEmpty
        counted = say.stamp(facts.whole.countedUntil)
        trouble = nil
    }

    /// A report that cannot be read.
    init(_ range: RunRange, trouble: Trouble, _ say: Voice) {
        tiles = []
        ranges = Self.ranges(range, group: nil, say)
        from = range.days.lowerBound.text
        to = range.days.upperBound.text
        options = []
        chart = nil
        bar = nil
        groups = []
        hasGroups = false
        reasons = []
        hasReasons = false
        counted = nil
        self.trouble = trouble.cause
        isEmpty = false
    }

    /// The part of an address that the list of runs understands.
    static func query(_ range: RunRange, group: String?) -> [String: String] {
        var query = [
            "from": range.days.lowerBound.text, "to": range.days.upperBound.text,
        ]
        query["group"] = group
        return query
    }

    private static func tiles(_ facts: RunReportFacts, _ say: Voice) -> [Tile] {
        let census = facts.census
        let today = ["from": "today"]
        return [
            Tile(name: say("nav-jobs"), figure: say.figure(census.jobs), path: "/jobs"),
            Tile(name: say("jobs-switched-on"), figure: say.figure(census.enabled), path: "/jobs"),
            Tile(
                name: say("runs-today"),
                figure: say.figure(facts.today.total),
                path: "/runs" + Visit.text(today)
            ),
            Tile(
                name: say("executors-living"),
                figure: say.figure(facts.living),
                path: "/executors",
                tone: facts.living == 0 ? Chip.Tone.bad.rawValue : ""
            ),
            Tile(
                name: say("jobs-failing"),
                figure: say.figure(census.failing),
                path: "/runs" + Visit.text(today.merging(["state": "failed"]) { $1 }),
                tone: census.failing == 0 ? "" : Chip.Tone.bad.rawValue
            ),
        ]
    }

    private static func ranges(_ range: RunRange, group: String?, _ say: Voice) -> [Choice] {
        RunRange.Name.allCases.map { name in
            var query = ["range": name.rawValue]
            query["group"] = group
            return Choice(
                name: say("range-\(name.rawValue)"),
                path: "/" + Visit.text(query),
                isCurrent: name == range.name
            )
        }
    }

    private static func bar(_ sums: RunSums, _ say: Voice) -> Bar {
        Bar(
            RunChart.parts.map { part in
                (tone: part.tone, name: say(part.word), count: Int64(part.count(sums)))
            },
            say: say
        )
    }

    private static func group(
        _ name: String,
        _ sums: RunSums,
        _ query: [String: String],
        _ say: Voice
    ) -> Group {
        let query = query.merging(["group": name]) { $1 }
        return Group(
            name: name,
            path: "/runs" + Visit.text(query),
            total: say.number(sums.total),
            succeeded: say.number(sums.ended(.succeeded)),
            failed: say.number(sums.ended(.failed)),
            failedPath: "/runs" + Visit.text(query.merging(["state": "failed"]) { $1 }),
            skipped: say.number(sums.ended(.skipped)),
            open: say.number(sums.open)
        )
    }

    private static func reasons(
        _ sums: RunSums,
        _ query: [String: String],
        _ say: Voice
    ) -> [Fact] {
        sums.reasons.filter { $0.key != .completed && $0.value > 0 }
            .sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { reason, count in
                Fact(
                    say("reason-\(reason.rawValue)"),
                    say.number(count),
                    path: "/runs" + Visit.text(query.merging(["reason": reason.rawValue]) { $1 })
                )
            }
    }
}
