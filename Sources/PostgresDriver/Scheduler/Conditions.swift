import Groundwork
import Scheduler

/// The conditions of a list that is filtered; only what is asked for is in the statement, so that the server can pick
/// the index that fits.
struct Conditions {
    private var texts: [String] = []
    private(set) var values: [PostgresValue] = []

    /// Adds a condition without a value.
    mutating func require(_ text: String) {
        texts.append(text)
    }

    /// Adds a condition; a `?` in it stands for the value.
    mutating func require(_ text: String, _ value: PostgresValue) {
        texts.append(text.replacing("?", with: parameter(value)))
    }

    /// Takes a value and tells how the statement names it.
    mutating func parameter(_ value: PostgresValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// What to write after the table; empty when nothing is required.
    var clause: String { texts.isEmpty ? "" : "WHERE \(texts.joined(separator: " AND "))" }
}

/// The statement that lists jobs.
struct JobQuery {
    let statement: PostgresStatement

    init(_ filter: JobFilter, after: JobID?, limit: Int) {
        var conditions = Conditions()
        if let group = filter.group { conditions.require("app = ?", .text(group)) }
        if let groups = filter.permitted { conditions.require("app = ANY (?)", .texts(groups.sorted())) }
        if let name = filter.name { conditions.require("name = ?", .text(name)) }
        if let isEnabled = filter.isEnabled { conditions.require("enabled = ?", .bool(isEnabled)) }
        if let text = filter.text {
            conditions.require(
                "(name ILIKE ? OR summary ILIKE ? OR handler ILIKE ?)",
                .text(Self.pattern(text))
            )
        }
        if let after { conditions.require("id < ?", .int(after.rawValue)) }
        let limit = conditions.parameter(.int(limit))
        statement = PostgresStatement(
            "SELECT \(Job.columns) FROM jobs \(conditions.clause) ORDER BY id DESC LIMIT \(limit)",
            conditions.values
        )
    }

    /// The pattern that finds the text anywhere, its own wildcards taken literally.
    private static func pattern(_ text: String) -> String {
        let escaped = text.map { "\\%_".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "%\(escaped)%"
    }
}

/// The statement that lists runs.
struct RunQuery {
    let statement: PostgresStatement
    /// Whether it is to be read in the order of an index, which there is for what went wrong at a job or an executor: the server
    /// takes that for rare wherever it is rare on the whole, and sorts all of it.
    let isInOrder: Bool

    init(_ filter: RunFilter, after: RunID?, limit: Int) {
        var conditions = Conditions()
        if let job = filter.job { conditions.require("job = ?", .int(job.rawValue)) }
        if let group = filter.group { conditions.require("app = ?", .text(group)) }
        if let groups = filter.permitted { conditions.require("app = ANY (?)", .texts(groups.sorted())) }
        if let states = filter.states { Self.require(states, &conditions) }
        if let address = filter.address { conditions.require("address = ?", .text(address.url)) }
        // A range of the past lies far from the newest runs, and nothing but its own index leads there.
        let isRange = filter.plannedFrom != nil && filter.plannedBefore != nil
        if let reasons = filter.reasons { Self.require(reasons, within: isRange, &conditions) }
        if let from = filter.plannedFrom {
            conditions.require("planned_at >= ?", .int(from.millisecondsSinceEpoch))
        }
        if let before = filter.plannedBefore {
            conditions.require("planned_at < ?", .int(before.millisecondsSinceEpoch))
        }
        if let after { conditions.require("id < ?", .int(after.rawValue)) }
        let columns = RunColumn.list()
        isInOrder = !isRange && filter.reasons != nil && (filter.job != nil || filter.address != nil)
        let clause = conditions.clause
        let limit = conditions.parameter(.int(limit))
        let source =
            isRange
            ? "(SELECT * FROM \(RunSource.all) \(clause) OFFSET 0) AS runs"
            : RunSource.newest(filter, clause, limit: limit)
        statement = PostgresStatement(
            "SELECT \(columns) FROM \(source) ORDER BY id DESC LIMIT \(limit)",
            conditions.values
        )
    }

    /// States are words of ours and stand in the text itself: so the indexes on open runs apply.
    private static func require(_ states: Set<RunState.Name>, _ conditions: inout Conditions) {
        if states != .open {
            let words = states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
            conditions.require(words.isEmpty ? "false" : "state IN (\(words))")
        }
        if !states.contains(.ended) { conditions.require(PostgresRunStore.open) }
        if states == [.ended] { conditions.require("ended_at IS NOT NULL") }
    }

    /// In a range the indexes of what went wrong are not to apply, and the server must not see that they could: it would read one
    /// from end to end, and join it to the range's own.
    private static func require(
        _ reasons: Set<RunReason>,
        within isRange: Bool,
        _ conditions: inout Conditions
    ) {
        let words = PostgresValue.texts(reasons.map(\.rawValue).sorted())
        conditions.require(isRange ? "(reason = ANY (?)) IS TRUE" : "reason = ANY (?)", words)
        conditions.require("ended_at IS NOT NULL")
        if !isRange, !reasons.contains(.completed) { conditions.require("reason <> 'completed'") }
    }
}
