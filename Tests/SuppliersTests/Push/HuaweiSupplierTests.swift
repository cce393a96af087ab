import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// Huawei's words, as its documentation gives them.
@Suite struct HuaweiSupplierTests {
    private static let token = Result<HTTPResponse, HTTPError>
        .answer(200, #"{"access_token":"CF3Xp2CV6j\/+jM","expires_in":3600,"token_type":"Bearer"}"#)

    private static func account(
        url: String = "http://127.0.0.1:8890/huawei",
        callbackKey: String = "cbkey"
    ) -> SupplierAccount {
        PushAccounts.account(
            .huawei,
            url: url,
            ["appId": "100", "callbackUser": "push-user"],
            ["appSecret": "s/1", "callbackKey": callbackKey]
        )
    }

    private func send(
        _ answers: Result<HTTPResponse, HTTPError>...,
        to devices: [String] = ["d1", "d2", "d3"],
        content: String = PushAccounts.rich
    ) async -> (SupplierReply, [HTTPRequest]) {
        let http = ScriptedHTTPClient(answers)
        let supplier = PushAccounts.supplier(Self.account(), http)
        return (await supplier.send(PushAccounts.call(devices, content: content)), http.requests)
    }

    private func answer(
        _ code: String,
        _ message: String = "m",
        status: Int = 200
    ) -> Result<
        HTTPResponse, HTTPError
    > {
        .answer(status, #"{"code":"\#(code)","msg":"\#(message)","requestId":"r1"}"#)
    }

    @Test func `a token is had for the secret, and the message carries it with its escapes resolved`()
        async throws
    {
        let (reply, requests) = await send(Self.token, answer("80000000"))
        #expect(reply.verdicts == Array(repeating: .accepted(reference: "r1", charge: 0), count: 3))
        let ask = try #require(requests.first)
        #expect(ask.url == "http://127.0.0.1:8890/huawei/oauth2/v3/token")
        #expect(ask.text == "grant_type=client_credentials&client_id=100&client_secret=s%2F1")
        let message = try #require(requests.last)
        #expect(message.url == "http://127.0.0.1:8890/huawei/v1/100/messages:send")
        #expect(message.field("authorization") == "Bearer CF3Xp2CV6j/+jM")
        let text = message.text
        #expect(text.hasPrefix(#"{"validate_only":false,"message":{"data":"{\"url\":\"https://a.b/c\","#))
        #expect(text.contains(#""android":{"ttl":"86400s","bi_tag":"kp1x4z-9c","notification":"#))
        #expect(text.contains(#""click_action":{"type":2,"url":"https://a.b/c"},"notify_id":"#))
        #expect(text.hasSuffix(#""token":["d1","d2","d3"]}}"#))
    }

    @Test func `tokens of accounts at Huawei's own address are had at its other one`() async {
        let http = ScriptedHTTPClient()
        let account = Self.account(url: "https://push-api.cloud.huawei.com")
        _ = await PushAccounts.supplier(account, http).send(PushAccounts.call("d1"))
        #expect(http.requests.map(\.url) == ["https://oauth-login.cloud.huawei.com/oauth2/v3/token"])
    }

    @Test func `devices that do not exist are told apart, in the order of the call`() async {
        let words = #"{\"success\":2,\"failure\":1,\"illegal_tokens\":[\"d2\"]}"#
        let (reply, _) = await send(Self.token, answer("80100000", words))
        #expect(reply.verdicts.map(\.fault) == [nil, .badRecipient, nil])
        #expect(reply.verdicts[2] == .accepted(reference: "r1", charge: 0))
        for words in ["partly", "{}", #"{\"illegal_tokens\":\"d2\"}"#] {
            let (open, _) = await send(Self.token, answer("80100000", words))
            #expect(open.verdicts.allSatisfy { $0.isAmbiguous }, "\(words)")
        }
    }

    @Test(arguments: [
        ("80300007", 200, Refusal.Class.badRecipient), ("80100001", 200, .badContent),
        ("80100003", 200, .badContent), ("80300008", 200, .badContent), ("80300010", 200, .badContent),
        ("80100016", 200, .badContent), ("80100018", 200, .badContent), ("80100017", 200, .throttled),
        ("80300011", 200, .badConfig), ("80600003", 200, .transient), ("81000000", 200, .badContent),
        ("80000003", 429, .throttled), ("-1", 200, .transient),
    ])
    func `each code has its class`(code: String, status: Int, fault: Refusal.Class) async {
        let (reply, _) = await send(Self.token, answer(code, status: status))
        #expect(reply.verdicts.map(\.fault) == [fault, fault, fault])
    }

    @Test(arguments: [(500, Refusal.Class?.some(.transient)), (502, nil), (503, .throttled)])
    func `503 is flow control, 500 a fault, 502 an open end`(status: Int, fault: Refusal.Class?) async {
        let (reply, _) = await send(Self.token, .answer(status, "<html>", [("retry-after", "3")]))
        #expect(reply.verdicts.map(\.fault) == [fault, fault, fault])
        #expect(reply.verdicts[0].refusal?.wait == (fault == nil ? nil : .seconds(3)))
    }

    @Test(arguments: ["80200001", "80200003"])
    func `a token that is rejected is replaced once, and a second time is the account's fault`(
        code: String
    ) async {
        let no = answer(code, status: 401)
        let (reply, requests) = await send(Self.token, no, Self.token, answer("80000000"))
        #expect(reply.verdicts.allSatisfy { $0.fault == nil })
        #expect(requests.count == 4)
        let (again, _) = await send(Self.token, no, Self.token, no)
        #expect(again.verdicts.allSatisfy { $0.fault == .badConfig })
    }

    @Test func `what does not fit is not sent`() async {
        let many = (0..<1_001).map { "d\($0)" }
        let (tooMany, none) = await send(to: many)
        #expect(tooMany.verdicts.allSatisfy { $0.refusal?.code == "kpush.call_shape" } && none.isEmpty)
        let (tooLong, nothing) = await send(content: PushAccounts.tooLong)
        #expect(tooLong.verdicts[0].refusal?.code == "kpush.payload_too_large" && nothing.isEmpty)
    }

    // Receipts.

    private static let page = #"""
        {"statuses":[{"biTag":"k-1","appid":"100","token":"d1","status":0,"timestamp":1700000001000,\#
        "requestId":"r1"},{"biTag":"","token":"d2","status":"256","timestamp":"1700000002","requestId":"r1"},\#
        {"status":0}]}
        """#

    private static func callback(_ signature: String) -> SupplierCallback {
        SupplierCallback(
            headers: [("x-huawei-callback-id", signature)],
            body: Array(page.utf8)
        )
    }

    private static let value = "LQHJBW+Ljh+25wa3zQjglNyK6VtUtQrpvT42qtOVYC4="

    @Test func `receipts that Huawei signed are taken, and read`() throws {
        let supplier = PushAccounts.supplier(Self.account(), ScriptedHTTPClient())
        #expect(supplier.givesReceipts)
        let signed = Self.callback("timestamp=1700000000000; nonce=nonce01; value=\(Self.value)")
        guard case .receipts(let raw, let answer) = try supplier.open(signed) else {
            Issue.record("not receipts")
            return
        }
        #expect(answer.body == Array(#"{"code":"0","message":"success"}"#.utf8))
        let page = try supplier.readReceipts(raw)
        #expect(page.malformed == 1)
        #expect(page.receipts.map(\.recipient) == ["d1", "d2"])
        #expect(page.receipts.map(\.requestKey) == ["k-1", nil])
        #expect(page.receipts.map(\.delivered) == [true, false])
        #expect(page.receipts.map(\.code) == ["0", "256"])
        #expect(page.receipts.map(\.at.secondsSinceEpoch) == [1_700_000_001, 1_700_000_002])
    }

    @Test(arguments: [
        "", "timestamp=1700000000000; nonce=nonce01",
        "timestamp=1700000000001; nonce=nonce01; value=\(value)",
        "timestamp=1700000000000; nonce=nonce02; value=\(value)",
        "timestamp=1700000000000; nonce=nonce01; value=AAAA",
    ])
    func `receipts of anybody else are not`(signature: String) {
        let supplier = PushAccounts.supplier(Self.account(), ScriptedHTTPClient())
        #expect(throws: SupplierError.notGenuine) { try supplier.open(Self.callback(signature)) }
    }

    @Test func `without a key there are no receipts`() {
        let supplier = PushAccounts.supplier(Self.account(callbackKey: ""), ScriptedHTTPClient())
        #expect(!supplier.givesReceipts)
        let signed = Self.callback("timestamp=1700000000000; nonce=nonce01; value=\(Self.value)")
        #expect(throws: SupplierError.notGenuine) { try supplier.open(signed) }
    }

    @Test func `a body that is no page is refused`() {
        let supplier = PushAccounts.supplier(Self.account(), ScriptedHTTPClient())
        #expect(throws: SupplierError.self) { try supplier.readReceipts(Array("{}".utf8)) }
    }
}
