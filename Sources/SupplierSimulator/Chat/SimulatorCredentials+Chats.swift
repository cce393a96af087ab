import Groundwork

extension SimulatorCredentials {
    /// What a robot's account is set up with: the part of its address behind the simulator's, and what signs.
    static func robot(
        _ path: String,
        _ key: Key
    ) -> (values: [String: String], secrets: [String: Secret]) {
        var secrets = ["webhook": Secret(path + key.accessKey)]
        if !key.secretKey.isEmpty { secrets["secret"] = key.secretKey }
        return ([:], secrets)
    }
}

extension SimulatorCredentials.Account {
    /// The demo account at whoever listens to webhooks.
    package static let demoWebhook = chat(
        key: .init(accessKey: "demo-webhook", secretKey: Secret("demo-webhook-secret")),
        nextKey: .init(accessKey: "demo-webhook-next", secretKey: Secret("demo-webhook-secret-next"))
    )

    /// A demo robot, and another in the same group.
    package static let demoDingTalkRobot = chat(
        key: .init(accessKey: "demo-dingtalk-robot", secretKey: Secret("SECdemo")),
        nextKey: .init(accessKey: "demo-dingtalk-robot-next", secretKey: Secret("SECdemonext"))
    )

    /// The demo application.
    package static let demoDingTalkNotice = chat(
        key: .init(accessKey: "dingdemo", secretKey: Secret("demo-dingtalk-secret")),
        nextKey: .init(accessKey: "dingdemonext", secretKey: Secret("demo-dingtalk-secret-next")),
        appID: "100000001"
    )

    /// A demo robot, and another in the same group; their addresses are all that proves who calls.
    package static let demoWeComRobot = chat(
        key: .init(accessKey: "00000000-0000-4000-8000-000000000001", secretKey: Secret("")),
        nextKey: .init(accessKey: "00000000-0000-4000-8000-000000000002", secretKey: Secret(""))
    )

    /// A demo robot, and another in the same group.
    package static let demoFeishuRobot = chat(
        key: .init(accessKey: "demo-feishu-robot", secretKey: Secret("demo-feishu-secret")),
        nextKey: .init(accessKey: "demo-feishu-robot-next", secretKey: Secret("demo-feishu-secret-next"))
    )

    /// An account that has neither signature nor template.
    private static func chat(
        key: SimulatorCredentials.Key,
        nextKey: SimulatorCredentials.Key,
        appID: String = ""
    ) -> SimulatorCredentials.Account {
        SimulatorCredentials.Account(key: key, nextKey: nextKey, appID: appID, signName: "", templateID: "")
    }
}
