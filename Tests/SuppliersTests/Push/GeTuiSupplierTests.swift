import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// GeTui's words, as its documentation gives them.
@Suite struct GeTuiSupplierTests {
    private static let token = Result<HTTPResponse, HTTPError>
        .answer(200, #"{"code":0,"msg":"success","data":{"expire_time":"1700086400000","token":"tok-1"}}"#)

    private static let account = PushAccounts.account(
        .getui,
        url: "http://127.0.0.1:8890/v2",
        ["appId": "app", "appKey": "appkeyEXAMPLE"],
        ["masterSecret": "mastersecretEXAMPLE"]
    )

    private func send(
        _ answers: Result<HTTPResponse, HTTPError>...,
        content: String = PushAccounts.rich,
        key: String = "kp1x4z-9c"
    ) async -> (SupplierReply, [HTTPRequest]) {
        let http = ScriptedHTTPClient(answers)
        let supplier = PushAccounts.supplier(Self.account, http)
        return (await supplier.send(PushAccounts.call("cid1", content: content, key: key)), http.requests)
    }

    private func taken(_ word: String) -> Result<HTTPResponse, HTTPError> {
        .answer(200, #"{"code":0,"msg":"success","data":{"RASS_1":{"cid1":"\#(word)"}}}"#)
    }

    @Test func `a token is had for a signed request, and the message carries it`() async throws {
        let (reply, requests) = await send(Self.token, taken("successed_online"))
        #expect(reply.verdicts == [.accepted(reference: "RASS_1", charge: 0)])
        let ask = try #require(requests.first)
        #expect(ask.url == "http://127.0.0.1:8890/v2/app/auth")
        #expect(
            ask.text
                == #"{"sign":"884d63aacb736c3d58228dacfaf03f05f9f4fd66ae2ee7cf30c44179cf6bc83c","#
                + #""timestamp":"1700000000000","appkey":"appkeyEXAMPLE"}"#
        )
        let push = try #require(requests.last)
        #expect(push.url == "http://127.0.0.1:8890/v2/app/push/single/cid")
        #expect(push.field("token") == "tok-1")
        let body = #"""
            {"request_id":"kp1x4z-9c-","settings":{"ttl":86400000,"strategy":{"default":1}},\#
            "audience":{"cid":["cid1"]},"push_message":{"notification":{"title":"t","body":"c",\#
            "click_type":"url","url":"https://a.b/c"}},"push_channel":{"android":{"ups":{"notification":\#
            {"title":"t","body":"c","click_type":"url","url":"https://a.b/c"}}},"ios":{"type":"notify",\#
            "payload":"{\"url\":\"https://a.b/c\",\"order\":7,\"vip\":true,\"note\":\"n\",\"list\":[1]}",\#
            "aps":{"alert":{"title":"t","body":"c"},"content-available":0,"sound":"default"},"auto_badge":"+1"}}}
            """#
        #expect(push.text == body)
    }

    @Test(arguments: [
        (#"{"title":"t","content":"c"}"#, #""click_type":"startapp"}"#),
        (#"{"title":"t","content":"c","data":{"k":1}}"#, #""click_type":"payload","payload":"{\"k\":1}"}"#),
    ])
    func `a tap opens what there is to open`(content: String, click: String) async {
        let (_, requests) = await send(Self.token, content: content)
        #expect(requests.last?.text.contains(click) == true)
    }

    @Test func `a key becomes an id of 10 to 32 characters, each its own`() {
        let long = String(repeating: "k", count: 64)
        let keys = ["k", "kp1x4z-9c", "kp1x4z-9c2", String(repeating: "k", count: 32), long, long + "2"]
        let ids = keys.map(GeTuiSupplier.requestID)
        #expect(ids.allSatisfy { (10...32).contains($0.utf8.count) })
        #expect(Set(ids).count == keys.count)
        #expect(ids[2] == keys[2] && ids[3] == keys[3])
    }

    @Test func `who was not seen for long is not reached, and what GeTui does not say stays open`() async {
        #expect(await send(Self.token, taken("successed_offline")).0.verdicts[0].fault == nil)
        #expect(await send(Self.token, taken("successed_ignore")).0.verdicts[0].fault == .badRecipient)
        #expect(await send(Self.token, taken("something")).0.verdicts[0].isAmbiguous)
        let other = #"{"code":0,"data":{"RASS_1":{"cid2":"successed_online"}}}"#
        for body in [other, #"{"code":0,"data":{}}"#, "{}", "<html>"] {
            #expect(await send(Self.token, .answer(200, body)).0.verdicts[0].isAmbiguous, "\(body)")
        }
    }

    @Test(arguments: [
        (200, "1", "not a json", Refusal.Class.badContent), (200, "2", "starting", .transient),
        (200, "301", "domain error", .badConfig), (301, "301", "domain error", .badConfig),
        (404, "404", "url error", .badConfig),
        (405, "405", "method", .badConfig), (401, "10002", "black list", .badConfig),
        (401, "10003", "auth over limit", .throttled), (401, "10004", "no right", .badConfig),
        (401, "10005", "over limit", .throttled), (400, "20001", "title is invalid", .badContent),
        (400, "20001", "target user is invalid", .badRecipient),
        (400, "20001", "sign is invalid", .badConfig),
        (403, "30001", "what was paid for", .badConfig), (429, "77", "slow", .throttled),
        (200, "-1", "busy", .transient), (200, "\"20001\"", "x is invalid", .badContent),
    ])
    func `each code has its class`(status: Int, code: String, message: String, fault: Refusal.Class) async {
        let (reply, _) = await send(Self.token, .answer(status, #"{"code":\#(code),"msg":"\#(message)"}"#))
        #expect(reply.verdicts[0].fault == fault)
    }

    @Test func `a token that is rejected is replaced once, and a second time is the account's fault`() async {
        let no = Result<HTTPResponse, HTTPError>.answer(401, #"{"code":10001,"msg":"token is invalid"}"#)
        let next = #"{"code":0,"data":{"expire_time":"1700086400001","token":"tok-2"}}"#
        let (reply, requests) = await send(Self.token, no, .answer(200, next), taken("successed_online"))
        #expect(reply.verdicts[0].fault == nil)
        #expect(requests.last?.field("token") == "tok-2")
        let (again, _) = await send(Self.token, no, .answer(200, next), no)
        #expect(again.verdicts[0].fault == .badConfig)
    }

    @Test func `a message is taken back by stopping its task and revoking what is shown`() async throws {
        let done = Result<HTTPResponse, HTTPError>.answer(200, #"{"code":0,"data":{}}"#)
        // A task that is over cannot be stopped.
        let over = Result<HTTPResponse, HTTPError>.answer(400, #"{"code":20001,"msg":"taskid is invalid"}"#)
        let http = ScriptedHTTPClient([Self.token, over, done, done])
        let supplier = PushAccounts.supplier(Self.account, http)
        try await supplier.recall(reference: "RASS_1", recipients: ["cid1", "cid2"])
        let calls = http.requests.dropFirst()
        #expect(calls.map(\.method) == ["DELETE", "POST", "POST"])
        #expect(calls.first?.url == "http://127.0.0.1:8890/v2/app/task/RASS_1")
        let revoke = #""push_message":{"revoke":{"old_task_id":"RASS_1","force":false}}"#
        #expect(calls.dropFirst().allSatisfy { $0.text.contains(revoke) })
        let refusing = ScriptedHTTPClient([Self.token, over, over])
        await #expect(throws: SupplierError.self) {
            try await PushAccounts.supplier(Self.account, refusing)
                .recall(reference: "RASS_1", recipients: ["cid1"])
        }
    }

    @Test func `an account is proved by a token`() async throws {
        try await PushAccounts.supplier(Self.account, ScriptedHTTPClient([Self.token])).check()
        let wrong = ScriptedHTTPClient([.answer(400, #"{"code":20001,"msg":"sign is invalid"}"#)])
        let supplier = PushAccounts.supplier(Self.account, wrong)
        let error = await #expect(throws: SupplierError.self) { try await supplier.check() }
        #expect(error == .refused(Refusal(.badConfig, code: "20001", message: "sign is invalid")))
    }

    @Test func `a call that comes again is dropped for as long as nobody doubts it`() {
        let supplier = PushAccounts.supplier(Self.account, ScriptedHTTPClient())
        #expect(supplier.repeatsAreDroppedFor == .seconds(600))
        #expect(!supplier.givesReceipts)
    }
}
