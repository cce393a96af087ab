package import Groundwork

/// The demo accounts; they open nothing but a simulator.
extension SimulatorCredentials.Account {
    package static let demoTencent = Self(
        demo: "AKIDdemoTencent",
        next: "AKIDdemoTencentNext",
        secret: "demo-tencent-secret",
        appID: "1400000001",
        signName: "快推",
        templateID: "1800001"
    )

    package static let demoAliyun = Self(
        demo: "LTAIdemoAliyun",
        next: "LTAIdemoAliyunNext",
        secret: "demo-aliyun-secret",
        signName: "快推",
        templateID: "SMS_180000001"
    )

    /// Its calls carry nothing but the key; the names are for taking one away.
    package static let demoYunpian = Self(
        demo: "yunpian-demo",
        next: "yunpian-demo-next",
        secret: "demo-yunpian-apikey",
        templateID: "5000001"
    )

    package static let demoLinTong = Self(
        demo: "lintong-demo",
        next: "lintong-demo-next",
        secret: "demo-lintong-password"
    )

    package static let demoSMTP = Self(
        demo: "demo@kpush.example",
        next: "demo-next@kpush.example",
        secret: "demo-mail-secret",
        signName: "news@kpush.example"
    )

    /// An application of WeChat has one id, whatever its secret.
    package static let demoWeChatOfficial = Self(
        demo: "wxdemooa00000001",
        next: "wxdemooa00000001",
        secret: "demo-oa-secret",
        templateID: "demo-oa-template",
        callbackToken: "demooatoken"
    )

    package static let demoWeChatMiniProgram = Self(
        demo: "wxdemomini000001",
        next: "wxdemomini000001",
        secret: "demo-mini-secret",
        templateID: "demo-mini-template",
        callbackToken: "demominitoken"
    )

    package static let demoWeComApp = Self(
        demo: "wwdemocorp000001",
        next: "wwdemocorp000001",
        secret: "demo-corp-secret",
        appID: "1000002"
    )

    /// The application that sends work notices.
    package static let demoDingTalkNotice = Self(
        demo: "dingdemo",
        next: "dingdemonext",
        secret: "demo-dingtalk-secret",
        appID: "100000001"
    )

    /// A robot, and another in the same group.
    package static let demoDingTalkRobot = Self(
        key: .init(accessKey: "demo-dingtalk-robot", secretKey: Secret("SECdemo")),
        nextKey: .init(accessKey: "demo-dingtalk-robot-next", secretKey: Secret("SECdemonext"))
    )

    /// A robot, and another in the same group; their addresses are all that proves who calls.
    package static let demoWeComRobot = Self(
        key: .init(accessKey: "00000000-0000-4000-8000-000000000001", secretKey: Secret("")),
        nextKey: .init(accessKey: "00000000-0000-4000-8000-000000000002", secretKey: Secret(""))
    )

    /// A robot, and another in the same group.
    package static let demoFeishuRobot = Self(
        demo: "demo-feishu-robot",
        next: "demo-feishu-robot-next",
        secret: "demo-feishu-secret"
    )

    /// Whoever listens to webhooks.
    package static let demoWebhook = Self(
        demo: "demo-webhook",
        next: "demo-webhook-next",
        secret: "demo-webhook-secret"
    )

    /// A key is an `appKey` with the `masterSecret`.
    package static let demoGeTui = Self(
        demo: "demoGeTuiKey",
        next: "demoGeTuiKeyNext",
        secret: "demo-getui-secret",
        appID: "demoGeTuiApp"
    )

    /// `appID` and a key's name are the same number.
    package static let demoHuawei = Self(
        demo: "100000001",
        next: "100000001",
        secret: "demo-huawei-secret",
        appID: "100000001"
    )

    /// `appID` is the project, a key the service account's mail address with its private key.
    package static let demoFCM = Self(
        key: .init(accessKey: "push@kpush-demo.iam.gserviceaccount.com", secretKey: DemoPrivateKeys.fcm),
        nextKey: .init(
            accessKey: "push-next@kpush-demo.iam.gserviceaccount.com",
            secretKey: DemoPrivateKeys.fcmNext
        ),
        appID: "kpush-demo"
    )

    /// `appID` is the topic, a key the key's id with the private key.
    package static let demoAPNs = Self(
        key: .init(accessKey: "DEMOKEY001", secretKey: DemoPrivateKeys.apns),
        nextKey: .init(accessKey: "DEMOKEY002", secretKey: DemoPrivateKeys.apnsNext),
        appID: "org.example.kpush"
    )

    /// An account with the keys `demo` and `next`; the secret of the second is that of the first with `-next` behind it.
    private init(
        demo: String,
        next: String,
        secret: String,
        appID: String = "",
        signName: String = "",
        templateID: String = "",
        callbackToken: String = ""
    ) {
        self.init(
            key: .init(accessKey: demo, secretKey: Secret(secret)),
            nextKey: .init(accessKey: next, secretKey: Secret(secret + "-next")),
            appID: appID,
            signName: signName,
            templateID: templateID,
            callbackToken: Secret(callbackToken)
        )
    }
}

extension SimulatorCredentials {
    /// The team that the demo keys of APNs belong to.
    package static let demoTeam = "DEMOTEAM01"
    /// What the simulated Huawei signs its receipts with.
    package static let demoCallbackKey = Secret("demo-huawei-callback-key")
    /// The user name given for Huawei's receipts.
    package static let demoCallbackUser = "kpush-demo"
}
