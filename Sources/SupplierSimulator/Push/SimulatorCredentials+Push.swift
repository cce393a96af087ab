package import Groundwork

extension SimulatorCredentials {
    /// The team that the demo keys of APNs belong to.
    package static let demoTeam = "DEMOTEAM01"
    /// What the simulated Huawei signs its receipts with.
    package static let demoCallbackKey = Secret("demo-huawei-callback-key")
    /// The user name given for Huawei's receipts.
    package static let demoCallbackUser = "kpush-demo"
}

extension SimulatorCredentials.Account {
    /// `appID` is GeTui's, a key its `appKey` with the `masterSecret`.
    package static let demoGeTui = SimulatorCredentials.Account(
        push: "demoGeTuiApp",
        key: SimulatorCredentials.Key(accessKey: "demoGeTuiKey", secretKey: Secret("demo-getui-secret")),
        next: SimulatorCredentials.Key(
            accessKey: "demoGeTuiKeyNext",
            secretKey: Secret("demo-getui-secret-next")
        )
    )

    /// `appID` is the project, a key the service account's mail address with its private key.
    package static let demoFCM = SimulatorCredentials.Account(
        push: "kpush-demo",
        key: SimulatorCredentials.Key(
            accessKey: "push@kpush-demo.iam.gserviceaccount.com",
            secretKey: DemoPrivateKeys.fcm
        ),
        next: SimulatorCredentials.Key(
            accessKey: "push-next@kpush-demo.iam.gserviceaccount.com",
            secretKey: DemoPrivateKeys.fcmNext
        )
    )

    /// `appID` is the topic, a key the key's id with the private key.
    package static let demoAPNs = SimulatorCredentials.Account(
        push: "org.example.kpush",
        key: SimulatorCredentials.Key(accessKey: "DEMOKEY001", secretKey: DemoPrivateKeys.apns),
        next: SimulatorCredentials.Key(accessKey: "DEMOKEY002", secretKey: DemoPrivateKeys.apnsNext)
    )

    /// `appID` and a key's first part are the same number; its second part is the `appSecret`.
    package static let demoHuawei = SimulatorCredentials.Account(
        push: "100000001",
        key: SimulatorCredentials.Key(accessKey: "100000001", secretKey: Secret("demo-huawei-secret")),
        next: SimulatorCredentials.Key(accessKey: "100000001", secretKey: Secret("demo-huawei-secret-next"))
    )

    private init(push application: String, key: SimulatorCredentials.Key, next: SimulatorCredentials.Key) {
        self.init(key: key, nextKey: next, appID: application, signName: "", templateID: "")
    }
}
