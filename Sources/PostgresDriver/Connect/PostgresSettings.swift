/// Which PostgreSQL to use, and for how long to wait for it.
package struct PostgresSettings: Hashable, Sendable {
    /// Where the database is, as libpq is told: a URL, or `key=value` pairs.
    package var address: String
    /// How many connections a process opens at most.
    package var connections = 8
    /// How long to wait for a connection to be made, and for one of those to come free.
    package var patience = Duration.seconds(5)
    /// How long one statement may take on the server.
    package var statementLimit = Duration.seconds(30)

    package init(address: String) {
        self.address = address
    }
}
