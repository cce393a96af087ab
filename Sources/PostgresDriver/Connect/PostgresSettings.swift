import CPostgres
import Groundwork

/// Which PostgreSQL to use, and for how long to wait for it.
package struct PostgresSettings: Hashable, Sendable {
    /// A setting of a connection, as libpq names it.
    struct Option: Hashable, Sendable {
        let keyword: String
        /// Any of them may be the password.
        let value: Secret
    }

    /// What the address says: where the database is, whom to log in as, and whatever else.
    private let options: [Option]
    /// How many connections a process opens at most.
    package var connections = 8
    /// How long to wait for a connection to be made, and for one of those to come free.
    package var patience = Duration.seconds(5)
    /// How long one statement may take on the server.
    package var statementLimit = Duration.seconds(30)

    /// Reads an address.
    ///
    /// - Parameter address: a URL, or `key=value` pairs, as libpq is told.
    /// - Throws: `PostgresAddressError` when libpq could not tell its parts apart.
    package init(address: String) throws(PostgresAddressError) {
        guard let options = Self.options(of: address) else { throw PostgresAddressError() }
        self.options = options
    }

    /// All that libpq is told: what the address says, and our own where it does not say.
    var parameters: [Option] {
        let own = [
            ("connect_timeout", "\(max(2, Int(patience.inSeconds)))"),
            ("fallback_application_name", "kpush"),
            // A peer that vanished without a word is noticed while data is out, and while none is.
            ("tcp_user_timeout", "15000"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
        ]
        let said = Set(options.map(\.keyword))
        let added = own.filter { !said.contains($0.0) }.map { Option(keyword: $0.0, value: Secret($0.1)) }
        // We read texts as this and as nothing else.
        let encoding = Option(keyword: "client_encoding", value: Secret("UTF8"))
        return options.filter { $0.keyword != encoding.keyword } + added + [encoding]
    }

    private static func options(of address: String) -> [Option]? {
        // What libpq says against an address quotes it.
        guard let parsed = PQconninfoParse(address, nil) else { return nil }
        defer { PQconninfoFree(parsed) }
        var options: [Option] = []
        var place = parsed
        while let keyword = place.pointee.keyword {
            if let value = place.pointee.val {
                options.append(
                    Option(keyword: String(cString: keyword), value: Secret(String(cString: value)))
                )
            }
            place = place.successor()
        }
        // A password with / or @ in it splits a URL elsewhere than was meant: its rest is taken for a port or a host.
        let ports = options.first { $0.keyword == "port" }?.value.reveal() ?? ""
        let isClear = ports.split(separator: ",").allSatisfy { UInt16($0) != nil }
        let isURL = address.hasPrefix("postgresql://") || address.hasPrefix("postgres://")
        let signs = address.prefix { $0 != "?" }.count { $0 == "@" }
        return isClear && !(isURL && signs > 1) ? options : nil
    }
}

/// Why an address of PostgreSQL cannot be read; it tells nothing of the address, which has a password in it.
package struct PostgresAddressError: Error, CustomStringConvertible {
    package var description: String {
        """
        must be a URL such as postgresql://user:password@host/database, where what is no letter or digit in the password \
        is written as % and two hex digits; or pairs such as host=db user='kpush' password='it''s'
        """
    }
}
