import Foundation
import Groundwork
import PushEngine
import SQLiteDriver
import Suppliers
import TestKit
import Testing

@Suite struct AccountTests {
    private static let sound = """
        {"name":"main","kind":"aliyun","config":{"accessKeyId":"LTAI",\
        "accessKeySecret":"very-secret","signName":"快推","templateCode":"SMS_1"}}
        """

    @Test func `an account is stored and its secret never comes back`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/accounts", Self.sound)
            #expect(made.status == 201)
            #expect(made["weight"] == 100)
            #expect(made["callsPerSecond"] == 0)
            // Where its supplier posts, whoever asks: a door that opens under this address and no other.
            let door = try #require(made["callback"].text)
            #expect(try await bench.call("POST", door, Array("[]".utf8), token: nil).status == 200)
            #expect(try await bench.call("POST", door + "0", Array("[]".utf8), token: nil).status == 404)
            let place = try #require(made.headers["location"])
            for answer in [made, try await bench.get(place), try await bench.get("/api/v1/accounts")] {
                #expect(!answer.text.contains("very-secret"))
                #expect(!answer.text.contains("sealed"))
            }
            let changed = try await bench.put(place, #"{"weight":20,"enabled":false}"#)
            #expect(changed["weight"] == 20)
            #expect(changed["enabled"] == false)
            #expect(try await bench.put(place, #"{"weight":-1}"#)["field"] == "weight")
        }
    }

    @Test func `secrets go nowhere but where they were given for`() async throws {
        try await ConsoleBench.use { bench in
            #expect(try await bench.post("/api/v1/accounts", Self.sound).status == 201)
            let withoutSecret = Self.sound.replacing(#""accessKeySecret":"very-secret","#, with: "")
            // Where they have gone before they need not be given again.
            #expect(try await bench.post("/api/v1/accounts", withoutSecret).status == 200)
            let elsewhere = withoutSecret.replacing(#""name""#, with: #""url":"https://evil.example","name""#)
            for path in ["/api/v1/accounts", "/api/v1/accounts/check"] {
                let answer = try await bench.post(path, elsewhere)
                #expect(answer.status == 400)
                #expect(answer["field"] == "config.accessKeySecret")
            }
            let stored = try #require(try await bench.books.accounts().first)
            #expect(stored.url != "https://evil.example")
            #expect(stored.secret("accessKeySecret").reveal() == "very-secret")
            let again = elsewhere.replacing(
                #""accessKeyId""#,
                with: #""accessKeySecret":"new","accessKeyId""#
            )
            #expect(try await bench.post("/api/v1/accounts", again).status == 200)
            #expect(try await bench.books.accounts().map(\.url) == ["https://evil.example"])
        }
    }

    @Test func `whatever decides how openly secrets are sent counts as their address`() async throws {
        try await ConsoleBench.use { bench in
            let mail = """
                {"name":"mail","kind":"smtp","url":"smtp://mail.example.com",\
                "config":{"from":"news@example.com","user":"u","pass":"very-secret"}}
                """
            #expect(try await bench.post("/api/v1/accounts", mail).status == 201)
            let open = mail.replacing(#""pass":"very-secret""#, with: #""starttls":"none""#)
            let answer = try await bench.post("/api/v1/accounts", open)
            #expect(answer["field"] == "config.pass")
            #expect(answer.text.contains("config.starttls has changed"))
            // Given as empty it is gone, and need not go anywhere.
            let removed = open.replacing(#""user":"u""#, with: #""pass":"""#)
            #expect(try await bench.post("/api/v1/accounts", removed).status == 200)
            #expect(try await bench.books.accounts().map(\.config.secrets.isEmpty) == [true])
        }
    }

    @Test func `a known account keeps what is not sent, and its supplier`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/accounts", Self.sound)
            let place = try #require(made.headers["location"])
            let settings = #"{"enabled":false,"weight":7,"weights":{"alert":3},"callsPerSecond":5}"#
            #expect(try await bench.put(place, settings).status == 200)
            let again = try await bench.post("/api/v1/accounts", Self.sound)
            #expect(again["enabled"] == false)
            #expect(again["weight"] == 7)
            #expect(again["weights.alert"] == 3)
            #expect(again["callsPerSecond"] == 5)
            let other = Self.sound.replacing("aliyun", with: "tencent")
            #expect(try await bench.post("/api/v1/accounts", other).status == 409)
            #expect(try await bench.books.accounts().map(\.kind) == [.aliyun])
        }
    }

    @Test(arguments: [
        ("main\\u0000x", 400), ("   ", 400), (" main", 400), ("main\\u202e", 400), ("a\\u200bb", 400),
        ("主账号", 201),
    ])
    func `an account's name can be seen as it is`(name: String, status: Int) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/accounts", Self.sound.replacing("main", with: name))
            #expect(answer.status == status)
            #expect(status == 201 || answer["field"] == "name")
        }
    }

    @Test(arguments: [
        (#""from":"a@b.c\r\nBcc: x@y.z""#, "from"), (#""from":"nobody""#, "from"),
        (#""from":"a@b.example","fromName":"A\r\nBcc: x@y.z""#, "fromName"),
        (#""from":"a@b.example","user":"u\r\nx","pass":"p""#, "user"),
        (#""from":"a@b.example","unsubscribe":"javascript:alert(1)""#, "unsubscribe"),
        (#""from":"a@b.example","bounceDomain":"e.example> X""#, "bounceDomain"),
        (#""from":"a@b.example","dkimSelector":"s","dkimKey":"garbage""#, "dkimKey"),
    ])
    func `settings with which no mail could ever be sent are refused`(
        config: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let body =
                #"{"name":"mail","kind":"smtp","url":"smtps://mail.example.com","config":{\#(config)}}"#
            let answer = try await bench.post("/api/v1/accounts", body)
            #expect(answer.status == 400)
            #expect(answer["field"] == .text("config.\(field)"))
        }
    }

    @Test(arguments: [
        (#""apns","config":{"teamId":"T","keyId":"K","topic":"t","privateKey":"garbage"}"#),
        (#""fcm","config":{"projectId":"p","clientEmail":"a@b.example","privateKey":"garbage"}"#),
    ])
    func `a key that is none is refused`(rest: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/accounts", #"{"name":"push","kind":"# + rest + "}")
            #expect(answer.status == 400)
            #expect(answer["field"] == "config.privateKey")
        }
    }

    @Test func `an account has a rate of its own until it is set back to its supplier's`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/accounts", Self.sound)
            let place = try #require(made.headers["location"])
            #expect(try await bench.put(place, #"{"callsPerSecond":50}"#)["callsPerSecond"] == 50)
            #expect(try await bench.put(place, #"{"weight":10}"#)["callsPerSecond"] == 50)
            #expect(try await bench.books.accounts().map(\.callsPerSecond) == [50])
            #expect(
                try await bench.put(place, #"{"callsPerSecond":100001}"#)["field"] == "callsPerSecond"
            )
            #expect(try await bench.put(place, #"{"callsPerSecond":0}"#)["callsPerSecond"] == 0)
            #expect(try await bench.books.accounts().map(\.callsPerSecond) == [nil])
        }
    }

    @Test func `an account has shares by message type beside the one for all`() async throws {
        try await ConsoleBench.use { bench in
            let shares = #""weights":{"marketing":0,"auth_code":80},"name""#
            let made = try await bench.post(
                "/api/v1/accounts",
                Self.sound.replacing(#""name""#, with: shares)
            )
            #expect(made.status == 201)
            #expect(made["weights.marketing"] == 0)
            #expect(made["weights.auth_code"] == 80)
            let place = try #require(made.headers["location"])
            let kept = try await bench.put(place, #"{"weight":7}"#)
            #expect(kept["weight"] == 7)
            #expect(kept["weights.auth_code"] == 80)
            let changed = try await bench.put(place, #"{"weights":{"alert":5}}"#)
            #expect(changed["weight"] == 7)
            #expect(try await bench.books.accounts().map(\.weights) == [[.alert: 5]])
            for (body, field) in [
                (#"{"weights":{"alert":-1}}"#, "weights.alert"),
                (#"{"weights":{"alert":10001}}"#, "weights.alert"),
                (#"{"weights":{"alert":"5"}}"#, "weights.alert"), (#"{"weights":{"sms":5}}"#, "weights.sms"),
                (#"{"weights":[1]}"#, "weights"),
            ] {
                let answer = try await bench.put(place, body)
                #expect(answer.status == 400)
                #expect(answer["field"] == .text(field))
            }
            #expect(try await bench.put(place, #"{"weights":{}}"#)["weights"] == .object([:]))
        }
    }

    @Test func `a known account keeps its secret when none is sent`() async throws {
        try await ConsoleBench.use { bench in
            _ = try await bench.post("/api/v1/accounts", Self.sound)
            let edit = Self.sound.replacing(#""accessKeySecret":"very-secret","#, with: "")
                .replacing("LTAI", with: "LTAJ")
            #expect(try await bench.post("/api/v1/accounts", edit).status == 200)
            let stored = try #require(try await bench.books.accounts().first)
            #expect(stored["accessKeyId"] == "LTAJ")
            #expect(stored.secret("accessKeySecret").matches("very-secret"))
        }
    }

    @Test func `an account whose secret cannot be opened says so until it is given again`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(
                try await bench.post("/api/v1/accounts", Self.sound).headers["location"]
            )
            #expect(try await bench.get(place)["canSign"] == true)
            let elsewhere = try SQLitePushStore(
                path: bench.folder.file("push.db"),
                clock: bench.clock.calendar,
                calendar: BusinessCalendar(zone: .gmt),
                sealer: try AESSealer(key: AESSealer.newKey())
            )
            let account = try #require(try await bench.books.accounts().first)
            _ = try await elsewhere.putAccount(account)
            #expect(try await bench.get(place)["canSign"] == false)
            let edit = Self.sound.replacing(#""accessKeySecret":"very-secret","#, with: "")
            #expect(try await bench.post("/api/v1/accounts", edit)["field"] == "config.accessKeySecret")
            #expect(try await bench.post("/api/v1/accounts", Self.sound)["canSign"] == true)
        }
    }

    @Test(arguments: [
        (#""kind":"aliyun""#, #""kind":"nobody""#, "kind"), (#""SMS_1""#, #""""#, "config.templateCode"),
        (#""name""#, #""url":"ftp://sms.example.org","name""#, "url"),
        (#""name""#, #""sendChannel":40,"name""#, "sendChannel"),
        ("very-secret", "", "config.accessKeySecret"),
        (#""accessKeyId""#, #""signature":"md5","accessKeyId""#, "config.signature"),
        (#""kind":"aliyun""#, #""kind":"tencent""#, "config.accessKeyId"), (#""main""#, #""""#, "name"),
        (#""name""#, #""weight":10001,"name""#, "weight"), (#""name""#, #""weights":1,"name""#, "weights"),
    ])
    func `refuses an account that could not send, by field`(
        part: String,
        other: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/accounts", Self.sound.replacing(part, with: other))
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
            #expect(try await bench.books.accounts().isEmpty)
        }
    }

    @Test func `an unknown account is not found`() async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/accounts/5").status == 404)
            #expect(try await bench.put("/api/v1/accounts/5", #"{"weight":1}"#).status == 404)
        }
    }

    @Test func `the discard list takes templates and numbers and lets them go`() async throws {
        try await ConsoleBench.use { bench in
            let path = "/api/v1/discards"
            #expect(try await bench.put(path, #"{"messageTemplateId":7}"#).status == 204)
            #expect(try await bench.put(path, #"{"receiver":"138 0013 8000"}"#).status == 204)
            let list = try await bench.get(path)
            #expect(list["items.0.messageTemplateId"] == 7)
            #expect(list["items.1.receiver"] == "+8613800138000")
            #expect(try await bench.call("DELETE", path + "?receiver=%2B8613800138000").status == 204)
            #expect(try await bench.call("DELETE", path + "?messageTemplateId=7").status == 204)
            #expect(try await bench.get(path)["items"] == .list([]))
        }
    }

    @Test(arguments: ["{}", #"{"receiver":"10086"}"#, #"{"receiver":"13800138000","messageTemplateId":1}"#])
    func `refuses a discard of nothing, of both, or of no number`(body: String) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.put("/api/v1/discards", body).status == 400)
            #expect(try await bench.books.discardList().isEmpty)
        }
    }
}
