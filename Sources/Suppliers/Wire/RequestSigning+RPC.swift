import Crypto
import Foundation
import Groundwork

/// Signs requests to Aliyun in its older RPC style, HMAC-SHA1 over all parameters.
struct AliyunRPCSigner: Sendable {
    private let keyID: String
    private let key: SymmetricKey

    init(keyID: String, secret: Secret) {
        self.keyID = keyID
        key = SymmetricKey(text: secret.reveal() + "&")
    }

    /// All parameters of a signed POST: those of the business, those of the call, and the signature.
    ///
    /// - Parameters:
    ///   - business: what the action asks for.
    ///   - action: the action's name.
    ///   - version: the API's version.
    ///   - moment: when the call is made.
    ///   - nonce: what no other call carries.
    /// - Returns: the parameters, unencoded.
    func signedParameters(
        _ business: [(name: String, value: String)],
        action: String,
        version: String,
        at moment: Moment,
        nonce: String
    ) -> [(name: String, value: String)] {
        let parameters =
            business + [
                (name: "AccessKeyId", value: keyID),
                (name: "Action", value: action),
                (name: "Format", value: "JSON"),
                (name: "SignatureMethod", value: "HMAC-SHA1"),
                (name: "SignatureNonce", value: nonce),
                (name: "SignatureVersion", value: "1.0"),
                (name: "Timestamp", value: CivilTime(moment, offset: .zero).iso8601),
                (name: "Version", value: version),
            ]
        return parameters + [(name: "Signature", value: signature(method: "POST", parameters))]
    }

    /// The signature over `parameters`, which do not hold one yet; GET and POST sign differently.
    func signature(method: String, _ parameters: [(name: String, value: String)]) -> String {
        let text = Self.stringToSign(method: method, parameters)
        let code = HMAC<Insecure.SHA1>.authenticationCode(for: Array(text.utf8), using: key)
        return Data(code).base64EncodedString()
    }

    /// What is signed: the sorted, encoded parameters, encoded once more.
    static func stringToSign(method: String, _ parameters: [(name: String, value: String)]) -> String {
        let sorted = parameters.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return "\(method)&%2F&\(PercentEncoding.encoded(PercentEncoding.form(sorted)))"
    }
}
