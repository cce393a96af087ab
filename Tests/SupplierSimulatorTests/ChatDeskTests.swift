import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// The simulated chats take what the published vectors sign, and nothing that is off by a bit.
@Suite struct ChatDeskTests {
    private static let text = #"{"msgtype":"text","text":{"content":"hi"}}"#

    private static func settings() -> SimulatorSettings {
        func account(_ key: String, _ secret: String) -> SimulatorCredentials.Account {
            SimulatorCredentials.Account(
                key: .init(accessKey: key, secretKey: Secret(secret)),
                nextKey: .init(accessKey: "next", secretKey: Secret("next")),
                appID: "",
                signName: "",
                templateID: ""
            )
        }
        var settings = SimulatorSettings()
        settings.credentials.dingTalkRobot = account("K", "SECtest")
        settings.credentials.feishuRobot = account("K", "SECtest")
        settings.credentials.webhook = account("K", "webhook-secret")
        return settings
    }

    /// Posts a body as JSON and makes sure of the code of the answer, or of its status when it has none.
    private func expect(
        _ code: Int64,
        _ simulator: RunningSimulator,
        _ path: String,
        _ body: String,
        headers: [(String, String)] = [("Content-Type", "application/json")],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await simulator.http.send(
            HTTPRequest(url: simulator.url + path, headers: headers, body: Array(body.utf8))
        )
        let members = (try? WireValue(json: answer.body))?.object ?? [:]
        let said = members["errcode"].wholeNumber ?? members["code"].wholeNumber ?? Int64(answer.status)
        #expect(said == code, "\(answer.text)", sourceLocation: sourceLocation)
    }

    // DingTalk's robots.

    private static let sign = "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D"

    @Test(
        arguments: [
            ("access_token=K&timestamp=1700000000000&sign=\(Self.sign)", 0),
            ("access_token=other&timestamp=1700000000000&sign=\(Self.sign)", 300_001),
            ("timestamp=1700000000000&sign=\(Self.sign)", 300_001),
            ("access_token=K", 310_000), ("access_token=K&timestamp=1700000000000", 310_000),
            ("access_token=K&timestamp=1700000000001&sign=\(Self.sign)", 310_000),
            ("access_token=K&timestamp=now&sign=\(Self.sign)", 310_000),
            ("access_token=next&timestamp=1700000000000&sign=\(Self.sign)", 310_000),
        ] as [(String, Int64)]
    )
    func `DingTalk's vector is taken, and nothing else`(query: String, code: Int64) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/dingtalk-robot/robot/send?\(query)"
            try await expect(code, simulator, path, Self.text)
        }
    }

    @Test func `DingTalk takes a moment that is an hour off, and not more`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/dingtalk-robot/robot/send?access_token=K&timestamp=1700000000000&sign=\(Self.sign)"
            simulator.clock.advance(by: .seconds(3_600))
            try await expect(0, simulator, path, Self.text)
            simulator.clock.advance(by: .milliseconds(1))
            try await expect(310_000, simulator, path, Self.text)
        }
    }

    @Test(
        arguments: [
            ("no JSON", 40_035), (#"{"msgtype":"image"}"#, 400_105),
            (#"{"msgtype":"text","text":{}}"#, 40_035),
            (#"{"msgtype":"markdown","markdown":{"text":"c"}}"#, 40_035),
            (#"{"msgtype":"link","link":{"title":"T","text":"c","messageURL":"https://a"}}"#, 40_035),
            (#"{"msgtype":"actionCard","actionCard":{"title":"T","text":"c"}}"#, 40_035),
            (
                #"{"msgtype":"actionCard","actionCard":{"title":"T","text":"c","btns":[{"title":"A","actionUrl":"https://a"}]}}"#,
                40_035
            ),
            (
                #"{"msgtype":"feedCard","feedCard":{"links":[{"title":"T","messageUrl":"https://a"}]}}"#,
                40_035
            ),
        ] as [(String, Int64)]
    )
    func `DingTalk minds what is missing, and how it is spelled`(body: String, code: Int64) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/dingtalk-robot/robot/send?access_token=K&timestamp=1700000000000&sign=\(Self.sign)"
            try await expect(code, simulator, path, body)
            #expect(try await simulator.stats().contains(#""accepted":0"#))
        }
    }

    @Test func `a robot of DingTalk that was too fast is silent for ten minutes, and the other is not`()
        async throws
    {
        try await RunningSimulator.use { simulator in
            func expect(_ code: Int64, from key: SimulatorCredentials.Key) async throws {
                let now = simulator.clock.calendar.now.millisecondsSinceEpoch
                let secret = Array(key.secretKey.reveal().utf8)
                let sign = SignatureMaths.hmac256("\(now)\n\(key.secretKey.reveal())", key: secret)
                let query = FormParameters.encoded(SignatureMaths.base64(sign))
                let path = "access_token=\(key.accessKey)&timestamp=\(now)&sign=\(query)"
                try await self.expect(code, simulator, "/dingtalk-robot/robot/send?\(path)", Self.text)
            }
            let account = SimulatorCredentials.demo.dingTalkRobot
            for _ in 0..<20 { try await expect(0, from: account.key) }
            try await expect(130_101, from: account.key)
            try await expect(0, from: account.nextKey)
            simulator.clock.advance(by: .milliseconds(599_999))
            try await expect(130_101, from: account.key)
            simulator.clock.advance(by: .milliseconds(1))
            try await expect(0, from: account.key)
        }
    }

    // Feishu's robots.

    private func feishu(
        timestamp: String = #""1700000000""#,
        sign: String = "G7XpBpG8NgG02fJOAhX6FRAObIljmFoxVReo8I62pEk=",
        message: String = #""msg_type":"text","content":{"text":"hi"}"#
    ) -> String {
        #"{"timestamp":\#(timestamp),"sign":"\#(sign)",\#(message)}"#
    }

    @Test func `Feishu's vector is taken, and DingTalk's way of signing is not`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/feishu-robot/open-apis/bot/v2/hook/K"
            try await expect(0, simulator, path, feishu())
            let other = feishu(sign: "4a+I/5ws+NoapnHErfi4wLu5as2XKn44STmnPCuf/ew=")
            try await expect(19_021, simulator, path, other)
            try await expect(19_021, simulator, path, feishu(timestamp: "1700000000"))
            try await expect(19_021, simulator, path, feishu(timestamp: #""1700000001""#))
            try await expect(19_021, simulator, path, #"{"msg_type":"text"}"#)
            try await expect(19_001, simulator, path + "x", feishu())
            simulator.clock.advance(by: .seconds(3_601))
            try await expect(19_021, simulator, path, feishu())
        }
    }

    @Test(
        arguments: [
            (#""msg_type":"markdown""#, 19_002), (#""content":{"text":"hi"}"#, 19_002),
            (#""msg_type":"text","content":{}"#, 19_002),
            (#""msg_type":"post","content":{"post":{}}"#, 19_002),
            (#""msg_type":"interactive","content":{"card":{"a":1}}"#, 19_002),
            (#""msg_type":"text","content":{"text":"<at user_id=\"u"}"#, 19_002),
            (#""msg_type":"text","content":{"text":"\#(String(repeating: "x", count: 20 << 10))"}"#, 9_499),
        ] as [(String, Int64)]
    )
    func `Feishu minds the form and the size`(message: String, code: Int64) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/feishu-robot/open-apis/bot/v2/hook/K"
            try await expect(code, simulator, path, feishu(message: message))
        }
    }

    @Test func `Feishu takes 5 a second and 100 a minute`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let path = "/feishu-robot/open-apis/bot/v2/hook/K"
            for _ in 0..<20 {
                for _ in 0..<5 { try await expect(0, simulator, path, feishu()) }
                simulator.clock.advance(by: .seconds(1))
            }
            // A second of its own, in the same minute.
            try await expect(11_232, simulator, path, feishu())
            simulator.clock.advance(by: .seconds(60))
            for _ in 0..<5 { try await expect(0, simulator, path, feishu()) }
            try await expect(11_232, simulator, path, feishu())
        }
    }

    // WeCom's robots.

    private static let weCom =
        "/wecom-robot/cgi-bin/webhook/send?key=\(SimulatorCredentials.demo.weComRobot.key.accessKey)"

    @Test(
        arguments: [
            ("?", 44_004), (#"{"msgtype":"oa"}"#, 40_008), (#"{"msgtype":"text","text":{}}"#, 44_004),
            (#"{"msgtype":"text","text":{"content":"\#(String(repeating: "x", count: 2_049))"}}"#, 40_058),
            (
                #"{"msgtype":"markdown","markdown":{"content":"\#(String(repeating: "x", count: 4_097))"}}"#,
                40_058
            ),
            (#"{"msgtype":"image","image":{"base64":"aGVsbG8=","md5":"00"}}"#, 40_058),
            (#"{"msgtype":"news","news":{"articles":[]}}"#, 40_058),
            (#"{"msgtype":"news","news":{"articles":[{"title":"T"}]}}"#, 44_004),
            (#"{"msgtype":"file","file":{}}"#, 44_004),
        ] as [(String, Int64)]
    )
    func `WeCom minds the form and the size`(body: String, code: Int64) async throws {
        try await RunningSimulator.use { simulator in
            try await expect(code, simulator, Self.weCom, body)
            try await expect(93_000, simulator, Self.weCom + "x", Self.text)
        }
    }

    @Test func `WeCom takes 20 a minute`() async throws {
        try await RunningSimulator.use { simulator in
            for _ in 0..<20 { try await expect(0, simulator, Self.weCom, Self.text) }
            try await expect(45_009, simulator, Self.weCom, Self.text)
            simulator.clock.advance(by: .seconds(60))
            try await expect(0, simulator, Self.weCom, Self.text)
        }
    }

    // Webhooks.

    private static let signature = "sha256=306cd479a5236629da6232439b78f7e1ddc9c8ff8961ccbaa44bbb8361d61e27"
    private static let posted = #"{"requestKey":"k","recipients":["u1"],"content":{"content":"hi"}}"#

    @Test(
        arguments: [
            ("1700000000", Self.signature, 200), ("1700000001", Self.signature, 401),
            ("1699999699", Self.signature, 401), ("soon", Self.signature, 401),
            ("1700000000", "sha256=0", 401),
            ("1700000000", String(Self.signature.dropFirst(7)), 401),
        ] as [(String, String, Int64)]
    )
    func `a webhook's own vector is taken, and nothing else`(
        timestamp: String,
        signature: String,
        status: Int64
    ) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let headers = [
                ("Content-Type", "application/json"), ("X-KPush-Timestamp", timestamp),
                ("X-KPush-Signature", signature),
            ]
            try await expect(status, simulator, "/webhook", Self.posted, headers: headers)
            let other = Self.posted.replacing("hi", with: "ho")
            try await expect(401, simulator, "/webhook", other, headers: headers)
        }
    }
}
