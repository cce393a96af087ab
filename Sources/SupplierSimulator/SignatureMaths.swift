import Crypto
import Foundation

/// The digests that the suppliers' signatures are made of, computed here apart from the adapters' code.
enum SignatureMaths {
    static func sha256(_ bytes: [UInt8]) -> String {
        hex(SHA256.hash(data: bytes))
    }

    static func hmac256(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    static func hmac1(_ text: String, key: [UInt8]) -> [UInt8] {
        Array(HMAC<Insecure.SHA1>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }

    static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString()
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}

/// The parts of an `Authorization` field such as `ALGORITHM Credential=…, SignedHeaders=…, Signature=…`.
struct AuthorizationField {
    let algorithm: String
    let credential: String
    let signedFields: [String]
    let signature: String

    /// Takes `text` apart; nil when a part is missing.
    init?(_ text: String) {
        guard let blank = text.firstIndex(of: " ") else { return nil }
        algorithm = String(text[..<blank])
        var parts: [String: String] = [:]
        for part in text[blank...].split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            parts[String(pair[0])] = String(pair[1])
        }
        guard let credential = parts["Credential"], let fields = parts["SignedHeaders"],
            let signature = parts["Signature"]
        else { return nil }
        self.credential = credential
        self.signature = signature
        signedFields = fields.split(separator: ";").map(String.init)
    }
}
