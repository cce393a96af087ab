import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// FCM's words, as its documentation gives them.
@Suite struct FCMSupplierTests {
    private static let token = Result<HTTPResponse, HTTPError>
        .answer(200, #"{"access_token":"ya29.one","expires_in":3599,"token_type":"Bearer"}"#)

    private static func account(_ values: [String: String] = [:], url: String? = nil) -> SupplierAccount {
        let demo = SimulatorCredentials.demo.setup(at: .fcm)
        return PushAccounts.account(
            .fcm,
            url: url ?? "http://127.0.0.1:8890/fcm",
            demo.values.merging(values) { $1 },
            demo.secrets.mapValues { $0.reveal() }
        )
    }

    private func send(
        _ answers: Result<HTTPResponse, HTTPError>...,
        content: String = PushAccounts.rich
    ) async -> (SupplierReply, [HTTPRequest]) {
        let http = ScriptedHTTPClient(answers)
        let supplier = PushAccounts.supplier(Self.account(), http)
        return (await supplier.send(PushAccounts.call("dev:1", content: content)), http.requests)
    }

    @Test func `a token is had for a signed request, and the message carries it`() async throws {
        let (reply, requests) = await send(Self.token, .answer(200, #"{"name":"projects/p/messages/0:15"}"#))
        #expect(reply.verdicts == [.accepted(reference: "projects/p/messages/0:15", charge: 0)])
        let ask = try #require(requests.first)
        #expect(ask.url == "http://127.0.0.1:8890/fcm/token")
        #expect(ask.field("content-type") == "application/x-www-form-urlencoded")
        #expect(
            ask.text.hasPrefix(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"
            )
        )
        let message = try #require(requests.last)
        #expect(message.url == "http://127.0.0.1:8890/fcm/v1/projects/kpush-demo/messages:send")
        #expect(message.field("authorization") == "Bearer ya29.one")
        let body = #"""
            {"message":{"token":"dev:1","notification":{"title":"t","body":"c"},\#
            "data":{"url":"https://a.b/c","order":"7","vip":"true","note":"n","list":"[1]"},\#
            "android":{"priority":"high","ttl":"86400s","notification":{"tag":"kp1x4z-9c"}},\#
            "apns":{"headers":{"apns-priority":"10","apns-collapse-id":"kp1x4z-9c"}},\#
            "webpush":{"fcm_options":{"link":"https://a.b/c"}}}}
            """#
        #expect(message.text == body)
    }

    @Test(arguments: [
        ("https://fcm.googleapis.com", "", "https://oauth2.googleapis.com/token"),
        ("https://fcm.googleapis.com/", "https://t.example/x", "https://t.example/x"),
        ("https://proxy.example/fcm", "", "https://proxy.example/fcm/token"),
    ])
    func `tokens are asked for at Google's place, at the one given, or where a stand-in is`(
        url: String,
        given: String,
        asked: String
    ) async {
        let http = ScriptedHTTPClient([.answer(400, "{}")])
        let supplier = PushAccounts.supplier(Self.account(["tokenUrl": given], url: url), http)
        _ = await supplier.send(PushAccounts.call("dev:1"))
        #expect(http.requests.map(\.url) == [asked])
    }

    @Test(arguments: [
        (404, "UNREGISTERED", "NOT_FOUND", Refusal.Class.badRecipient),
        (403, "SENDER_ID_MISMATCH", "PERMISSION_DENIED", .badRecipient),
        (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", .badContent),
        (429, "QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED", .throttled),
        (401, "THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", .badConfig),
        (403, "", "PERMISSION_DENIED", .badConfig), (404, "", "NOT_FOUND", .badConfig),
        (429, "", "RESOURCE_EXHAUSTED", .throttled), (409, "NEW_CODE", "ABORTED", .badContent),
    ])
    func `each code has its class`(status: Int, code: String, word: String, fault: Refusal.Class) async {
        let details =
            code.isEmpty
            ? "" : #"{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"\#(code)"}"#
        let body = #"{"error":{"code":\#(status),"message":"m","status":"\#(word)","details":[\#(details)]}}"#
        let (reply, _) = await send(Self.token, .answer(status, body))
        #expect(reply.verdicts[0].fault == fault)
        #expect(reply.verdicts[0].refusal?.code == (code.isEmpty ? word : code))
        #expect(reply.verdicts[0].refusal?.wait == (fault == .throttled ? .seconds(60) : nil))
    }

    @Test
    func `a token that is none of a device is the recipient's fault, another bad argument the content's`()
        async
    {
        let field =
            #"{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"FIELD"}]}"#
        for (name, fault) in [("message.token", Refusal.Class.badRecipient), ("message.data", .badContent)] {
            let body =
                #"{"error":{"status":"INVALID_ARGUMENT","details":[\#(field.replacing("FIELD", with: name))]}}"#
            let (reply, _) = await send(Self.token, .answer(400, body))
            #expect(reply.verdicts[0].fault == fault)
        }
    }

    @Test(arguments: [(429, Refusal.Class.throttled), (503, .transient), (500, .transient)])
    func `how long to wait is what the answer says`(status: Int, fault: Refusal.Class) async {
        let body =
            #"{"error":{"status":"X","details":[{"@type":"a.FcmError","errorCode":"QUOTA_EXCEEDED"}]}}"#
        let (reply, _) = await send(Self.token, .answer(status, body, [("retry-after", "17")]))
        #expect(reply.verdicts[0].fault == fault)
        #expect(reply.verdicts[0].refusal?.wait == .seconds(17))
    }

    @Test func `a token that is rejected is replaced once, and a second time is the account's fault`() async {
        let no = Result<HTTPResponse, HTTPError>
            .answer(401, #"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#)
        let two = Result<HTTPResponse, HTTPError>
            .answer(200, #"{"access_token":"ya29.two","expires_in":3599}"#)
        let (reply, requests) = await send(Self.token, no, two, .answer(200, #"{"name":"n"}"#))
        #expect(reply.verdicts == [.accepted(reference: "n", charge: 0)])
        #expect(requests.last?.field("authorization") == "Bearer ya29.two")
        let (again, _) = await send(Self.token, no, two, no)
        #expect(again.verdicts[0].fault == .badConfig)
    }

    @Test(arguments: [
        (
            400, #"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
            Refusal.Class.badConfig
        ),
        (429, #"{"error":"slow_down"}"#, .throttled), (503, "", .transient), (200, "garbage", .transient),
    ])
    func `without a token nothing is sent`(status: Int, body: String, fault: Refusal.Class) async {
        let (reply, requests) = await send(.answer(status, body))
        #expect(requests.count == 1)
        #expect(reply.verdicts[0].fault == fault)
    }

    @Test(arguments: ["", "{", "{}", "<html>", #"{"name":""}"#])
    func `a success that cannot be read leaves all open`(body: String) async {
        let (reply, _) = await send(Self.token, .answer(200, body))
        #expect(reply.verdicts[0].isAmbiguous)
    }

    @Test(arguments: [
        (PushAccounts.tooLong, "kpush.payload_too_large"), ("text", "kpush.content"),
        (#"{"title":"t","content":""}"#, "kpush.content"),
        (#"{"title":"t","content":"c","data":[1]}"#, "kpush.content"),
    ])
    func `what does not fit is not sent`(content: String, code: String) async {
        let (reply, requests) = await send(content: content)
        #expect(reply.verdicts[0].refusal?.code == code)
        #expect(reply.verdicts[0].fault == .badContent)
        #expect(requests.isEmpty)
    }

    @Test func `an account is proved by a token`() async throws {
        let good = PushAccounts.supplier(Self.account(), ScriptedHTTPClient([Self.token]))
        try await good.check()
        let bad = PushAccounts.supplier(
            Self.account(),
            ScriptedHTTPClient([.answer(400, #"{"error":"invalid_grant"}"#)])
        )
        let error = await #expect(throws: SupplierError.self) { try await bad.check() }
        #expect(error == .refused(Refusal(.badConfig, code: "oauth.invalid_grant")))
    }
}
