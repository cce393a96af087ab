/// A statement and its parameters.
struct PostgresStatement: Sendable {
    let sql: String
    let values: [PostgresValue]
    /// What it is called on the server, which is to keep it compiled where it can: see `kept`.
    private(set) var label: String?
    /// Whether the server is to keep it compiled.
    var isKept: Bool { label != nil }
    /// Whether it joins a table with many rows that travel in arrays: see `kept(forRows:)`.
    private(set) var joinsMany = false

    init(_ sql: String, _ values: PostgresValue...) {
        self.init(sql, values)
    }

    init(_ sql: String, _ values: [PostgresValue]) {
        self.sql = sql
        self.values = values
    }

    /// The same, kept compiled on the connection: for what is asked many times a second, and always in the same words.
    ///
    /// To compile such a statement takes the server longer than to run it. What it compiles is for any value and any size of a table, so
    /// the statement must be one that is always to go by an index. It is kept only among others that are.
    var kept: PostgresStatement { kept(as: "kpush") }

    /// Kept compiled under a name that begins so.
    func kept(as label: String) -> PostgresStatement {
        var statement = self
        statement.label = label
        return statement
    }

    /// Kept compiled while it is about few rows, and joined by sorting or hashing where it is about more.
    ///
    /// Rows that travel to the server in arrays are each compared with all the others when it expects few of them: compiled for any number it
    /// does, and also where it knows the number and takes the table for smaller than it is. For many the server had better look at how many
    /// there are, which then costs little beside the rest.
    func kept(forRows count: Int) -> PostgresStatement {
        guard count > 16 else { return kept }
        var statement = self
        statement.joinsMany = true
        return statement
    }

    /// Has what comes after it in the transaction read in the order of an index, whatever the server's estimates say.
    ///
    /// They may be from before much was added: then all of it is sorted for each page or step.
    static let inIndexOrder = PostgresStatement(
        "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)"
    )
    .kept

    /// Has the rows that what comes after it in the transaction finds by `key = ANY (...)`, of keys in their order, read, and so
    /// locked, in that order, by which plan the server ever joins them.
    static let inKeyOrder = PostgresStatement(
        "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
    )
    .kept
}
