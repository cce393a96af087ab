import Foundation
import Groundwork

/// A JSON Web Token that a caller signed, taken apart here apart from the adapters' code.
struct SignedToken {
    let header: WireObject
    let claims: WireObject
    /// What was signed.
    let input: [UInt8]
    let signature: [UInt8]

    /// Takes a token apart; nil when it is none.
    ///
    /// Whether it is signed rightly is still to be seen.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Self.bytes(parts[2])
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        input = Array("\(parts[0]).\(parts[1])".utf8)
    }

    /// When it says that it was signed.
    var issuedAt: Moment? { claims["iat"].wholeNumber.map { Moment(secondsSinceEpoch: $0) } }

    private static func object(_ part: Substring) -> WireObject? {
        bytes(part).flatMap { (try? WireValue(json: $0))?.object }
    }

    private static func bytes(_ part: Substring) -> [UInt8]? {
        // Neither the other alphabet nor what fills up its end belongs into a token.
        guard !part.contains(where: { "+/=".contains($0) }) else { return nil }
        let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
        let end = String(repeating: "=", count: (4 - base64.count % 4) % 4)
        return Data(base64Encoded: base64 + end).map { Array($0) }
    }
}
