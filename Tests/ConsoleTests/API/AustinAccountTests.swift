import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// Accounts as austin keeps them, pasted in as they are.
@Suite struct AustinAccountTests {
    private static func body(_ name: String, _ channel: Channel, _ config: WireValue) -> String {
        let object: WireObject = [
            "name": .text(name), "sendChannel": .number(channel.rawValue), "accountConfig": config,
        ]
        return String(decoding: WireValue.object(object).json, as: UTF8.self)
    }

    @Test(arguments: AustinSample.all)
    func `an account becomes one of ours, the same as one that is made natively`(
        sample: AustinSample
    ) async throws {
        try await ConsoleBench.use { bench in
            let object = try WireValue(json: sample.json.utf8)
            // As it stands in the table, and as an object.
            for (name, config) in [("text", .text(sample.json)), ("object", object)] {
                let made = try await bench.post(
                    "/api/v1/accounts",
                    Self.body(name, sample.channel, config)
                )
                try #require(made.status == 201, "\(made.text)")
                #expect(made["kind"] == .text(sample.kind))
                #expect(made["url"] == .text(sample.url))
                #expect(made["sendChannel"] == .number(sample.channel.rawValue))
                for secret in sample.secrets.values + ["s-key", "s-t"] {
                    #expect(!made.text.contains(secret))
                }
                let steps = try #require(made["translated"].list).compactMap(\.object)
                #expect(steps.map { $0["field"].text } == object.object?.members.map(\.key))
                let dropped = steps.filter { $0["became"].isNull }.compactMap { $0["field"].text }
                #expect(Set(dropped) == Set(sample.dropped))
            }
            var native: WireObject = ["name": "native", "kind": .text(sample.kind), "url": .text(sample.url)]
            var config = WireObject()
            for (name, value) in sample.config.merging(sample.secrets, uniquingKeysWith: { $1 }) {
                config.append(name, .text(value))
            }
            native.append("config", .object(config))
            let body = String(decoding: WireValue.object(native).json, as: UTF8.self)
            let answer = try await bench.post("/api/v1/accounts", body)
            try #require(answer.status == 201, "\(answer.text)")
            #expect(answer["translated"] == .null)
            let stored = try await bench.books.accounts()
            #expect(stored.count == 3)
            for account in stored {
                #expect(account.url == sample.url)
                #expect(account.config.values == sample.config)
                #expect(account.config.secrets.mapValues { $0.reveal() } == sample.secrets)
            }
        }
    }

    @Test(arguments: AustinSample.faults)
    func `what cannot be translated is refused by the name that it has there`(
        channel: Int,
        json: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let channel = try #require(Channel(rawValue: channel))
            for path in ["/api/v1/accounts", "/api/v1/accounts/check"] {
                let answer = try await bench.post(path, Self.body("main", channel, .text(json)))
                #expect(answer.status == 400)
                #expect(answer["field"] == .text(field), "\(answer.text)")
                #expect(!answer.text.contains("s-key"))
            }
            #expect(try await bench.books.accounts().isEmpty)
        }
    }

    @Test func `it goes with our words for its share, and with none for what it says itself`() async throws {
        try await ConsoleBench.use { bench in
            let body = Self.body("main", .sms, .text(AustinSample.tencent))
            for (more, field) in [
                (#""kind":"tencent""#, "kind"), (#""url":"https://example.org""#, "url"),
                (#""config":{}"#, "config"),
            ] {
                let answer = try await bench.post("/api/v1/accounts", "{\(more),\(body.dropFirst())")
                #expect(answer.status == 400)
                #expect(answer["field"] == .text(field))
            }
            let share = #"{"weight":20,"weights":{"marketing":80},"enabled":false,"#
            let made = try await bench.post("/api/v1/accounts", share + body.dropFirst())
            #expect(made["weight"] == 20)
            #expect(made["weights.marketing"] == 80)
            #expect(made["enabled"] == false)
            let unnumbered = body.replacing(#""sendChannel":30,"#, with: "")
            #expect(try await bench.post("/api/v1/accounts", unnumbered)["field"] == "sendChannel")
        }
    }

    @Test func `a known account keeps its secrets, where they have gone before`() async throws {
        try await ConsoleBench.use { bench in
            func paste(_ json: String, _ channel: Channel = .sms) async throws -> ConsoleBench.Answer {
                try await bench.post("/api/v1/accounts", Self.body("main", channel, .text(json)))
            }
            #expect(try await paste(AustinSample.tencent).status == 201)
            let edit = AustinSample.tencent.replacing(#""secretKey":"s-key","#, with: "")
                .replacing("快推", with: "慢推")
            #expect(try await paste(edit).status == 200)
            let stored = try #require(try await bench.books.accounts().first)
            #expect(stored["signName"] == "慢推")
            #expect(stored.secret("secretKey").matches("s-key"))
            let elsewhere = edit.replacing("sms.tencentcloudapi.com", with: "sms.example.org")
            #expect(try await paste(elsewhere)["field"] == "accountConfig.secretKey")
            #expect(try await paste(AustinSample.mail, .email).status == 409)
        }
    }

    @Test func `a mail account that does not sign in any more has no password left`() async throws {
        try await ConsoleBench.use { bench in
            let mails = [
                AustinSample.mail, AustinSample.mail.replacing(#""auth":true"#, with: #""auth":false"#),
            ]
            for (json, count) in zip(mails, [1, 0]) {
                let made = try await bench.post("/api/v1/accounts", Self.body("mail", .email, .text(json)))
                #expect(made.status < 300)
                #expect(try #require(made["secrets"].list).count == count)
            }
        }
    }

    @Test func `a pasted account sends`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.withSimulator { url in
                let setup = SimulatorCredentials.demo.setup(at: .tencent)
                var object: WireObject = ["scriptName": "TencentSmsScript", "url": .text("\(url)/tencent")]
                for (name, value) in setup.values { object.append(name, .text(value)) }
                for (name, value) in setup.secrets { object.append(name, .text(value.reveal())) }
                let made = try await bench.post(
                    "/api/v1/accounts",
                    Self.body("main", .sms, .object(object))
                )
                #expect(made.status == 201)
                let template = try await bench.template("您好")
                let body = """
                    {"code":"send","messageTemplateId":\(template.rawValue),\
                    "messageParam":{"receiver":"13800138000"}}
                    """
                #expect(try await bench.post("/api/v1/send", body).status == 200)
                try await bench.deliver()
                let records = try await bench.books.records(
                    .template(template),
                    state: nil,
                    before: nil,
                    limit: 2
                )
                #expect(records.map(\.state) == [.accepted])
            }
        }
    }
}
