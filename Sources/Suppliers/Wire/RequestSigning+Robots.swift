import Crypto
import Foundation
import Groundwork

extension RequestSigning {
    /// DingTalk's signature of a robot's call: the moment and the secret, signed with the secret.
    ///
    /// - Parameters:
    ///   - secret: what begins with `SEC`.
    ///   - milliseconds: the moment, as it is sent.
    /// - Returns: the signature in Base64, not yet encoded for an address.
    static func dingTalkRobot(_ secret: Secret, at milliseconds: Int64) -> String {
        let secret = secret.reveal()
        return Data(hmac("\(milliseconds)\n\(secret)", key: SymmetricKey(text: secret))).base64EncodedString()
    }

    /// Feishu's signature of a robot's call: nothing, signed with the moment and the secret.
    ///
    /// - Parameters:
    ///   - secret: what the robot's page shows.
    ///   - seconds: the moment, as it is sent.
    /// - Returns: the signature in Base64.
    static func feishuRobot(_ secret: Secret, at seconds: Int64) -> String {
        let key = SymmetricKey(text: "\(seconds)\n\(secret.reveal())")
        return Data(hmac("", key: key)).base64EncodedString()
    }

    /// The signature of a webhook's call: the moment, a full stop and the body.
    ///
    /// - Parameters:
    ///   - secret: what both sides know.
    ///   - seconds: the moment, as it is sent.
    ///   - body: what is sent.
    /// - Returns: the signature in hexadecimal.
    static func webhook(_ secret: Secret, at seconds: Int64, body: [UInt8]) -> String {
        let key = SymmetricKey(text: secret.reveal())
        return HMAC<SHA256>.authenticationCode(for: Array("\(seconds).".utf8) + body, using: key).hexDigits
    }
}
