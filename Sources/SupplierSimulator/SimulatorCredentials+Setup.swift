package import Groundwork

extension SimulatorCredentials {
    /// What an account at `supplier` is set up with, by the names that its console gives the fields.
    ///
    /// - Parameters:
    ///   - supplier: the supplier.
    ///   - key: what its calls are signed with; nil for the key in use.
    /// - Returns: what may be seen, and what may not.
    package func setup(
        at supplier: SimulatedSupplier,
        key: Key? = nil
    ) -> (values: [String: String], secrets: [String: Secret]) {
        let account = self[supplier]
        let key = key ?? account.key
        return switch supplier {
        case .tencent:
            (
                [
                    "secretId": key.accessKey, "smsSdkAppId": account.appID, "signName": account.signName,
                    "templateId": account.templateID,
                ],
                ["secretKey": key.secretKey]
            )
        case .aliyun:
            (
                [
                    "accessKeyId": key.accessKey, "signName": account.signName,
                    "templateCode": account.templateID,
                ],
                ["accessKeySecret": key.secretKey]
            )
        case .webhook: ([:], ["secret": key.secretKey])
        case .dingTalkRobot: Self.robot("/robot/send?access_token=", key)
        case .dingTalkNotice:
            (["appKey": key.accessKey, "agentId": account.appID], ["appSecret": key.secretKey])
        case .weComRobot: Self.robot("/cgi-bin/webhook/send?key=", key)
        case .feishuRobot: Self.robot("/open-apis/bot/v2/hook/", key)
        case .smtp:
            (
                ["from": account.signName, "user": key.accessKey, "starttls": "none"],
                ["pass": key.secretKey]
            )
        case .getui:
            (["appId": account.appID, "appKey": key.accessKey], ["masterSecret": key.secretKey])
        case .fcm:
            (["projectId": account.appID, "clientEmail": key.accessKey], ["privateKey": key.secretKey])
        case .apns:
            (
                ["topic": account.appID, "keyId": key.accessKey, "teamId": Self.demoTeam],
                ["privateKey": key.secretKey]
            )
        case .huawei:
            (
                ["appId": account.appID, "callbackUser": Self.demoCallbackUser],
                ["appSecret": key.secretKey, "callbackKey": Self.demoCallbackKey]
            )
        case .yunpian: (["tplId": account.templateID], ["apikey": key.secretKey])
        case .linTong: (["userName": key.accessKey], ["password": key.secretKey])
        case .weChatOfficialAccount:
            (["appId": key.accessKey], ["secret": key.secretKey, "token": account.callbackToken])
        case .weChatMiniProgram:
            (["appId": key.accessKey], ["appSecret": key.secretKey, "token": account.callbackToken])
        case .weComApp:
            (["corpId": key.accessKey, "agentId": account.appID], ["corpSecret": key.secretKey])
        }
    }

    /// What a robot's account is set up with: the part of its address behind the simulator's, and what signs.
    private static func robot(
        _ path: String,
        _ key: Key
    ) -> (values: [String: String], secrets: [String: Secret]) {
        var secrets = ["webhook": Secret(path + key.accessKey)]
        if !key.secretKey.isEmpty { secrets["secret"] = key.secretKey }
        return ([:], secrets)
    }

    /// An account at `supplier` as the API of whoever sends takes it, secrets included.
    func account(at supplier: SimulatedSupplier, url: String) -> WireObject {
        let setup = setup(at: supplier)
        var config: WireObject = [:]
        for (name, value) in setup.values.sorted(by: { $0.key < $1.key }) {
            config.append(name, .text(value))
        }
        for (name, secret) in setup.secrets.sorted(by: { $0.key < $1.key }) {
            config.append(name, .text(secret.reveal()))
        }
        return [
            "name": .text("\(supplier.rawValue)-demo"), "kind": .text(supplier.rawValue), "url": .text(url),
            "config": .object(config),
        ]
    }
}
