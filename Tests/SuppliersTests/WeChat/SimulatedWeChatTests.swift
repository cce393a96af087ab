import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What WeChat alone does: its tokens, its memory, its quota, its rules for values, its events.
@Suite struct SimulatedWeChatTests {
    private static let both = [SimulatedSupplier.weChatOfficialAccount, .weChatMiniProgram]

    /// Takes a token as another system of the same application would.
    private static func takeToken(_ bench: SupplierBench, forcing: Bool) async throws {
        let account = SimulatorCredentials.demo[bench.simulated]
        let body: WireObject = [
            "grant_type": "client_credential", "appid": .text(account.key.accessKey),
            "secret": .text(account.key.secretKey.reveal()), "force_refresh": .bool(forcing),
        ]
        let url = "\(bench.url)/\(bench.simulated.rawValue)/cgi-bin/stable_token"
        let answer = try await bench.http.send(.json(body, to: url, timeouts: HTTPTimeouts()))
        #expect(String(decoding: answer.body, as: UTF8.self).contains("access_token"))
    }

    @Test(arguments: both)
    func `a token that is taken away in the middle of a burst costs no message, and doubles none`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            _ = await bench.send(["oFirst"], key: "k-first")
            try await Self.takeToken(bench, forcing: true)
            let accepted = await withTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        await bench.send(["oPerson_\(number)x"], key: "k-\(number)").references.count
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(accepted == 40)
            #expect(try await bench.refused("40001") >= 1)
            let stats = try await bench.stats()
            #expect(stats["accepted"] == 41 && stats["doubled"] == 0)
        }
    }

    @Test(arguments: both)
    func `who asks for the stable token, or for the older kind, takes nothing away`(
        supplier: SimulatedSupplier
    ) async throws {
        try await SupplierBench.use(supplier) { bench in
            _ = await bench.send(["oFirst"], key: "k-1")
            try await Self.takeToken(bench, forcing: false)
            let account = SimulatorCredentials.demo[supplier].key
            let query =
                "grant_type=client_credential&appid=\(account.accessKey)&secret=\(account.secretKey.reveal())"
            let url = "\(bench.url)/\(supplier.rawValue)/cgi-bin/token?\(query)"
            let older = try await bench.http.send(HTTPRequest(method: "GET", url: url))
            #expect(String(decoding: older.body, as: UTF8.self).contains("access_token"))
            #expect(await bench.send(["oSecond"], key: "k-2").references.count == 1)
            #expect(try await bench.refused("40001") == 0)
        }
    }

    @Test func `an official account sends one message under one key in ten minutes, and then another`()
        async throws
    {
        try await SupplierBench.use(.weChatOfficialAccount) { bench in
            // Gone through, as far as anybody can tell.
            _ = await bench.send(["oOther"], key: "k-other")
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":1}"#)
            #expect(await bench.send(["oPerson"], key: "k-1").verdicts.allSatisfy { $0.isAmbiguous })
            try await bench.order("/_sim/faults", #"{"bad_gateway_ratio":0}"#)
            try await bench.advance(by: .seconds(590))
            let again = await bench.send(["oPerson"], key: "k-1")
            #expect(again.references.count == 1)
            try await bench.expect(accepted: 2)
            try await bench.advance(by: .seconds(20))
            let later = await bench.send(["oPerson"], key: "k-1")
            #expect(later.references != again.references)
            try await bench.expect(accepted: 3)
        }
    }

    @Test func `a mini-program does not know a repeated call from a new one`() async throws {
        try await SupplierBench.use(.weChatMiniProgram) { bench in
            for _ in 0..<2 { _ = await bench.send(["oPerson"], key: "k-1") }
            try await bench.expect(accepted: 2)
        }
    }

    @Test(arguments: both)
    func `a used up quota refuses with the time to wait`(supplier: SimulatedSupplier) async throws {
        var settings = SimulatorSettings()
        settings.dailyCalls[supplier] = 3
        try await SupplierBench.use(supplier, settings: settings) { bench in
            for number in 0..<3 {
                #expect(await bench.send(["oPerson"], key: "k-\(number)").references.count == 1)
            }
            guard case .refused(let refusal)? = await bench.send(["oPerson"], key: "k-4").verdicts.first
            else {
                Issue.record("accepted")
                return
            }
            #expect(refusal.fault == .throttled && refusal.code == "45009")
            let wait = try #require(refusal.wait)
            #expect(wait > .zero && wait <= .seconds(86_400))
        }
    }

    @Test func `each consent is good for one message`() async throws {
        var settings = SimulatorSettings()
        settings.consents = 2
        try await SupplierBench.use(.weChatMiniProgram, settings: settings) { bench in
            var codes: [[String]] = []
            for number in 0..<3 { codes.append(await bench.send(["oPerson"], key: "k-\(number)").codes) }
            #expect(codes == [[], [], ["43101"]])
            #expect(await bench.send(["oOther"], key: "k-4").references.count == 1)
            try await bench.order("/_sim/consents", #"{"recipient":"oPerson","count":1}"#)
            #expect(await bench.send(["oPerson"], key: "k-5").references.count == 1)
            #expect(await bench.send(["oPerson"], key: "k-6").codes == ["43101"])
        }
    }

    @Test func `values that their variables do not take are refused, with the variable's name`() async throws
    {
        let values = [
            ("thing1", String(repeating: "一", count: 21)), ("number1", "12a"), ("letter1", "ab1"),
            ("symbol1", "abc"), ("character_string1", "中文"), ("time1", "noon"), ("date1", "12:00"),
            ("amount1", "12345678901"), ("phone_number1", "123456789012345678"),
            ("car_number1", "粤A8Z888挂挂挂"),
            ("name1", "名字一二三四五六七八九十"), ("phrase1", "一二三四五六"), ("thing1", ""), ("unknown", "a"),
        ]
        try await SupplierBench.use(.weChatMiniProgram) { bench in
            for (name, value) in values {
                let content =
                    #"{"templateId":"demo-mini-template","miniProgramParam":{"\#(name)":"\#(value)"}}"#
                guard
                    case .refused(let refusal)? = await bench.send(["oPerson"], content: content).verdicts
                        .first
                else {
                    Issue.record("\(name)")
                    continue
                }
                #expect(refusal.code == "47003" && refusal.fault == .badContent)
                #expect(refusal.message.contains("data.\(name)"))
            }
            try await bench.expect(accepted: 0)
        }
    }

    @Test func `values of every kind are taken`() async throws {
        let values = """
            {"thing1":"一二三四五六七八九十一二三四五六七八九十","number01":"12.50","letter1":"abc","symbol1":"!?",\
            "character_string1":"No.42-A","time1":"15:01~16:00","time2":"2019年10月1日 15:01","date1":"2019年10月1日",\
            "amount1":"¥100.00元","phone_number1":"+86-0766-66888866","car_number1":"粤A8Z888挂","name1":"张三",\
            "phrase1":"配送中"}
            """
        try await SupplierBench.use(.weChatMiniProgram) { bench in
            let content = #"{"templateId":"demo-mini-template","miniProgramParam":\#(values)}"#
            #expect(await bench.send(["oPerson"], content: content).references.count == 1)
        }
    }

    @Test(arguments: both)
    func `a wrong template and a wrong openid are told apart`(supplier: SimulatedSupplier) async throws {
        try await SupplierBench.use(supplier) { bench in
            let template = SimulatorCredentials.demo[supplier].templateID
            let other = bench.content().replacing(template, with: "other")
            #expect(await bench.send(["oPerson"], content: other).codes == ["40037"])
            #expect(await bench.send(["no such id!"]).codes == ["40003"])
        }
    }

    // Events.

    /// What the simulator posts to a receiver that answers as told, one answer after the other.
    private static func receiver(_ answers: String...) throws -> RawServer {
        try RawServer { server, connection in
            while let request = connection.readRequest() {
                let place = server.notes.count
                server.note(request)
                connection.answer(answers[min(place, answers.count - 1)])
            }
        }
    }

    /// A request as the callback door hands it to an adapter.
    private static func callback(_ request: String) throws -> SupplierCallback {
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1)
        let target = try #require(parts.first?.split(separator: " ").dropFirst().first)
        let query = try #require(target.split(separator: "?").last)
        return SupplierCallback(
            method: String(request.prefix { $0 != " " }),
            query: try #require(PercentEncoding.parameters(of: Array(query.utf8))),
            body: Array((parts.count > 1 ? parts[1] : "").utf8)
        )
    }

    @Test(arguments: both)
    func `events are signed, and name the message that was accepted`(supplier: SimulatedSupplier) async throws
    {
        let receiver = try Self.receiver("success")
        defer { receiver.close() }
        try await SupplierBench.use(supplier) { bench in
            try await bench.order("/_sim/callbacks", #"{"\#(supplier.rawValue)":"\#(receiver.url)/c/1"}"#)
            for (openID, isDelivered) in [("oPerson_0000", true), ("oPerson_0001", false)] {
                let count = receiver.notes.count
                let reply = await bench.send([openID], key: openID)
                try await eventually("it is posted") { receiver.notes.count > count }
                let callback = try Self.callback(receiver.notes[count])
                guard case .receipts(let raw, _) = try bench.supplier.open(callback) else {
                    Issue.record("not kept")
                    return
                }
                let page = try bench.supplier.readReceipts(raw)
                #expect(page.receipts.map(\.reference) == reply.references)
                #expect(page.receipts.map(\.recipient) == [openID])
                #expect(page.receipts.map(\.delivered) == [isDelivered])
                let forged = SupplierCallback(
                    query: callback.query.map { ($0.name, $0.name == "nonce" ? $0.value + "1" : $0.value) },
                    body: callback.body
                )
                #expect(throws: SupplierError.notGenuine) { try bench.supplier.open(forged) }
            }
        }
    }

    @Test func `an event that is not answered with success comes again, three times at most`() async throws {
        let receiver = try Self.receiver("fail")
        defer { receiver.close() }
        try await SupplierBench.use(.weChatOfficialAccount) { bench in
            try await bench.order("/_sim/callbacks", #"{"wechat-oa":"\#(receiver.url)"}"#)
            _ = await bench.send(["oPerson"])
            for attempt in 1...4 {
                try await eventually("it is posted") { receiver.notes.count == attempt }
                try await eventually("the failure is noted") {
                    let own = try await bench.stats()["wechat-oa"].object
                    return own?["posts_failed"].wholeNumber == Int64(attempt)
                }
                try await bench.advance(by: .seconds(5))
            }
            try await bench.advance(by: .seconds(600))
            #expect(receiver.notes.count == 4)
        }
    }
}
