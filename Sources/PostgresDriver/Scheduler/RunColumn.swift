import Groundwork
import Scheduler

/// The columns of `runs`, in the order in which they are selected and by which rows are read.
enum RunColumn: Int32, CaseIterable {
    case id
    case job
    case plannedAt
    case shardIndex
    case shardTotal
    case attempt
    case parent
    case triggerKind
    case app
    case handler
    case params
    case overlap
    case route
    case timeoutMs
    case retry
    case followUpMs
    case state
    case dueAt
    case sends
    case address
    case instance
    case dispatchedAt
    case startedAt
    case unreachedSince
    case killRequestedAt
    case endedAt
    case reason
    case message
    case version
    case token
    case hasSequel
    case target
    case hashKey

    /// What to write after `SELECT`, for `runs` or a name it goes by in the statement.
    static func list(of table: String = "runs") -> String { list(allCases, of: table) }

    /// The names of some columns of `table`.
    static func list(_ columns: [RunColumn], of table: String) -> String {
        columns.map { "\(table).\($0.name)" }.joined(separator: ", ")
    }

    /// The column's name in the table.
    var name: String { Self.names[Int(rawValue)] }

    /// Made once: statements name dozens of columns, and are written many times a second.
    private static let names = allCases.map { column in
        "\(column)"
            .reduce(into: "") { name, character in
                name += character.isUppercase ? "_\(character.lowercased())" : String(character)
            }
    }
}

/// Columns of rows that travel to the server together, one array a column.
struct RunArrays {
    private(set) var columns: [RunColumn] = []
    private(set) var values: [PostgresValue] = []

    /// Whether it is in them who the runs are sent to.
    var isSent: Bool { columns.contains(.sends) }

    /// What a new run brings along.
    init(_ runs: [NewRun]) {
        let plans = runs.map(\.plan)
        let terms = plans.map(\.terms)
        let ends = runs.map { run -> RunEnd? in if case .ended(let end) = run.state { end } else { nil } }
        add(.job, .ints(plans.map(\.job.rawValue)))
        add(.plannedAt, .ints(plans.map(\.plannedAt.millisecondsSinceEpoch)))
        add(.shardIndex, .ints(plans.map { Int64($0.shard.index) }))
        add(.shardTotal, .ints(plans.map { Int64($0.shard.total) }))
        add(.attempt, .ints(plans.map { Int64($0.attempt) }))
        add(.parent, .optionalInts(plans.map(\.parent?.rawValue)))
        add(.triggerKind, .texts(plans.map(\.trigger.rawValue)))
        add(.app, .texts(terms.map(\.group)))
        add(.handler, .texts(terms.map(\.handler)))
        add(.params, .texts(terms.map(\.params)))
        add(.overlap, .texts(terms.map(\.overlap.rawValue)))
        add(.route, .texts(terms.map(\.route.rawValue)))
        add(.timeoutMs, .ints(terms.map(\.timeout.wholeMilliseconds)))
        add(.retry, .texts(terms.map(\.retry.stored)))
        add(.followUpMs, .optionalInts(terms.map(\.followUp?.wholeMilliseconds)))
        add(.hasSequel, .ints(terms.map { $0.hasSequel ? 1 : 0 }))
        add(.target, .optionalTexts(terms.map(\.target?.url)))
        add(.hashKey, .optionalTexts(terms.map(\.hashKey)))
        add(.state, .texts(runs.map(\.state.name.rawValue)))
        add(.dueAt, .optionalInts(runs.map(\.state.stored.due?.millisecondsSinceEpoch)))
        add(.endedAt, .optionalInts(ends.map { $0?.at.millisecondsSinceEpoch }))
        add(.reason, .optionalTexts(ends.map { $0?.reason.rawValue }))
        add(.message, .optionalTexts(ends.map { $0?.message }))
        // Hardly any is sent as it is added.
        guard runs.contains(where: { $0.executor != nil }) else { return }
        add(.sends, .ints(runs.map { Int64($0.state.stored.sends) }))
        add(.address, .optionalTexts(runs.map(\.executor?.address.url)))
        add(.instance, .optionalTexts(runs.map { $0.executor?.instance }))
        add(.dispatchedAt, .optionalInts(runs.map(\.dispatchedAt?.millisecondsSinceEpoch)))
    }

    /// What changes of a run on its way to its end, and which run that is.
    init(progressOf runs: [JobRun]) {
        add(.id, .ints(runs.map(\.id.rawValue)))
        add(.version, .ints(runs.map(\.version)))
        add(.state, .texts(runs.map(\.state.name.rawValue)))
        add(.dueAt, .optionalInts(runs.map(\.state.stored.due?.millisecondsSinceEpoch)))
        add(.sends, .ints(runs.map { Int64($0.state.stored.sends) }))
        add(.address, .optionalTexts(runs.map(\.executor?.address.url)))
        add(.instance, .optionalTexts(runs.map { $0.executor?.instance }))
        add(.dispatchedAt, .optionalInts(runs.map(\.dispatchedAt?.millisecondsSinceEpoch)))
        add(.startedAt, .optionalInts(runs.map(\.startedAt?.millisecondsSinceEpoch)))
        add(.unreachedSince, .optionalInts(runs.map(\.unreachedSince?.millisecondsSinceEpoch)))
        add(.killRequestedAt, .optionalInts(runs.map(\.killRequestedAt?.millisecondsSinceEpoch)))
    }

    /// The arrays as a table called `name`, with a column `place` that counts its rows; parameters are numbered from
    /// `first` on.
    func table(_ name: String, from first: Int) -> String {
        let arrays = values.indices.map { "$\(first + $0)::\(values[$0].arrayType)" }
        let names = columns.map(\.name) + ["place"]
        return """
            unnest(\(arrays.joined(separator: ", "))) WITH ORDINALITY \
            AS \(name) (\(names.joined(separator: ", ")))
            """
    }

    private mutating func add(_ column: RunColumn, _ value: PostgresValue) {
        columns.append(column)
        values.append(value)
    }
}

extension PostgresValue {
    /// The SQL name of an array's type.
    fileprivate var arrayType: String {
        switch self {
        case .texts, .optionalTexts: "text[]"
        default: "bigint[]"
        }
    }
}
