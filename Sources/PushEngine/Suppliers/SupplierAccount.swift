package import Groundwork

/// Names one supplier account.
package struct AccountID: RawRepresentable, Hashable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }
}

/// Which wire an account speaks.
package enum SupplierKind: String, Hashable, Sendable, CaseIterable, Codable {
    case tencent
    case aliyun
}

/// Credentials and settings of one account at one supplier.
package struct SupplierAccount: Sendable, Identifiable {
    package let id: AccountID
    /// What people call it, such as `tencent-main`.
    package var name: String
    package var kind: SupplierKind
    package var channel: Channel
    /// Where the supplier's API is; a simulator's address works alike.
    package var url: String
    /// Who signs: Tencent `SecretId`, Aliyun `AccessKeyId`.
    package var accessKey: String
    /// What signs; empty when it cannot be opened any more.
    package var secretKey: Secret
    /// The signature shown in 【】 before the text, without the brackets.
    package var signName: String
    /// The supplier's id of the approved template; its only parameter is the rendered text.
    package var templateID: String
    /// Tencent only: `SmsSdkAppId`.
    package var appID: String
    /// Tencent only, such as `ap-guangzhou`; Aliyun `RegionId`.
    package var region: String
    /// The share of messages this account takes among those of its channel and message type; 0 takes none.
    package var weight: Int
    /// How many calls that send it makes in a second at most; nil for as many as its supplier says
    /// (`SupplierKind.callsPerSecond`).
    package var callsPerSecond: Int?
    package var isEnabled: Bool

    package init(
        id: AccountID,
        name: String,
        kind: SupplierKind,
        channel: Channel = .sms,
        url: String,
        accessKey: String,
        secretKey: Secret,
        signName: String,
        templateID: String,
        appID: String = "",
        region: String = "",
        weight: Int = 100,
        callsPerSecond: Int? = nil,
        isEnabled: Bool = true
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.channel = channel
        self.url = url
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.signName = signName
        self.templateID = templateID
        self.appID = appID
        self.region = region
        self.weight = weight
        self.callsPerSecond = callsPerSecond
        self.isEnabled = isEnabled
    }

    /// Whether its calls can be signed; when not, its secret key must be given again.
    package var canSign: Bool { !secretKey.isEmpty }
}
