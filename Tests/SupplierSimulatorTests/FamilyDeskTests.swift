import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// How strict the simulated WeChat, WeCom, Yunpian and LinTong are.
@Suite struct FamilyDeskTests {
    private static let applications = [SimulatedSupplier.weChatOfficialAccount, .weChatMiniProgram]

    /// A token of the stable kind.
    private static func stableToken(
        _ simulator: RunningSimulator,
        _ supplier: SimulatedSupplier,
        forcing: Bool = false
    ) async throws -> WireObject {
        let key = SimulatorCredentials.demo[supplier].key
        let answer = try await simulator.post(
            "/\(supplier.rawValue)/cgi-bin/stable_token",
            """
            {"grant_type":"client_credential","appid":"\(key.accessKey)",\
            "secret":"\(key.secretKey.reveal())","force_refresh":\(forcing)}
            """
        )
        return try #require(try WireValue(json: answer.body).object)
    }

    private static func code(_ response: HTTPResponse) -> WireValue {
        (try? WireValue(json: response.body))?.object?["errcode"] ?? .null
    }

    private static func sendPath(_ supplier: SimulatedSupplier, _ token: String) -> String {
        switch supplier {
        case .weComApp: "/wecom-app/cgi-bin/message/send?access_token=\(token)"
        case .weChatMiniProgram: "/wechat-mini/cgi-bin/message/subscribe/send?access_token=\(token)"
        default: "/wechat-oa/cgi-bin/message/template/send?access_token=\(token)"
        }
    }

    private static func message(_ supplier: SimulatedSupplier) -> String {
        let template = SimulatorCredentials.demo[supplier].templateID
        return #"{"touser":"oPerson","template_id":"\#(template)","data":{"thing1":{"value":"a"}}}"#
    }

    @Test(arguments: applications)
    func `a stable token stays the same until its last five minutes, and both are good then`(
        supplier: SimulatedSupplier
    ) async throws {
        try await RunningSimulator.use { simulator in
            let first = try await Self.stableToken(simulator, supplier)
            #expect(first["expires_in"] == 7_200)
            simulator.clock.advance(by: .seconds(6_800))
            let same = try await Self.stableToken(simulator, supplier)
            #expect(same["access_token"] == first["access_token"] && same["expires_in"] == 400)
            simulator.clock.advance(by: .seconds(200))
            let next = try await Self.stableToken(simulator, supplier)
            #expect(next["access_token"] != first["access_token"])
            for token in [first, next] {
                let path = Self.sendPath(supplier, try #require(token["access_token"].text))
                #expect(Self.code(try await simulator.post(path, Self.message(supplier))) == 0)
            }
            simulator.clock.advance(by: .seconds(300))
            let path = Self.sendPath(supplier, try #require(first["access_token"].text))
            #expect(Self.code(try await simulator.post(path, Self.message(supplier))) == 42_001)
        }
    }

    @Test(arguments: applications)
    func `a forced token ends the one before at once, not twice in 30 seconds and 20 times a day`(
        supplier: SimulatedSupplier
    ) async throws {
        try await RunningSimulator.use { simulator in
            let first = try await Self.stableToken(simulator, supplier)
            let forced = try await Self.stableToken(simulator, supplier, forcing: true)
            #expect(forced["access_token"] != first["access_token"])
            let path = Self.sendPath(supplier, try #require(first["access_token"].text))
            let rejected = try await simulator.post(path, Self.message(supplier))
            #expect(Self.code(rejected) == 40_001)
            let again = try await Self.stableToken(simulator, supplier, forcing: true)
            #expect(again["access_token"] == forced["access_token"])
            for _ in 0..<19 {
                simulator.clock.advance(by: .seconds(30))
                #expect(try await Self.stableToken(simulator, supplier, forcing: true)["errcode"] == .null)
            }
            simulator.clock.advance(by: .seconds(30))
            #expect(try await Self.stableToken(simulator, supplier, forcing: true)["errcode"] == 45_009)
        }
    }

    @Test(arguments: applications)
    func `an older token is ended by the next one, five minutes later`(
        supplier: SimulatedSupplier
    ) async throws {
        try await RunningSimulator.use { simulator in
            let key = SimulatorCredentials.demo[supplier].key
            let query =
                "grant_type=client_credential&appid=\(key.accessKey)&secret=\(key.secretKey.reveal())"
            var tokens: [String] = []
            for _ in 0..<2 {
                let answer = try await simulator.get("/\(supplier.rawValue)/cgi-bin/token?\(query)")
                tokens.append(
                    try #require(try WireValue(json: answer.body).object?["access_token"].text)
                )
            }
            #expect(tokens[0] != tokens[1])
            let path = Self.sendPath(supplier, tokens[0])
            #expect(Self.code(try await simulator.post(path, Self.message(supplier))) == 0)
            simulator.clock.advance(by: .seconds(300))
            #expect(Self.code(try await simulator.post(path, Self.message(supplier))) == 40_001)
        }
    }

    @Test(arguments: applications)
    func `what is wrong with a call is told by the supplier's own code`(
        supplier: SimulatedSupplier
    ) async throws {
        try await RunningSimulator.use { simulator in
            let token = try #require(try await Self.stableToken(simulator, supplier)["access_token"].text)
            let path = Self.sendPath(supplier, token)
            let template = SimulatorCredentials.demo[supplier].templateID
            let bodies: [(String, WireValue)] = [
                ("", 44_002), ("[]", 47_001), ("{", 47_001), ("{}", 40_003),
                (#"{"touser":"a","template_id":"\#(template)"}"#, 47_003),
                (#"{"touser":"a","template_id":"\#(template)","data":{"thing1":"v"}}"#, 47_003),
                (#"{"touser":"a","template_id":"x","data":{"thing1":{"value":"v"}}}"#, 40_037),
            ]
            for (body, code) in bodies {
                #expect(Self.code(try await simulator.post(path, body)) == code, "\(body)")
            }
            #expect(Self.code(try await simulator.get(path)) == 43_002)
            for (wrong, code) in [("", WireValue.integer(41_001)), ("x", 40_001)] {
                let answer = try await simulator.post(Self.sendPath(supplier, wrong), Self.message(supplier))
                #expect(Self.code(answer) == code)
            }
            let text = try await simulator.http.send(
                HTTPRequest(
                    url: simulator.url + path,
                    headers: [("Content-Type", "text/plain")],
                    body: Array(Self.message(supplier).utf8)
                )
            )
            #expect(Self.code(text) == 47_001)
        }
    }

    @Test func `an official account's message does without a mini-program or names one`() async throws {
        try await RunningSimulator.use { simulator in
            let token = try #require(
                try await Self.stableToken(simulator, .weChatOfficialAccount)["access_token"].text
            )
            let path = Self.sendPath(.weChatOfficialAccount, token)
            let message = Self.message(.weChatOfficialAccount)
            for (program, code) in [
                (#"{"appid":"","pagepath":""}"#, WireValue.integer(40_013)), ("{}", 40_013),
                (#"{"appid":"wx1","pagepath":"index"}"#, 0),
            ] {
                let body = message.dropLast() + #","miniprogram":\#(program)}"#
                #expect(Self.code(try await simulator.post(path, String(body))) == code)
            }
        }
    }

    @Test func `WeCom gives the same token until it ends, and looks at the application's number`()
        async throws
    {
        try await RunningSimulator.use { simulator in
            let key = SimulatorCredentials.demo.weComApp.key
            let query = "corpid=\(key.accessKey)&corpsecret=\(key.secretKey.reveal())"
            func token() async throws -> WireObject {
                let answer = try await simulator.get("/wecom-app/cgi-bin/gettoken?\(query)")
                return try #require(try WireValue(json: answer.body).object)
            }
            let first = try await token()
            simulator.clock.advance(by: .seconds(7_199))
            let same = try await token()
            #expect(same["access_token"] == first["access_token"] && same["expires_in"] == 1)
            simulator.clock.advance(by: .seconds(1))
            let next = try await token()
            #expect(next["access_token"] != first["access_token"])
            let old = Self.sendPath(.weComApp, try #require(first["access_token"].text))
            #expect(Self.code(try await simulator.post(old, "{}")) == 42_001)
            #expect(Self.code(try await simulator.post(Self.sendPath(.weComApp, "x"), "{}")) == 40_014)
            let path = Self.sendPath(.weComApp, try #require(next["access_token"].text))
            let many = (0...1_000).map { "u\($0)" }.joined(separator: "|")
            let bodies: [(String, WireValue)] = [
                (#"{"agentid":7,"touser":"a","msgtype":"text","text":{"content":"a"}}"#, 40_056),
                (#"{"agentid":1000002,"touser":"","msgtype":"text","text":{"content":"a"}}"#, 82_001),
                (#"{"agentid":1000002,"touser":"\#(many)","msgtype":"text","text":{"content":"a"}}"#, 82_001),
                (#"{"agentid":1000002,"touser":"a","msgtype":"poem","poem":{}}"#, 40_008),
                (#"{"agentid":1000002,"touser":"a","msgtype":"text"}"#, 44_004),
                (#"{"agentid":1000002,"touser":"a","msgtype":"text","text":{"content":""}}"#, 40_058),
                (#"{"agentid":1000002,"touser":"a","msgtype":"news","news":{"articles":[]}}"#, 40_058),
                (#"{"agentid":1000002,"touser":"a","msgtype":"text","text":{"content":"a"}}"#, 0),
            ]
            for (body, code) in bodies {
                #expect(Self.code(try await simulator.post(path, body)) == code, "\(body.prefix(80))")
            }
        }
    }

    @Test(arguments: [
        ("apikey=x&mobile=13800130100&tpl_id=5000001&tpl_value=%2523content%2523%3Da", Int64(-1)),
        ("apikey=KEY&mobile=13800130100&tpl_id=1&tpl_value=%2523content%2523%3Da", 7),
        // Encoded once only.
        ("apikey=KEY&mobile=13800130100&tpl_id=5000001&tpl_value=%23content%23%3Da", 5),
        ("apikey=KEY&mobile=13800130100&tpl_id=5000001&tpl_value=%2523other%2523%3Da", 5),
        ("apikey=KEY&mobile=&tpl_id=5000001&tpl_value=%2523content%2523%3Da", 2),
    ])
    func `Yunpian refuses calls with the status and the form of its own`(
        form: String,
        code: Int64
    ) async throws {
        try await RunningSimulator.use { simulator in
            let key = SimulatorCredentials.demo.yunpian.key.secretKey.reveal()
            let answer = try await simulator.http.send(
                HTTPRequest(
                    url: simulator.url + "/yunpian/v2/sms/tpl_batch_send.json",
                    headers: [("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")],
                    body: Array(form.replacing("KEY", with: key).utf8)
                )
            )
            #expect(answer.status == 400)
            let refusal = try #require(try WireValue(json: answer.body).object)
            #expect(refusal["code"].wholeNumber == code)
            #expect(refusal["http_status_code"] == 400)
        }
    }

    @Test func `Yunpian posts again three times, five minutes apart, and WeChat five seconds`() {
        let simulation = Simulation(settings: SimulatorSettings(), clock: SystemClock())
        let expected: [(SimulatedSupplier, [Duration])] = [
            (.yunpian, Array(repeating: .seconds(300), count: 3)),
            (.weChatOfficialAccount, Array(repeating: .seconds(5), count: 3)),
            (.weChatMiniProgram, Array(repeating: .seconds(5), count: 3)),
        ]
        for (supplier, waits) in expected {
            let desk = simulation.desk(supplier)
            #expect(desk.postWaits == waits)
            let taken = supplier == .yunpian ? ["SUCCESS", "0"] : ["success", ""]
            for body in taken { #expect(desk.isTaken(HTTPResponse(status: 200, body: Array(body.utf8)))) }
            #expect(!desk.isTaken(HTTPResponse(status: 200, body: Array("fail".utf8))))
            #expect(!desk.isTaken(HTTPResponse(status: 500, body: Array(taken[0].utf8))))
        }
    }

    @Test(arguments: ["c0ffee", ""])
    func `a call in LinTong's form has to be signed`(signature: String) async throws {
        try await RunningSimulator.use { simulator in
            let answer = try await simulator.post(
                "/lintong",
                """
                {"userName":"lintong-demo","timestamp":1700000000000,"sign":"\(signature)",\
                "messageList":[{"phone":"13800130100","content":"a"}]}
                """
            )
            #expect(answer.status == 401)
            let unread = try await simulator.post("/lintong", "{}")
            #expect(unread.status == 400)
        }
    }

    @Test func `suppliers without receipts have none to post, wherever these are wanted`() {
        var settings = SimulatorSettings()
        for supplier in SimulatedSupplier.allCases { settings.callbacks[supplier] = "http://127.0.0.1:1" }
        var world = World(settings: settings)
        let now = RunningSimulator.vectorTime
        for supplier in [SimulatedSupplier.weComApp, .linTong] {
            let message = World.Message(to: "somebody", contentHash: 1)
            _ = world.accept([message], by: supplier, usedNextKey: false, key: [], at: now)
        }
        #expect(world.nextPost == nil)
    }

    @Test func `a thing is remembered for its time, and the last of several counts`() {
        var memory = RecentMemory<String, Int>(for: .seconds(10))
        let start = RunningSimulator.vectorTime
        memory.note(1, for: "a", at: start)
        memory.note(2, for: "b", at: start + .seconds(9))
        #expect(memory.value(of: "a", at: start + .seconds(9))?.value == 1)
        #expect(memory.value(of: "a", at: start + .seconds(10)) == nil)
        memory.note(3, for: "a", at: start + .seconds(11))
        #expect(memory.value(of: "a", at: start + .seconds(12))?.value == 3)
        #expect(memory.value(of: "b", at: start + .seconds(18))?.value == 2)
        memory.note(4, for: "c", at: start + .seconds(40))
        #expect(memory.value(of: "a", at: start + .seconds(40)) == nil)
        #expect(memory.value(of: "none", at: start) == nil)
    }
}
