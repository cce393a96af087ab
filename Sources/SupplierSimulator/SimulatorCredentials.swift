package import Groundwork

/// Who may call the simulated suppliers, and what is approved there.
package struct SimulatorCredentials: Sendable {
    /// What a caller signs with.
    package struct Key: Sendable, Hashable {
        /// Tencent `SecretId`, Aliyun `AccessKeyId`, DingTalk `AppKey`, WeChat `AppID`, WeCom `CorpID`, what a robot's
        /// address ends with.
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
        /// Tencent's `SmsSdkAppId`, DingTalk's and WeCom's `AgentId`; empty for one without.
        package var appID: String
        /// The approved signature.
        package var signName: String
        /// The approved template, whose only variable is the whole text.
        package var templateID: String
        /// What the supplier signs its posts with; empty for one that signs none.
        package var callbackToken: Secret

        package init(
            key: Key,
            nextKey: Key,
            appID: String = "",
            signName: String = "",
            templateID: String = "",
            callbackToken: Secret = Secret("")
        ) {
            self.key = key
            self.nextKey = nextKey
            self.appID = appID
            self.signName = signName
            self.templateID = templateID
            self.callbackToken = callbackToken
        }
    }

    package var tencent = Account.demoTencent
    package var aliyun = Account.demoAliyun
    package var webhook = Account.demoWebhook
    package var dingTalkRobot = Account.demoDingTalkRobot
    package var dingTalkNotice = Account.demoDingTalkNotice
    package var weComRobot = Account.demoWeComRobot
    package var feishuRobot = Account.demoFeishuRobot
    package var getui = Account.demoGeTui
    package var fcm = Account.demoFCM
    package var apns = Account.demoAPNs
    package var huawei = Account.demoHuawei
    package var yunpian = Account.demoYunpian
    package var linTong = Account.demoLinTong
    package var weChatOfficialAccount = Account.demoWeChatOfficial
    package var weChatMiniProgram = Account.demoWeChatMiniProgram
    package var weComApp = Account.demoWeComApp

    /// A mail server's: who signs in, and who sends.
    package var smtp = Account.demoSMTP

    /// The demo accounts; they open nothing but a simulator.
    package static let demo = SimulatorCredentials()

    /// The account at `supplier`.
    package subscript(supplier: SimulatedSupplier) -> Account {
        switch supplier {
        case .tencent: tencent
        case .aliyun: aliyun
        case .webhook: webhook
        case .dingTalkRobot: dingTalkRobot
        case .dingTalkNotice: dingTalkNotice
        case .weComRobot: weComRobot
        case .feishuRobot: feishuRobot
        case .smtp: smtp
        case .getui: getui
        case .fcm: fcm
        case .apns: apns
        case .huawei: huawei
        case .yunpian: yunpian
        case .linTong: linTong
        case .weChatOfficialAccount: weChatOfficialAccount
        case .weChatMiniProgram: weChatMiniProgram
        case .weComApp: weComApp
        }
    }
}
