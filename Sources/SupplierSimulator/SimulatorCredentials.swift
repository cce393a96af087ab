package import Groundwork

/// Who may call the simulated suppliers, and what is approved there.
package struct SimulatorCredentials: Sendable {
    /// What a caller signs with.
    package struct Key: Sendable, Hashable {
        /// Tencent `SecretId`, Aliyun `AccessKeyId`.
        package let accessKey: String
        package let secretKey: Secret

        package init(accessKey: String, secretKey: Secret) {
            self.accessKey = accessKey
            self.secretKey = secretKey
        }
    }

    /// One account at one supplier.
    package struct Account: Sendable {
        /// The key in use.
        package var key: Key
        /// A second key that works as well, for trying a change of keys.
        package var nextKey: Key
        /// Tencent's `SmsSdkAppId`; Aliyun has none.
        package var appID: String
        /// The approved signature.
        package var signName: String
        /// The approved template, whose only variable is the whole text.
        package var templateID: String

        package init(key: Key, nextKey: Key, appID: String, signName: String, templateID: String) {
            self.key = key
            self.nextKey = nextKey
            self.appID = appID
            self.signName = signName
            self.templateID = templateID
        }
    }

    package var tencent: Account
    package var aliyun: Account

    package init(tencent: Account, aliyun: Account) {
        self.tencent = tencent
        self.aliyun = aliyun
    }

    /// The demo accounts; they open nothing but a simulator.
    package static let demo = SimulatorCredentials(
        tencent: Account(
            key: Key(accessKey: "AKIDdemoTencent", secretKey: Secret("demo-tencent-secret")),
            nextKey: Key(accessKey: "AKIDdemoTencentNext", secretKey: Secret("demo-tencent-secret-next")),
            appID: "1400000001",
            signName: "快推",
            templateID: "1800001"
        ),
        aliyun: Account(
            key: Key(accessKey: "LTAIdemoAliyun", secretKey: Secret("demo-aliyun-secret")),
            nextKey: Key(accessKey: "LTAIdemoAliyunNext", secretKey: Secret("demo-aliyun-secret-next")),
            appID: "",
            signName: "快推",
            templateID: "SMS_180000001"
        )
    )

    /// The account at `supplier`.
    package subscript(supplier: SimulatedSupplier) -> Account {
        switch supplier {
        case .tencent: tencent
        case .aliyun: aliyun
        }
    }
}
