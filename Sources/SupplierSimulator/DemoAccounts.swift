import Groundwork

/// The demo accounts of the suppliers in `WeChat`, `WeCom`, `Yunpian` and `LinTong`.
extension SimulatorCredentials.Account {
    package static let demoWeChatOfficial = Self(
        // An application has one id, whatever its secret.
        key: SimulatorCredentials.Key(accessKey: "wxdemooa00000001", secretKey: Secret("demo-oa-secret")),
        nextKey: SimulatorCredentials.Key(
            accessKey: "wxdemooa00000001",
            secretKey: Secret("demo-oa-secret-next")
        ),
        templateID: "demo-oa-template",
        callbackToken: Secret("demooatoken")
    )

    package static let demoWeChatMiniProgram = Self(
        key: SimulatorCredentials.Key(accessKey: "wxdemomini000001", secretKey: Secret("demo-mini-secret")),
        nextKey: SimulatorCredentials.Key(
            accessKey: "wxdemomini000001",
            secretKey: Secret("demo-mini-secret-next")
        ),
        templateID: "demo-mini-template",
        callbackToken: Secret("demominitoken")
    )

    package static let demoWeComApp = Self(
        key: SimulatorCredentials.Key(accessKey: "wwdemocorp000001", secretKey: Secret("demo-corp-secret")),
        nextKey: SimulatorCredentials.Key(
            accessKey: "wwdemocorp000001",
            secretKey: Secret("demo-corp-secret-next")
        ),
        appID: "1000002"
    )

    package static let demoYunpian = Self(
        // Its calls carry nothing but the key; the names are for taking one away.
        key: SimulatorCredentials.Key(accessKey: "yunpian-demo", secretKey: Secret("demo-yunpian-apikey")),
        nextKey: SimulatorCredentials.Key(
            accessKey: "yunpian-demo-next",
            secretKey: Secret("demo-yunpian-apikey-next")
        ),
        templateID: "5000001"
    )

    package static let demoLinTong = Self(
        key: SimulatorCredentials.Key(accessKey: "lintong-demo", secretKey: Secret("demo-lintong-password")),
        nextKey: SimulatorCredentials.Key(
            accessKey: "lintong-demo-next",
            secretKey: Secret("demo-lintong-password-next")
        )
    )
}
