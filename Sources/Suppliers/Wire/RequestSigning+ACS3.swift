import Crypto
import Groundwork

/// Signs requests to Aliyun with ACS3-HMAC-SHA256, version 3 of its signatures.
struct ACS3Signer: Sendable {
    /// A request before it is signed.
    struct Request {
        var action: String
        var version: String
        var host: String
        /// The query as sent: sorted by name and percent-encoded; empty for none.
        var query = ""
        /// Sent and signed only when there is a body.
        var contentType: String?
        var body: [UInt8] = []
    }

    private let keyID: String
    private let key: SymmetricKey

    init(keyID: String, secret: Secret) {
        self.keyID = keyID
        key = SymmetricKey(text: secret.reveal())
    }

    /// All header fields of a signed request, `authorization` included.
    func signedFields(_ request: Request, at moment: Moment, nonce: String) -> [(name: String, value: String)]
    {
        let fields = Self.fields(request, at: moment, nonce: nonce)
        let canonical = Self.canonicalRequest(request, fields: fields)
        let names = fields.map(\.name).joined(separator: ";")
        let authorization =
            "ACS3-HMAC-SHA256 Credential=\(keyID),SignedHeaders=\(names),Signature=\(signature(canonical))"
        return fields + [(name: "authorization", value: authorization)]
    }

    /// The signature of a canonical request; the secret itself is the key.
    func signature(_ canonical: String) -> String {
        let text = "ACS3-HMAC-SHA256\n\(RequestSigning.sha256Hex(canonical.utf8))"
        return RequestSigning.hmac(text, key: key).hexDigits
    }

    /// What is hashed and signed: the request in a form that both sides can rebuild.
    ///
    /// The path is `/`, as the API has it, whatever prefix a gateway puts before it. Values keep their case.
    static func canonicalRequest(_ request: Request, fields: [(name: String, value: String)]) -> String {
        var text = "POST\n/\n\(request.query)\n"
        for field in fields { text += "\(field.name):\(field.value)\n" }
        text += "\n\(fields.map(\.name).joined(separator: ";"))\n\(RequestSigning.sha256Hex(request.body))"
        return text
    }

    /// The fields that are signed, sorted by name.
    static func fields(
        _ request: Request,
        at moment: Moment,
        nonce: String
    ) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        if let contentType = request.contentType { fields.append((name: "content-type", value: contentType)) }
        fields += [
            (name: "host", value: request.host),
            (name: "x-acs-action", value: request.action),
            (name: "x-acs-content-sha256", value: RequestSigning.sha256Hex(request.body)),
            (name: "x-acs-date", value: CivilTime(moment, offset: .zero).iso8601),
            (name: "x-acs-signature-nonce", value: nonce),
            (name: "x-acs-version", value: request.version),
        ]
        return fields
    }
}
