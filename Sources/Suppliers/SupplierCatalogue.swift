package import PushEngine

/// Every supplier that can be spoken to.
package enum SupplierCatalogue {
    /// In the order in which people read them: by channel.
    package static let forms: [SupplierForm] = [
        .webhook, .getui, .fcm, .apns, .huawei, .tencent, .aliyun, .yunpian, .linTong, .smtp,
        .weChatOfficialAccount, .weChatMiniProgram, .weComApp, .dingTalkRobot, .dingTalkNotice, .weComRobot,
        .feishuRobot,
    ]
}
