import Foundation
import Groundwork
import PushEngine

/// JSON Web Tokens in their compact form (RFC 7515, 7.1), of which each supplier signs its own kind.
enum JSONWebToken {
    /// What is signed: header and claims, both as base64url.
    static func signingInput(header: WireObject, claims: WireObject) -> String {
        base64url(WireValue.object(header).json) + "." + base64url(WireValue.object(claims).json)
    }

    /// The token of what was signed.
    static func token(_ signingInput: String, signature: some Sequence<UInt8>) -> Secret {
        Secret(signingInput + "." + base64url(signature))
    }

    /// Bytes as RFC 7515 wants them: base64 for addresses, without its end.
    static func base64url(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension Secret {
    /// A key in PEM form (RFC 7468), however people paste it.
    ///
    /// Out of a JSON file its line breaks come as two characters; a field for one line takes them away.
    var pem: String {
        let text = reveal().replacing("\\n", with: "\n")
        let parts = text.split(separator: "-----", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1].hasPrefix("BEGIN "), parts[3].hasPrefix("END ") else { return text }
        let body = parts[2].filter { !$0.isWhitespace }
        var lines: [Substring] = ["-----\(parts[1])-----"]
        var rest = body[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(64))
            rest = rest.dropFirst(64)
        }
        lines.append("-----\(parts[3])-----")
        return lines.joined(separator: "\n")
    }
}

extension SupplierError {
    /// What follows when an account's private key cannot be read; says nothing about what is in it.
    static let badPrivateKey = SupplierError.refused(
        Refusal(.badConfig, code: "kpush.private_key", message: "the private key is no PEM key of its kind")
    )
}
