import Crypto
import CryptoExtras
import Foundation
import Groundwork

/// Signs messages in the name of a domain (RFC 6376, RFC 8463), both header and body in relaxed form.
struct DKIMSigner: Sendable {
    /// What signs.
    private enum Key: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let domain: String
    private let selector: String
    private let key: Key

    /// Makes a signer; nil when the key is none.
    ///
    /// - Parameters:
    ///   - domain: who answers for the messages.
    ///   - selector: under which name below `_domainkey` the domain publishes the key.
    ///   - key: an RSA key of 2048 bits or more, or an Ed25519 key, in PEM; for the latter also its 32 bytes in base64.
    init?(domain: String, selector: String, key: Secret) {
        guard let key = Self.key(key.reveal().contains("-----") ? key.pem : key.reveal()) else { return nil }
        self.domain = domain
        self.selector = selector
        self.key = key
    }

    private static func key(_ text: String) -> Key? {
        let base64 = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
        let bytes = Data(base64Encoded: base64.filter { !$0.isWhitespace }).map(Array.init) ?? []
        // PKCS #8's words for "Ed25519, and here it is".
        let head: [UInt8] = [
            0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ]
        let isWrapped = bytes.count == 48 && bytes.starts(with: head)
        if bytes.count == 32 || isWrapped {
            return (try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.suffix(32))).map(Key.ed25519)
        }
        return (try? _RSA.Signing.PrivateKey(pemRepresentation: text)).map(Key.rsa)
    }

    /// Fields that are signed where a message has them.
    private static let signed: Set<String> = [
        "from", "to", "subject", "date", "message-id", "mime-version", "auto-submitted", "content-type",
        "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post",
    ]

    /// The value of the field that signs a message, folded.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - moment: when it is signed.
    /// - Returns: the value; nil when it cannot be signed.
    func signature(of message: MailWriter, at moment: Moment) -> String? {
        let fields = message.fields.filter { Self.signed.contains($0.name.lowercased()) }
        let bodyHash = Data(SHA256.hash(data: Self.relaxed(body: message.body))).base64EncodedString()
        let names = fields.map { $0.name.lowercased() }.joined(separator: ":\r\n ")
        let value =
            "v=1; a=\(algorithm); c=relaxed/relaxed;\r\n d=\(domain); s=\(selector);\r\n"
            + " t=\(moment.secondsSinceEpoch);\r\n h=\(names);\r\n bh=\(bodyHash);\r\n b="
        var text = fields.map { Self.relaxed($0.name, $0.value) + "\r\n" }.joined()
        text += Self.relaxed("DKIM-Signature", value)
        guard let signature = sign(SHA256.hash(data: Array(text.utf8))) else { return nil }
        return value + Self.folded(signature.base64EncodedString())
    }

    private var algorithm: String {
        switch key {
        case .rsa: "rsa-sha256"
        case .ed25519: "ed25519-sha256"
        }
    }

    private func sign(_ digest: SHA256Digest) -> Data? {
        switch key {
        case .rsa(let key): try? key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation
        case .ed25519(let key): try? key.signature(for: Data(digest))
        }
    }

    private static func folded(_ text: String) -> String {
        var lines: [Substring] = []
        var rest = text[...]
        while !rest.isEmpty {
            lines.append(rest.prefix(72))
            rest = rest.dropFirst(72)
        }
        return lines.joined(separator: "\r\n ")
    }

    /// A field whose name is in small letters and whose blanks are single ones.
    static func relaxed(_ name: String, _ value: String) -> String {
        let words = value.split { $0 == " " || $0 == "\t" || $0 == "\r\n" || $0 == "\r" || $0 == "\n" }
        return "\(name.lowercased()):\(words.joined(separator: " "))"
    }

    /// A body whose blanks are single ones, without those at the ends of lines and without empty lines at its end.
    static func relaxed(body: [UInt8]) -> [UInt8] {
        var written: [UInt8] = []
        written.reserveCapacity(body.count)
        var isBlank = false
        // How much of what is written is followed by nothing but ends of lines.
        var end = 0
        for byte in body {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): isBlank = true
            case UInt8(ascii: "\r"): continue
            case UInt8(ascii: "\n"):
                isBlank = false
                written += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
            default:
                if isBlank { written.append(UInt8(ascii: " ")) }
                isBlank = false
                written.append(byte)
                end = written.count
            }
        }
        guard end > 0 else { return [] }
        return Array(written[..<end]) + [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
    }
}
