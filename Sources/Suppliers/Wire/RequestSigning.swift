import Crypto
import Groundwork

/// The digests that the suppliers' signatures are made of.
enum RequestSigning {
    /// SHA-256 of `bytes`, in lower-case hexadecimal.
    static func sha256Hex(_ bytes: some Sequence<UInt8>) -> String {
        SHA256.hash(data: Array(bytes)).hexDigits
    }

    /// HMAC-SHA256 of `text`.
    static func hmac(_ text: String, key: SymmetricKey) -> HashedAuthenticationCode<SHA256> {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
    }

    /// Something to tell one call from every other: 128 random bits in hexadecimal.
    static func nonce() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }.hexDigits
    }
}

extension SymmetricKey {
    /// The key whose bytes are the UTF-8 of `text`.
    init(text: String) {
        self.init(data: Array(text.utf8))
    }
}
