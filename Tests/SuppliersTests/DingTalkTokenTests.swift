import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// How work notices come by their tokens, and what their results say.
@Suite struct DingTalkTokenTests {
    private static let taken = #"{"errcode":0,"errmsg":"ok","task_id":7}"#

    private static func http(_ bodies: String...) -> ScriptedHTTPClient {
        ScriptedHTTPClient(bodies.map { .success(HTTPResponse(status: 200, body: Array($0.utf8))) })
    }

    @Test(arguments: [
        #"{"errcode":40014,"errmsg":"m"}"#, #"{"errcode":42001,"errmsg":"m"}"#, #"{"errcode":40001}"#,
        #"{"errcode":88,"sub_code":"40014","sub_msg":"m"}"#, #"{"errcode":88,"sub_code":42001}"#,
    ])
    func `a token that is rejected is fetched once more, and the call made again`(
        rejection: String
    ) async throws {
        let http = Self.http(
            DingTalkNoticeTests.token("t-1"),
            rejection,
            DingTalkNoticeTests.token("t-2"),
            Self.taken
        )
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call())
        #expect(reply.isAccepted("7"))
        #expect(http.requests.count == 4)
        #expect(http.requests.last?.url.hasSuffix("access_token=t-2") == true)
    }

    @Test func `a second rejection is the account's fault`() async throws {
        let rejection = #"{"errcode":40014,"errmsg":"m"}"#
        let http = Self.http(
            DingTalkNoticeTests.token("t-1"),
            rejection,
            DingTalkNoticeTests.token("t-2"),
            rejection
        )
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call())
        #expect(reply.verdicts.map(\.fault) == [.badConfig, .badConfig])
    }

    @Test(arguments: [
        (#"{"errcode":40089,"errmsg":"m"}"#, Refusal.Class.badConfig),
        (#"{"errcode":34016,"errmsg":"m"}"#, .badConfig), (#"{"errcode":-1,"errmsg":"m"}"#, .transient),
        (#"{"errcode":0,"errmsg":"ok"}"#, .transient), ("<html>", .transient), ("", .transient),
    ])
    func `without a token nothing is sent`(answer: String, fault: Refusal.Class) async throws {
        let http = Self.http(answer)
        let reply = try await ChatBench.supplier(.dingTalkNotice, over: http).send(ChatBench.call())
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(http.requests.count == 1)
    }

    @Test func `no error tells the secret or a token`() async throws {
        for answer in [#"{"errcode":40089,"errmsg":"m"}"#, "<html>", #"{"access_token":"t-secret"}"#] {
            let supplier = try ChatBench.supplier(.dingTalkNotice, over: Self.http(answer))
            let error = await #expect(throws: SupplierError.self) { try await supplier.check() }
            #expect(error.map { !"\($0)".contains("secret") } == true)
        }
    }

    @Test func `a check fetches a token`() async throws {
        let http = Self.http(DingTalkNoticeTests.token("t-1"))
        try await ChatBench.supplier(.dingTalkNotice, over: http).check()
        #expect(http.requests.count == 1)
    }

    @Test func `accounts with the same application share its tokens`() throws {
        let owner = try ChatBench.supplier(.dingTalkNotice, over: Self.http()).tokenSource?.owner
        let same = try ChatBench.supplier(.dingTalkNotice, over: Self.http()).tokenSource?.owner
        let other = try ChatBench
            .supplier(
                .dingTalkNotice,
                over: Self.http(),
                secrets: ["appSecret": "other"]
            )
            .tokenSource?
            .owner
        #expect(owner != nil)
        #expect(owner == same)
        #expect(owner != other)
        #expect(owner?.names.contains { $0.contains("secret") } == false)
    }

    // Results.

    private static let result = #"""
        {"errcode":0,"send_result":{"invalid_user_id_list":["u-gone"],"forbidden_user_id_list":["u-full","u-same"],\#
        "failed_user_id_list":["u-bad"],"read_user_id_list":["u-read"],"unread_user_id_list":["u-new"],\#
        "invalid_dept_id_list":[],"forbidden_list":[{"code":"143105","count":1,"userid":"u-full"},\#
        {"code":143106,"count":1,"userid":"u-same"}]}}
        """#

    private static let users = ["u-read", "u-new", "u-gone", "u-full", "u-same", "u-bad", "u-open"]

    @Test func `a result tells who has the notice, who will not, and why`() async throws {
        let http = Self.http(DingTalkNoticeTests.token("t-1"), Self.result)
        let supplier = try #require(
            try ChatBench.supplier(.dingTalkNotice, over: http) as? DingTalkNoticeSupplier
        )
        let moment = Moment(secondsSinceEpoch: 1_700_000_060)
        let receipts = try await supplier.results(
            ResultsQuestion(reference: "7", recipients: Self.users, at: moment)
        )
        #expect(receipts.map(\.recipient) == Self.users.dropLast())
        #expect(receipts.map(\.delivered) == [true, true, false, false, false, false])
        #expect(
            receipts.map(\.code) == [
                "delivered", "delivered", "invalid_user", "143105", "143106", "failed",
            ]
        )
        #expect(receipts.allSatisfy { $0.reference == "7" && $0.requestKey == nil && $0.at == moment })
        let request = try #require(http.requests.last)
        #expect(request.url.contains("/topapi/message/corpconversation/getsendresult?"))
        #expect(request.text == #"{"agent_id":123,"task_id":7}"#)
    }

    @Test(arguments: [
        (#"{"errcode":0,"send_result":{}}"#, 0),
        (#"{"errcode":0,"send_result":{"read_user_id_list":"u-read,u-new","failed_user_id_list":null}}"#, 2),
        (#"{"errcode":0,"send_result":{"forbidden_user_id_list":["u-full"]}}"#, 1),
    ])
    func `a result may leave lists out, or write them as texts`(answer: String, count: Int) throws {
        let members = try #require(try WireValue(json: answer.utf8).object)
        let result = try #require(DingTalkSendResult(members))
        let receipts = result.receipts(
            for: ResultsQuestion(
                reference: "7",
                recipients: Self.users,
                at: Moment(secondsSinceEpoch: 1_700_000_000)
            )
        )
        #expect(receipts.count == count)
    }

    @Test func `an answer without a result is none`() async throws {
        let http = Self.http(DingTalkNoticeTests.token("t-1"), #"{"errcode":0}"#)
        let supplier = try #require(
            try ChatBench.supplier(.dingTalkNotice, over: http) as? DingTalkNoticeSupplier
        )
        let error = await #expect(throws: SupplierError.self) {
            try await supplier.results(
                ResultsQuestion(
                    reference: "7",
                    recipients: ["u1"],
                    at: Moment(secondsSinceEpoch: 1_700_000_000)
                )
            )
        }
        #expect(error == .malformed("an answer without send_result"))
    }
}
