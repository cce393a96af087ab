/// The columns of `runs` in the order in which they are selected.
///
/// Rows are read by position: looking thirty names up in every row costs more than the row itself.
enum RunColumn: Int, CaseIterable {
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
    static func list(of table: String = "runs") -> String {
        allCases.map { "\(table).\($0.name)" }.joined(separator: ", ")
    }

    /// The column's name in the table.
    var name: String { Self.names[rawValue] }

    /// Made once: to spell one takes longer than to read a row.
    private static let names = allCases.map { column in
        "\(column)"
            .reduce(into: "") { name, character in
                name += character.isUppercase ? "_\(character.lowercased())" : String(character)
            }
    }
}
