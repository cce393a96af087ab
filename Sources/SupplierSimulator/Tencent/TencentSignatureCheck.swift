import Groundwork
import Synchronization

/// Recomputes the TC3-HMAC-SHA256 signature of a request to the simulated Tencent.
final class TencentSignatureCheck: Sendable {
    /// How far the caller's clock may be off, in seconds.
    private static let skew: Int64 = 300

    private let account: SimulatorCredentials.Account
    /// The signing key of a secret and day, by access key.
    private let keys = Mutex<[String: (date: String, key: [UInt8])]>([:])

    init(account: SimulatorCredentials.Account) {
        self.account = account
    }

    /// Lets a rightly signed request pass.
    ///
    /// - Returns: the key that it was signed with.
    /// - Throws: what Tencent says about one that is not.
    func verify(
        _ request: SimulatedRequest,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatorCredentials.Key {
        guard let text = request.field("x-tc-timestamp"), let timestamp = Int64(text) else {
            throw SimulatedRefusal(
                "MissingParameter",
                "The request is missing a required parameter `X-TC-Timestamp`."
            )
        }
        guard let field = request.field("authorization").flatMap(AuthorizationField.init),
            field.algorithm == "TC3-HMAC-SHA256"
        else { throw SimulatedRefusal("AuthFailure.InvalidAuthorization", "The authorization is invalid.") }
        guard abs(now.secondsSinceEpoch - timestamp) <= Self.skew else {
            throw SimulatedRefusal("AuthFailure.SignatureExpire", "The signature is expired.")
        }
        let scope = field.credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let key = [account.key, account.nextKey].first(where: { $0.accessKey == scope.first }) else {
            throw SimulatedRefusal("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        }
        let date = CivilTime(Moment(secondsSinceEpoch: timestamp), offset: .zero).date
        guard scope.dropFirst() == [date, "sms", "tc3_request"] else {
            throw SimulatedRefusal(
                "AuthFailure.SignatureFailure",
                "The credential scope does not fit the request."
            )
        }
        guard let canonical = canonicalRequest(request, field.signedFields) else {
            throw SimulatedRefusal("AuthFailure.SignatureFailure", "A field that has to be signed is not.")
        }
        let hash = SignatureMaths.sha256(Array(canonical.utf8))
        let toSign = "TC3-HMAC-SHA256\n\(timestamp)\n\(date)/sms/tc3_request\n\(hash)"
        let signature = SignatureMaths.hex(SignatureMaths.hmac256(toSign, key: signingKey(key, date: date)))
        guard signature == field.signature else {
            throw SimulatedRefusal(
                "AuthFailure.SignatureFailure",
                "The provided credentials could not be validated."
            )
        }
        return key
    }

    /// The request as the caller has to have signed it; nil when a field that must be signed is not.
    private func canonicalRequest(_ request: SimulatedRequest, _ names: [String]) -> String? {
        guard names.contains("content-type"), names.contains("host"), names == names.sorted() else {
            return nil
        }
        var fields = ""
        for name in names {
            guard let value = name == "host" ? request.host : request.field(name) else { return nil }
            fields += "\(name):\(value.lowercased())\n"
        }
        let hash = SignatureMaths.sha256(request.body)
        return "POST\n/\n\(request.query)\n\(fields)\n\(names.joined(separator: ";"))\n\(hash)"
    }

    private func signingKey(_ key: SimulatorCredentials.Key, date: String) -> [UInt8] {
        keys.withLock { keys in
            if let known = keys[key.accessKey], known.date == date { return known.key }
            let ofDate = SignatureMaths.hmac256(date, key: Array(("TC3" + key.secretKey.reveal()).utf8))
            let ofService = SignatureMaths.hmac256("sms", key: ofDate)
            let signing = SignatureMaths.hmac256("tc3_request", key: ofService)
            keys[key.accessKey] = (date, signing)
            return signing
        }
    }
}
