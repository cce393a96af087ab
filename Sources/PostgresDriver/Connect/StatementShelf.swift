/// The statements that a connection's server keeps compiled, by the names that we gave them.
struct StatementShelf {
    /// What a statement is called on the server.
    struct Name {
        let text: String
        /// Whether the server has it.
        fileprivate(set) var isCompiled: Bool
        fileprivate let key: Key
    }

    fileprivate struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    private var names: [Key: String] = [:]
    /// Those that are on their way, until the answer to the pipeline that they are in.
    private var sent: [Key: String] = [:]
    private var made = 0

    /// The most that are kept: all that ask for it are far fewer.
    private static let limit = 200

    /// What a statement is called; nil when no more are kept.
    ///
    /// Who is given a name that is not compiled yet compiles the statement under it, before anything else.
    mutating func name(of statement: PostgresStatement, _ types: [UInt32]) -> Name? {
        let key = Key(sql: statement.sql, types: types)
        if let text = names[key] ?? sent[key] { return Name(text: text, isCompiled: true, key: key) }
        guard names.count + sent.count < Self.limit else { return nil }
        made += 1
        let text = "\(statement.label ?? "kpush")_\(made)"
        sent[key] = text
        return Name(text: text, isCompiled: false, key: key)
    }

    /// Notes that the server has compiled a statement.
    mutating func put(_ name: Name) {
        sent[name.key] = nil
        names[name.key] = name.text
    }

    /// Forgets those that were sent and of which no answer said that the server has them.
    mutating func dropSent() { sent = [:] }

    /// Forgets all; their names are not given again.
    mutating func clear() {
        names = [:]
        sent = [:]
    }
}
