import Groundwork
import PushEngine

/// Turns an action and its parameters into a signed request, in either of Aliyun's styles.
enum AliyunSigning: Sendable {
    case acs3(ACS3Signer)
    case rpc(AliyunRPCSigner)

    private static let contentType = "application/x-www-form-urlencoded"

    init(_ signature: AliyunSignature, keyID: String, secret: Secret) {
        switch signature {
        case .acs3: self = .acs3(ACS3Signer(keyID: keyID, secret: secret))
        case .rpc: self = .rpc(AliyunRPCSigner(keyID: keyID, secret: secret))
        }
    }

    /// A request that is signed for one moment and may be made once.
    func request(
        to endpoint: SupplierEndpoint,
        action: String,
        version: String,
        parameters: [(name: String, value: String)],
        at moment: Moment,
        timeouts: HTTPTimeouts
    ) -> HTTPRequest {
        let nonce = RequestSigning.nonce()
        switch self {
        case .acs3(let signer):
            let unsigned = ACS3Signer.Request(
                action: action,
                version: version,
                host: endpoint.host,
                contentType: Self.contentType,
                body: PercentEncoding.formBytes(parameters)
            )
            let fields = signer.signedFields(unsigned, at: moment, nonce: nonce)
            return HTTPRequest(url: endpoint.url, headers: fields, body: unsigned.body, timeouts: timeouts)
        case .rpc(let signer):
            let signed = signer.signedParameters(
                parameters,
                action: action,
                version: version,
                at: moment,
                nonce: nonce
            )
            return HTTPRequest(
                url: endpoint.url,
                headers: [("Host", endpoint.host), ("Content-Type", Self.contentType)],
                body: PercentEncoding.formBytes(signed),
                timeouts: timeouts
            )
        }
    }
}
