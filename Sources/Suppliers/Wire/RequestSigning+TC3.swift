import Crypto
import Groundwork
import Synchronization

/// Signs requests to Tencent Cloud with TC3-HMAC-SHA256.
///
/// The signing key follows from secret, day and service; it is derived once a day.
final class TC3Signer: Sendable {
    private struct DayKey {
        let date: String
        let key: SymmetricKey
    }

    private let secretID: String
    private let secretKey: Secret
    private let service: String
    private let dayKey = Mutex<DayKey?>(nil)

    init(secretID: String, secretKey: Secret, service: String) {
        self.secretID = secretID
        self.secretKey = secretKey
        self.service = service
    }

    /// The value of the `Authorization` field.
    ///
    /// - Parameters:
    ///   - host: what is sent as `Host`.
    ///   - contentType: what is sent as `Content-Type`, byte for byte.
    ///   - action: what is sent as `X-TC-Action`; nil leaves it unsigned.
    ///   - body: the request's body.
    ///   - moment: what is sent as `X-TC-Timestamp`.
    /// - Returns: algorithm, credential, signed fields and signature.
    func authorization(
        host: String,
        contentType: String,
        action: String?,
        body: [UInt8],
        at moment: Moment
    ) -> String {
        let fields = Self.fields(host: host, contentType: contentType, action: action)
        let canonical = Self.canonicalRequest(fields, body: body)
        let names = fields.map(\.name).joined(separator: ";")
        return "TC3-HMAC-SHA256 Credential=\(secretID)/\(scope(at: moment)), SignedHeaders=\(names), "
            + "Signature=\(signature(canonical, at: moment))"
    }

    /// The signature of a canonical request.
    func signature(_ canonical: String, at moment: Moment) -> String {
        let hash = RequestSigning.sha256Hex(canonical.utf8)
        let text = "TC3-HMAC-SHA256\n\(moment.secondsSinceEpoch)\n\(scope(at: moment))\n\(hash)"
        return RequestSigning.hmac(text, key: signingKey(at: moment)).hexDigits
    }

    /// What is hashed and signed: the request in a form that both sides can rebuild.
    ///
    /// The path is `/`, as the API has it, whatever prefix a gateway puts before it. Values are lower-cased.
    static func canonicalRequest(_ fields: [(name: String, value: String)], body: [UInt8]) -> String {
        var text = "POST\n/\n\n"
        for field in fields { text += "\(field.name):\(field.value.lowercased())\n" }
        text += "\n\(fields.map(\.name).joined(separator: ";"))\n\(RequestSigning.sha256Hex(body))"
        return text
    }

    /// The fields that are signed, sorted by name.
    static func fields(host: String, contentType: String, action: String?) -> [(name: String, value: String)]
    {
        var fields = [(name: "content-type", value: contentType), (name: "host", value: host)]
        if let action { fields.append((name: "x-tc-action", value: action)) }
        return fields
    }

    private func scope(at moment: Moment) -> String {
        "\(Self.date(of: moment))/\(service)/tc3_request"
    }

    private func signingKey(at moment: Moment) -> SymmetricKey {
        let date = Self.date(of: moment)
        return dayKey.withLock { dayKey in
            if let dayKey, dayKey.date == date { return dayKey.key }
            let ofDate = RequestSigning.hmac(date, key: SymmetricKey(text: "TC3" + secretKey.reveal()))
            let ofService = RequestSigning.hmac(service, key: SymmetricKey(data: ofDate))
            let key = SymmetricKey(
                data: RequestSigning.hmac("tc3_request", key: SymmetricKey(data: ofService))
            )
            dayKey = DayKey(date: date, key: key)
            return key
        }
    }

    /// The day in UTC; a local day fails between midnight and 08:00 in China.
    private static func date(of moment: Moment) -> String {
        CivilTime(moment, offset: .zero).date
    }
}
