import Foundation
package import Groundwork

/// Which Redis to use, and for how long to wait for it.
package struct RedisSettings: Hashable, Sendable {
    /// A host and a port.
    package struct Host: Hashable, Sendable, CustomStringConvertible {
        package var name: String
        package var port: Int

        package init(name: String, port: Int) {
            self.name = name
            self.port = port
        }

        package var description: String { name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
    }

    /// How the server is found.
    package enum Place: Hashable, Sendable, CustomStringConvertible {
        case server(Host)
        /// Whichever server these sentinels call the master of that name.
        case sentinels([Host], master: String)

        package var description: String {
            switch self {
            case .server(let host): "\(host)"
            case .sentinels(let hosts, let master):
                "\(master) of " + hosts.map(\.description).joined(separator: ",")
            }
        }
    }

    package var place: Place
    /// Whom to log in as; empty logs in by the password alone.
    package var user: String
    /// Empty does not log in.
    package var password: Secret
    package var database: Int
    /// How long a command may stand in line; half of it is what the answers of a pipeline get at least.
    package var patience = Duration.seconds(5)
    /// How long finding and reaching the server may take.
    package var reach = Duration.seconds(3)
    /// How many commands may stand in line.
    package var capacity = 10_000

    /// Reads an address.
    ///
    /// - Parameter address: `redis://[user:password@]host[:port][/db]`, or
    ///   `redis-sentinel://[user:password@]host[:port],host[:port],…/mastername[/db]`. What is not a letter or
    ///   a digit in user, password and name may be written as `%` and two hex digits.
    /// - Throws: `RedisAddressError` that names the part which is wrong.
    package init(address: String) throws(RedisAddressError) {
        guard let scheme = address.range(of: "://") else { throw RedisAddressError.scheme }
        var rest = address[scheme.upperBound...]
        user = ""
        password = Secret("")
        if let at = rest.lastIndex(of: "@") {
            (user, password) = try Self.login(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        var path = rest.split(separator: "/", omittingEmptySubsequences: false)
        if path.last == "" { path.removeLast() }
        guard let hosts = path.first, !hosts.isEmpty else { throw RedisAddressError.host }
        path.removeFirst()
        switch address[..<scheme.lowerBound] {
        case "redis":
            place = .server(try Self.host(hosts, port: 6_379))
        case "redis-sentinel":
            guard let master = path.first?.removingPercentEncoding, !master.isEmpty else {
                throw RedisAddressError.master
            }
            path.removeFirst()
            var sentinels: [Host] = []
            for part in hosts.split(separator: ",") { sentinels.append(try Self.host(part, port: 26_379)) }
            place = .sentinels(sentinels, master: master)
        default: throw RedisAddressError.scheme
        }
        guard path.count <= 1, let database = Int(path.first ?? "0"), database >= 0 else {
            throw RedisAddressError.database
        }
        self.database = database
    }

    private static func login(_ text: Substring) throws(RedisAddressError) -> (String, Secret) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let user = parts.first?.removingPercentEncoding,
            let password = parts.dropFirst().first?.removingPercentEncoding
        else { throw RedisAddressError.login }
        return (user, Secret(password))
    }

    private static func host(_ text: Substring, port: Int) throws(RedisAddressError) -> Host {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let name = String(text[text.index(after: text.startIndex)..<end])
            return Host(name: name, port: try number(text[text.index(after: end)...], else: port))
        }
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        guard colon > text.startIndex else { throw RedisAddressError.host }
        return Host(name: String(text[..<colon]), port: try number(text[colon...], else: port))
    }

    /// The port that `text`, a colon and digits, names.
    private static func number(_ text: Substring, else usual: Int) throws(RedisAddressError) -> Int {
        if text.isEmpty { return usual }
        guard text.hasPrefix(":"), let port = Int(text.dropFirst()), (1...65_535).contains(port) else {
            throw RedisAddressError.port
        }
        return port
    }
}

/// What is wrong with the address of a Redis; the address itself is not repeated, since it may hold a password.
package enum RedisAddressError: String, Error, Sendable, CustomStringConvertible {
    case scheme = "a Redis address begins with redis:// or redis-sentinel://"
    case login = "what stands before the @ of a Redis address is user:password, or :password"
    case host = "a Redis address names a host"
    case port = "the port of a Redis address is a number from 1 to 65535"
    case master = "a redis-sentinel address names the master after its hosts, such as /mymaster"
    case database = "a Redis address ends with the number of its database, such as /0, or with nothing"

    package var description: String { rawValue }
}
