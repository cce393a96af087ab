import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Apple's words, as its documentation gives them.
@Suite struct APNsSupplierTests {
    private static let device = String(repeating: "0a", count: 32)

    private static func account(_ values: [String: String] = [:], url: String? = nil) -> SupplierAccount {
        let demo = SimulatorCredentials.demo.setup(at: .apns)
        return PushAccounts.account(
            .apns,
            url: url ?? "http://127.0.0.1:8890/apns",
            demo.values.merging(values) { $1 },
            demo.secrets.mapValues { $0.reveal() }
        )
    }

    private func send(
        _ answers: Result<HTTPResponse, HTTPError>...,
        to device: String = Self.device,
        content: String = PushAccounts.rich
    ) async -> (SupplierReply, [HTTPRequest]) {
        let http = ScriptedHTTPClient(answers)
        let supplier = PushAccounts.supplier(Self.account(), http)
        return (await supplier.send(PushAccounts.call(device, content: content)), http.requests)
    }

    @Test func `a call is made over HTTP 2, with all that Apple wants to know in its fields`() async throws {
        let (reply, requests) = await send(.answer(200, "", [("apns-id", "id-1")]))
        #expect(reply.verdicts == [.accepted(reference: "id-1", charge: 0)])
        let request = try #require(requests.first)
        #expect(request.version == .two)
        #expect(request.url == "http://127.0.0.1:8890/apns/3/device/" + Self.device)
        #expect(request.field("authorization")?.hasPrefix("bearer ey") == true)
        #expect(request.field("apns-topic") == "org.example.kpush")
        #expect(request.field("apns-push-type") == "alert")
        #expect(request.field("apns-priority") == "10")
        #expect(request.field("apns-expiration") == "1700086400")
        #expect(request.field("apns-collapse-id") == "kp1x4z-9c")
        let id = try #require(request.field("apns-id"))
        #expect(id.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
        let body = #"""
            {"aps":{"alert":{"title":"t","body":"c"},"sound":"default"},"url":"https://a.b/c","order":7,\#
            "vip":true,"note":"n","list":[1]}
            """#
        #expect(request.text == body)
    }

    @Test func `the same key names a message the same, and one token serves many calls`() async {
        let http = ScriptedHTTPClient((0..<3).map { _ in .answer(200, "", [("apns-id", "i")]) })
        let supplier = PushAccounts.supplier(Self.account(), http)
        for key in ["a", "a", "b"] { _ = await supplier.send(PushAccounts.call(Self.device, key: key)) }
        let ids = http.requests.map { $0.field("apns-id") }
        #expect(ids[0] == ids[1] && ids[1] != ids[2])
        #expect(Set(http.requests.map { $0.field("authorization") }).count == 1)
    }

    @Test(arguments: [
        ("https://api.push.apple.com", "", "https://api.push.apple.com/3/device/"),
        ("https://api.push.apple.com/", "production", "https://api.push.apple.com/3/device/"),
        ("https://api.push.apple.com", "sandbox", "https://api.sandbox.push.apple.com/3/device/"),
        ("http://127.0.0.1:1/apns", "sandbox", "http://127.0.0.1:1/apns/3/device/"),
    ])
    func `the sandbox is elsewhere, unless the address is of another`(
        url: String,
        environment: String,
        called: String
    ) async {
        let http = ScriptedHTTPClient()
        let account = Self.account(["environment": environment], url: url)
        _ = await PushAccounts.supplier(account, http).send(PushAccounts.call(Self.device))
        #expect(http.requests.map(\.url) == [called + Self.device])
    }

    @Test(arguments: [
        (400, "BadDeviceToken DeviceTokenNotForTopic MissingDeviceToken", Refusal.Class.badRecipient),
        (
            400,
            "BadCollapseId BadExpirationDate BadMessageId BadPriority BadTopic DuplicateHeaders InvalidPushType "
                + "MissingTopic PayloadEmpty", .badContent
        ),
        (400, "IdleTimeout", .transient), (400, "TopicDisallowed", .badConfig),
        (
            403,
            "BadCertificate BadCertificateEnvironment Forbidden InvalidProviderToken MissingProviderToken",
            .badConfig
        ),
        (404, "BadPath", .badContent), (405, "MethodNotAllowed", .badContent),
        (410, "Unregistered ExpiredToken", .badRecipient), (413, "PayloadTooLarge", .badContent),
        (429, "TooManyProviderTokenUpdates", .throttled), (429, "TooManyRequests", .recipientLater),
        (500, "InternalServerError", .transient), (503, "ServiceUnavailable Shutdown", .transient),
        (400, "New", .badContent), (403, "New", .badConfig), (410, "New", .badRecipient),
        (429, "New", .throttled),
    ])
    func `each reason has its class`(status: Int, reasons: String, fault: Refusal.Class) async {
        for reason in reasons.split(separator: " ") {
            let (reply, requests) = await send(.answer(status, #"{"reason":"\#(reason)"}"#))
            #expect(reply.verdicts[0].fault == fault, "\(reason)")
            #expect(requests.count == 1)
            #expect(APNsReply.fault(of: String(reason), status: status) == fault)
        }
    }

    @Test func `since when a device is gone is told`() async {
        let gone = #"{"reason":"Unregistered","timestamp":1699999999000}"#
        let (reply, _) = await send(.answer(410, gone))
        #expect(reply.verdicts[0].refusal?.message.contains("2023-11-14T22:13:19") == true)
    }

    @Test func `how long to wait is what the answer says`() async {
        let (reply, _) = await send(
            .answer(429, #"{"reason":"TooManyProviderTokenUpdates"}"#, [("retry-after", "9")])
        )
        #expect(reply.verdicts[0].refusal?.wait == .seconds(9))
    }

    @Test func `a token that is too old is signed anew once, and a second time is the account's fault`() async
    {
        let old = Result<HTTPResponse, HTTPError>.answer(403, #"{"reason":"ExpiredProviderToken"}"#)
        let (reply, requests) = await send(old, .answer(200, "", [("apns-id", "id-1")]))
        #expect(reply.verdicts == [.accepted(reference: "id-1", charge: 0)])
        #expect(Set(requests.map { $0.field("authorization") }).count == 2)
        let (again, _) = await send(old, old)
        #expect(again.verdicts[0].fault == .badConfig)
    }

    @Test func `a success that nobody gave an id to leaves all open`() async {
        let (reply, _) = await send(.answer(200, "<html>"))
        #expect(reply.verdicts[0].isAmbiguous)
    }

    @Test(arguments: ["../../x", "0a0", "zz", "", "0a?b=c"])
    func `what is no token is not put into an address`(device: String) async {
        let (reply, requests) = await send(to: device)
        #expect(reply.verdicts[0].fault == .badRecipient)
        #expect(requests.isEmpty)
    }

    @Test func `what is longer than 4096 bytes is not sent, and what is as long is`() async {
        let frame = #"{"aps":{"alert":{"title":"t","body":""},"sound":"default"}}"#.utf8.count
        for (length, isSent) in [(4_096 - frame, true), (4_097 - frame, false)] {
            let text = String(repeating: "x", count: length)
            let (reply, requests) = await send(
                .answer(200, "", [("apns-id", "i")]),
                content: #"{"title":"t","content":"\#(text)"}"#
            )
            #expect(requests.map(\.body.count) == (isSent ? [4_096] : []))
            #expect(reply.verdicts[0].refusal?.code == (isSent ? nil : "kpush.payload_too_large"))
        }
    }

    @Test func `data cannot take the place of what is shown`() async throws {
        let content = #"{"title":"t","content":"c","data":{"aps":{"alert":"other"},"k":"v"}}"#
        let (_, requests) = await send(content: content)
        let body = #"{"aps":{"alert":{"title":"t","body":"c"},"sound":"default"},"k":"v"}"#
        #expect(requests.map(\.text) == [body])
    }

    @Test func `an account is proved by a message to a device that cannot exist`() async throws {
        let none = ScriptedHTTPClient([.answer(400, #"{"reason":"BadDeviceToken"}"#)])
        try await PushAccounts.supplier(Self.account(), none).check()
        #expect(none.requests.map(\.url) == ["http://127.0.0.1:8890/apns/3/device/00"])
        let wrong = ScriptedHTTPClient([.answer(403, #"{"reason":"InvalidProviderToken"}"#)])
        let supplier = PushAccounts.supplier(Self.account(), wrong)
        let error = await #expect(throws: SupplierError.self) { try await supplier.check() }
        #expect(error == .refused(Refusal(.badConfig, code: "InvalidProviderToken")))
    }
}
