import Foundation
import Groundwork

/// The call that a job's parameters ask for: a JSON object.
///
/// | member | meaning |
/// |---|---|
/// | `url` | the address; needed |
/// | `method` | `GET`, `POST`, `PUT`, `PATCH`, `DELETE`; `POST` with `data` or `form`, else `GET`, when not given |
/// | `contentType` | of `data`; `application/json` when not given |
/// | `headers`, `cookies` | objects of texts |
/// | `timeout` | seconds for the whole call, from 1 to 3600; 10 when not given |
/// | `data` | the body: a text as it stands, any other JSON value as JSON |
/// | `form` | an object of texts: the body, or a part of the query with `GET` and `DELETE` |
/// | `auth` | the header `Authorization`, or `{"username":…,"password":…}`, or `{"token":…}` |
struct CallOrder: Sendable {
    let address: WebAddress
    let request: HTTPRequest

    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    private static let members = [
        "url", "method", "contentType", "headers", "cookies", "timeout", "data", "form", "auth",
    ]
    /// What the transport writes by itself, and with which one call could be made to look like two.
    private static let reserved: Set = [
        "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
        "proxy-authorization", "keep-alive",
    ]

    /// Reads the parameters.
    ///
    /// - Parameter params: the JSON text.
    /// - Throws: `CallError` that names the first member that makes no sense.
    init(_ params: String) throws(CallError) {
        guard let json = try? WireValue(json: params.utf8), let object = json.object else {
            throw CallError("", "params must be a JSON object with a url, see httpJobHandler")
        }
        for member in object.members where !Self.members.contains(member.key) {
            throw CallError(member.key, "is none of \(Self.members.joined(separator: ", "))")
        }
        guard let url = object["url"].text?.trimming(), !url.isEmpty else {
            throw CallError("url", "is missing")
        }
        var address = try WebAddress(url)
        let hasBody = !object["data"].isNull || !object["form"].isNull
        let method = (object["method"].text ?? (hasBody ? "POST" : "GET")).uppercased()
        guard Self.methods.contains(method) else {
            throw CallError("method", "is none of \(Self.methods.joined(separator: ", "))")
        }
        guard object["data"].isNull || object["form"].isNull else {
            throw CallError("form", "and data are not given both")
        }
        var headers: [(name: String, value: String)] = []
        for pair in try Self.pairs(object, "headers") {
            headers.append(try Self.header(pair.name, pair.value))
        }
        let cookies = try Self.pairs(object, "cookies")
        if !cookies.isEmpty { headers.append(("Cookie", try Self.cookie(cookies))) }
        if let auth = try Self.authorization(object["auth"]) { headers.append(("Authorization", auth)) }
        var (body, type): ([UInt8], String?) = ([], object["contentType"].text)
        if !object["form"].isNull {
            let form = try Self.pairs(object, "form")
                .map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
                .joined(separator: "&")
            if ["GET", "DELETE"].contains(method) {
                address = try address.adding(query: form)
            } else {
                (body, type) = (Array(form.utf8), type ?? "application/x-www-form-urlencoded")
            }
        } else if !object["data"].isNull {
            (body, type) = (Array((object["data"].text ?? "").utf8), type ?? "application/json")
        }
        if let type { headers.append(try Self.header("Content-Type", type, of: "contentType")) }
        let timeout = try Self.timeout(object["timeout"])
        self.address = address
        request = HTTPRequest(
            method: method,
            url: address.text,
            headers: headers,
            body: body,
            timeouts: HTTPTimeouts(connect: min(.seconds(3), timeout), total: timeout)
        )
    }

    private static func timeout(_ value: WireValue) throws(CallError) -> Duration {
        if value.isNull { return .seconds(10) }
        guard let seconds = value.wholeNumber, (1...3_600).contains(seconds) else {
            throw CallError("timeout", "is whole seconds from 1 to 3600")
        }
        return .seconds(seconds)
    }

    private static func pairs(
        _ object: WireObject,
        _ name: String
    ) throws(CallError) -> [(name: String, value: String)] {
        if object[name].isNull { return [] }
        guard let members = object[name].object?.members else {
            throw CallError(name, "is an object of names and texts")
        }
        var pairs: [(name: String, value: String)] = []
        for member in members {
            guard case .text(let value) = member.value else {
                throw CallError("\(name).\(member.key)", "is a text")
            }
            pairs.append((member.key, value))
        }
        return pairs
    }

    private static func header(
        _ name: String,
        _ value: String,
        of field: String? = nil
    ) throws(CallError) -> (name: String, value: String) {
        let field = field ?? "headers.\(name)"
        guard isToken(name) else { throw CallError(field, "is no name of a header") }
        guard !reserved.contains(name.lowercased()) else {
            throw CallError(field, "is set by the executor itself")
        }
        guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw CallError(field, "has a control character")
        }
        return (name, value)
    }

    private static func cookie(_ pairs: [(name: String, value: String)]) throws(CallError) -> String {
        for pair in pairs {
            // RFC 6265, cookie-octet.
            let isPlain = pair.value.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && !"\",;\\".utf8.contains($0)
            }
            guard isToken(pair.name), isPlain else {
                throw CallError("cookies.\(pair.name)", "is no name and value of a cookie")
            }
        }
        return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    private static func authorization(_ value: WireValue) throws(CallError) -> String? {
        if value.isNull { return nil }
        if case .text(let text) = value { return try header("Authorization", text, of: "auth").value }
        if let token = value.object?["token"].text {
            return try header("Authorization", "Bearer " + token, of: "auth").value
        }
        guard let user = value.object?["username"].text, let password = value.object?["password"].text,
            !user.contains(":")
        else {
            throw CallError("auth", "is a text, {\"username\":…,\"password\":…} or {\"token\":…}")
        }
        return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// RFC 9110, token.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
            }
    }

    /// As forms are written: all but letters, digits and `-._~` escaped.
    private static func escaped(_ text: String) -> String {
        let plain = "-._~".utf8
        return text.utf8.reduce(into: "") { escaped, byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain = plain.contains(byte) || (byte < 0x80 && (character.isLetter || character.isNumber))
            escaped += isPlain ? String(character) : "%" + [byte].hexDigits.uppercased()
        }
    }
}
