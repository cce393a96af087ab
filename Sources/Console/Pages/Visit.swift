import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import People

/// One request for a page: who asks, in which language, and for what.
struct Visit: Sendable {
    /// Nil when nobody is signed in.
    let session: Session?
    /// Nil when nobody is signed in.
    let caller: Caller?
    var say: Voice
    /// Path and query, to come back to.
    let address: String
    let query: [String: String]
    /// What a form sent; empty for a mere look.
    let form: [String: String]
    let parameters: Parameters
    /// What the forms of the page send along.
    let formToken: Secret
    /// The event that a live stream saw last, where it goes on.
    let lastEventID: String?
    /// Names this request in the log.
    let requestID: String

    /// The identity in the path under `id`.
    ///
    /// - Throws: `Trouble.notFound` when it is not a number above 0.
    func id<ID: RawRepresentable<Int64>>(_ type: ID.Type = ID.self) throws(Trouble) -> ID {
        let text = part("id")
        guard let number = Int64(text), number > 0, let id = ID(rawValue: number) else {
            throw .notFound(text)
        }
        return id
    }

    /// The part of the path under `name`.
    func part(_ name: String) -> String {
        parameters.get(name) ?? ""
    }

    /// The number in the query under `name`; nil when there is none.
    func number(_ name: String) -> Int64? {
        query[name].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// The text in the query under `name` without blanks around it; nil when nothing is left.
    func text(_ name: String) -> String? {
        guard let text = query[name]?.trimmingSpaces, !text.isEmpty else { return nil }
        return text
    }

    /// What the last form did, in words; only words that we have are said.
    var notice: String? {
        guard let done = query["done"] else { return nil }
        let key = "done-\(done)"
        let text = say(key)
        return text == key ? nil : text
    }

    /// The address of this page with another value in its query.
    func address(with name: String, _ value: String) -> String {
        var query = query.filter { $0.key != "done" }
        query[name] = value
        return path + Self.text(query)
    }

    /// Who is signed in.
    ///
    /// - Throws: `Trouble` when nobody is.
    func known() throws(Trouble) -> Caller {
        guard let caller else { throw Trouble(.forbidden, "") }
        return caller
    }

    /// The executor groups that the reader sees.
    var groups: GroupScope { caller?.groups ?? .only([]) }

    /// The path alone.
    var path: String { String(address.prefix { $0 != "?" }) }

    /// A query of these parts, with its question mark; nothing for none.
    static func text(_ query: [String: String]) -> String {
        guard !query.isEmpty else { return "" }
        let pairs = query.sorted { $0.key < $1.key }
            .map { "\($0.key.percentEncoded)=\($0.value.percentEncoded)" }
        return "?" + pairs.joined(separator: "&")
    }

    /// Reads `a=1&b=2`, as queries and forms are written; of a name that comes twice the last counts.
    static func pairs(_ text: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for part in text.split(separator: "&") {
            let cells = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { String($0.replacing("+", with: " ")) }
            let value = cells.count > 1 ? cells[1] : ""
            // U+0000 is what no text of ours holds: it becomes what HTML makes of it.
            let text = (value.removingPercentEncoding ?? value).replacing("\0", with: "\u{FFFD}")
            pairs[cells[0].removingPercentEncoding ?? cells[0]] = text
        }
        return pairs
    }
}

extension String {
    /// The text as one part of a query.
    var percentEncoded: String {
        addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
    }

    /// Whether it is an address of ours: a path, and not another host's.
    ///
    /// Browsers drop tabs and line breaks before they look at an address: `/<tab>/host` is another host's to them.
    var isLocalPath: Bool {
        hasPrefix("/") && !hasPrefix("//") && !contains("\\")
            && !unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

extension CharacterSet {
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )
}
