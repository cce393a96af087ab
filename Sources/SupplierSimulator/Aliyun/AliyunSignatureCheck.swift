import Foundation
import Groundwork

/// Recomputes the signature of a request to the simulated Aliyun, in either style.
struct AliyunSignatureCheck: Sendable {
    /// A request whose signature is right.
    struct Passed {
        let action: String
        let version: String
        let nonce: String
        let key: SimulatorCredentials.Key
    }

    /// How far the caller's clock may be off, in seconds.
    private static let skew: Int64 = 15 * 60

    let account: SimulatorCredentials.Account

    /// Lets a rightly signed request pass; its nonce is still to be checked.
    ///
    /// - Throws: what Aliyun's gateway says about one that is not.
    func verify(
        _ request: SimulatedRequest,
        query: FormParameters,
        parameters: FormParameters,
        at now: Moment
    ) throws(SimulatedRefusal) -> Passed {
        if let text = request.field("authorization") {
            guard let field = AuthorizationField(text), field.algorithm == "ACS3-HMAC-SHA256" else {
                throw SimulatedRefusal(
                    "IncompleteSignature",
                    "The authorization cannot be read.",
                    status: 400
                )
            }
            return try verifyACS3(request, field, query: query, at: now)
        }
        return try verifyRPC(request, parameters, at: now)
    }

    private func verifyACS3(
        _ request: SimulatedRequest,
        _ field: AuthorizationField,
        query: FormParameters,
        at now: Moment
    ) throws(SimulatedRefusal) -> Passed {
        let key = try key(named: field.credential)
        try checkDate(try needed(request.field("x-acs-date"), "x-acs-date"), at: now)
        let action = try needed(request.field("x-acs-action"), "x-acs-action")
        let version = try needed(request.field("x-acs-version"), "x-acs-version")
        let nonce = try needed(request.field("x-acs-signature-nonce"), "x-acs-signature-nonce")
        let bodyHash = SignatureMaths.sha256(request.body)
        guard request.field("x-acs-content-sha256") == bodyHash else {
            throw SimulatedRefusal(
                "SignatureDoesNotMatch",
                "x-acs-content-sha256 is not the body's.",
                status: 400
            )
        }
        var mustSign = [
            "host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce",
            "x-acs-version",
        ]
        if !request.body.isEmpty { mustSign.append("content-type") }
        let names = field.signedFields
        guard mustSign.allSatisfy(names.contains), names == names.sorted() else {
            throw SimulatedRefusal(
                "SignatureDoesNotMatch",
                "A field that has to be signed is not.",
                status: 400
            )
        }
        var fields = ""
        for name in names {
            let value = name == "host" ? request.host : try needed(request.field(name), name)
            fields += "\(name):\(value)\n"
        }
        let canonical =
            "\(request.method)\n/\n\(query.canonical())\n\(fields)\n\(names.joined(separator: ";"))\n\(bodyHash)"
        let toSign = "ACS3-HMAC-SHA256\n\(SignatureMaths.sha256(Array(canonical.utf8)))"
        let signature = SignatureMaths.hex(
            SignatureMaths.hmac256(toSign, key: Array(key.secretKey.reveal().utf8))
        )
        guard signature == field.signature else { throw Self.mismatch }
        return Passed(action: action, version: version, nonce: nonce, key: key)
    }

    private func verifyRPC(
        _ request: SimulatedRequest,
        _ parameters: FormParameters,
        at now: Moment
    ) throws(SimulatedRefusal) -> Passed {
        let key = try key(named: try needed(parameters["AccessKeyId"], "AccessKeyId"))
        try checkDate(try needed(parameters["Timestamp"], "Timestamp"), at: now)
        guard parameters["SignatureMethod"] == "HMAC-SHA1", parameters["SignatureVersion"] == "1.0",
            parameters["Format"] == "JSON"
        else {
            throw SimulatedRefusal("InvalidParameter", "Not a signature that is spoken here.", status: 400)
        }
        let canonical = parameters.canonical(without: "Signature")
        let toSign = "\(request.method)&%2F&\(FormParameters.encoded(canonical))"
        let code = SignatureMaths.hmac1(toSign, key: Array((key.secretKey.reveal() + "&").utf8))
        guard Data(code).base64EncodedString() == parameters["Signature"] else { throw Self.mismatch }
        return Passed(
            action: try needed(parameters["Action"], "Action"),
            version: try needed(parameters["Version"], "Version"),
            nonce: try needed(parameters["SignatureNonce"], "SignatureNonce"),
            key: key
        )
    }

    private static let mismatch = SimulatedRefusal(
        "SignatureDoesNotMatch",
        "Specified signature is not matched with our calculation.",
        status: 400
    )

    private func key(named name: String) throws(SimulatedRefusal) -> SimulatorCredentials.Key {
        guard let key = [account.key, account.nextKey].first(where: { $0.accessKey == name }) else {
            throw SimulatedRefusal(
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
                status: 404
            )
        }
        return key
    }

    private func needed(_ value: String?, _ name: String) throws(SimulatedRefusal) -> String {
        guard let value, !value.isEmpty else {
            throw SimulatedRefusal("Missing\(name)", "\(name) is mandatory for this action.", status: 400)
        }
        return value
    }

    private func checkDate(_ text: String, at now: Moment) throws(SimulatedRefusal) {
        // `2023-11-14T22:13:20Z`, in UTC.
        let plain = text.replacing("T", with: " ").replacing("Z", with: "")
        guard text.hasSuffix("Z"), let date = CivilTime(plain)?.moment(offset: .zero) else {
            throw SimulatedRefusal(
                "InvalidTimeStamp.Format",
                "Specified time stamp is not well formatted.",
                status: 400
            )
        }
        guard abs(date.secondsSinceEpoch - now.secondsSinceEpoch) <= Self.skew else {
            throw SimulatedRefusal(
                "InvalidTimeStamp.Expired",
                "Specified time stamp or date value is expired.",
                status: 400
            )
        }
    }
}
