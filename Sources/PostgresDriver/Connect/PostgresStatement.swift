/// A statement and its parameters.
struct PostgresStatement: Sendable {
    let sql: String
    let values: [PostgresValue]

    init(_ sql: String, _ values: PostgresValue...) {
        self.init(sql, values)
    }

    init(_ sql: String, _ values: [PostgresValue]) {
        self.sql = sql
        self.values = values
    }

    /// Has what comes after it in the transaction read in the order of an index, whatever the server's estimates say.
    ///
    /// They may be from before much was added: then all of it is sorted for each page or step.
    static let inIndexOrder = PostgresStatement(
        "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)"
    )
}
