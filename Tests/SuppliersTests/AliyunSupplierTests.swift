import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// Aliyun's words, as its documentation gives them.
@Suite struct AliyunSupplierTests {
    private func supplier(
        _ http: ScriptedHTTPClient,
        signature: AliyunSignature = .acs3
    ) -> any Supplier {
        var account = SupplierOutcomeTests.account(.aliyun)
        let values = account.config.values.merging(["signature": signature.rawValue]) { $1 }
        account.config = AccountConfig(values, secrets: account.config.secrets)
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000)).calendar
        return AliyunSupplier(account, SupplierTools(http: http, clock: clock))
    }

    private static let ok = #"{"Message":"OK","RequestId":"r","Code":"OK","BizId":"9006^0"}"#

    /// The form of a request, decoded by Foundation.
    private func form(_ request: HTTPRequest) -> [String: String] {
        var components = URLComponents()
        components.percentEncodedQuery = request.text
        let items = components.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }

    @Test func `one text to many is one SendSms, with numbers as Aliyun writes them`() async throws {
        let http = ScriptedHTTPClient(Self.ok)
        let numbers = ["+8613800138000", "+85291234567", "+12025550123"]
        let reply = await supplier(http).send(SupplierOutcomeTests.call(numbers, contents: ["a\"b&c=d+e 中"]))
        #expect(reply.verdicts == Array(repeating: .accepted(reference: "9006^0", charge: 0), count: 3))
        let request = try #require(http.requests.first)
        #expect(request.field("x-acs-action") == "SendSms")
        #expect(request.field("x-acs-version") == "2017-05-25")
        #expect(request.field("x-acs-date") == "2023-11-14T22:13:20Z")
        let expected = [
            "OutId": "k-1", "PhoneNumbers": "13800138000,85291234567,12025550123", "SignName": "签名",
            "TemplateCode": "T1", "TemplateParam": #"{"content":"a\"b&c=d+e 中"}"#,
        ]
        #expect(form(request) == expected)
    }

    @Test func `different texts are one SendBatchSms, aligned by place`() async throws {
        let http = ScriptedHTTPClient(Self.ok)
        let call = SupplierCall(
            requestKey: "k-1",
            recipients: ["+8613800138000", "+8613800138001", "+8613800138002"],
            contents: ["A", "B"],
            contentIndex: [1, 0, 1]
        )
        _ = await supplier(http).send(call)
        let request = try #require(http.requests.first)
        #expect(request.field("x-acs-action") == "SendBatchSms")
        let form = form(request)
        #expect(form["PhoneNumberJson"] == #"["13800138000","13800138001","13800138002"]"#)
        #expect(form["SignNameJson"] == #"["签名","签名","签名"]"#)
        #expect(form["TemplateParamJson"] == #"[{"content":"B"},{"content":"A"},{"content":"B"}]"#)
    }

    @Test func `the older signature travels in the form`() async throws {
        let http = ScriptedHTTPClient(Self.ok, Self.ok)
        let supplier = supplier(http, signature: .rpc)
        for _ in 0..<2 { _ = await supplier.send(SupplierOutcomeTests.call(["+8613800138000"])) }
        let forms = http.requests.map(form)
        #expect(forms[0]["Action"] == "SendSms")
        #expect(forms[0]["SignatureMethod"] == "HMAC-SHA1")
        #expect(forms[0]["Signature"]?.isEmpty == false)
        #expect(forms[0]["SignatureNonce"] != forms[1]["SignatureNonce"])
        #expect(http.requests[0].field("authorization") == nil)
    }

    @Test(arguments: [
        ("isv.MOBILE_NUMBER_ILLEGAL", Refusal.Class.badRecipient, true),
        ("isv.BUSINESS_LIMIT_CONTROL", .recipientLimit, true), ("isv.AMOUNT_NOT_ENOUGH", .badConfig, false),
        ("isv.SMS_TEMPLATE_ILLEGAL", .badContent, false), ("isp.SYSTEM_ERROR", .transient, false),
    ])
    func `a refusal that is about one number may be split, and one number alone may not`(
        code: String,
        fault: Refusal.Class,
        mayBeSplit: Bool
    ) async {
        let body = #"{"Message":"m","RequestId":"r","Code":"\#(code)"}"#
        let supplier = supplier(ScriptedHTTPClient(body, body))
        let both = await supplier.send(SupplierOutcomeTests.call(["+8613800138000", "+8613800138001"]))
        #expect(both.verdicts.map(\.fault) == [fault, fault])
        #expect(both.mayBeSplit == mayBeSplit)
        let alone = await supplier.send(SupplierOutcomeTests.call(["+8613800138000"]))
        #expect(!alone.mayBeSplit)
    }

    @Test(arguments: [
        (400, "SignatureDoesNotMatch", Refusal.Class.badConfig),
        (404, "InvalidAccessKeyId.NotFound", .badConfig), (400, "Throttling.User", .throttled),
        (503, "ServiceUnavailable", .transient),
    ])
    func `a gateway's error is read whatever its status`(
        status: Int,
        code: String,
        fault: Refusal.Class
    ) async {
        let http = ScriptedHTTPClient(
            status: status,
            #"{"RequestId":"r","HostId":"h","Code":"\#(code)","Message":"m"}"#
        )
        let reply = await supplier(http).send(SupplierOutcomeTests.call(["+8613800138000"]))
        #expect(reply.verdicts.map(\.fault) == [fault])
    }

    @Test func `a nonce that was used means that the request came before: its fate is open`() async {
        let http = ScriptedHTTPClient(status: 400, #"{"Code":"SignatureNonceUsed","Message":"m"}"#)
        let reply = await supplier(http).send(SupplierOutcomeTests.call(["+8613800138000"]))
        #expect(reply.verdicts[0].isAmbiguous)
    }

    @Test func `a posted page is read in China's time`() throws {
        let body = #"""
            [{"phone_number":"13800138000","send_time":"2023-11-15 06:13:10","report_time":"2023-11-15 06:13:20",\#
            "success":true,"err_code":"DELIVERED","err_msg":"","sms_size":"1","biz_id":"9006^0","out_id":"k-1"},
             {"phone_number":"85291234567","report_time":"2023-11-15 06:13:20","success":false,\#
            "err_code":"UNKNOWN","biz_id":"9006^0","out_id":null},
             {"phone_number":"13800138000","report_time":"yesterday","success":true,"biz_id":"b"}]
            """#
        let page = try supplier(ScriptedHTTPClient()).readReceipts(Array(body.utf8))
        #expect(page.receipts.map(\.recipient) == ["+8613800138000", "+85291234567"])
        #expect(page.receipts.map(\.requestKey) == ["k-1", nil])
        #expect(page.receipts.map(\.delivered) == [true, false])
        #expect(page.receipts[0].at == Moment(secondsSinceEpoch: 1_700_000_000))
        #expect(page.malformed == 1)
    }

    /// What Aliyun says of the messages to a number.
    private static func details(_ rows: String) -> String {
        #"{"Code":"OK","Message":"OK","TotalCount":1,"SmsSendDetailDTOs":{"SmsSendDetailDTO":[\#(rows)]}}"#
    }

    @Test func `a message whose status is not said is known, and one without a number is not`() async throws {
        let nulls = #"""
            {"PhoneNum":null,"SendStatus":null,"ErrCode":null,"OutId":null,"ReceiveDate":null},
            {"PhoneNum":"13800138000","SendStatus":null,"ErrCode":null,"OutId":"k-1","ReceiveDate":null}
            """#
        let noon = try #require(CivilTime("2023-11-15 12:00:00")).moment(offset: CivilTime.china)
        for (key, answer) in [("k-1", QueryAnswer.pending(reference: "")), ("k-2", .unknown)] {
            let supplier = supplier(ScriptedHTTPClient(Self.details(nulls)))
            #expect(
                try await supplier.query(recipient: "+8613800138000", requestKey: key, sentAt: noon) == answer
            )
        }
    }

    @Test func `an answer that cannot be read is about the number that was asked for`() async throws {
        for body in ["<html>", Self.details(#"{"SendStatus":{}}"#)] {
            await #expect {
                try await supplier(ScriptedHTTPClient(body))
                    .query(
                        recipient: "+8613800138000",
                        requestKey: "k",
                        sentAt: Moment(secondsSinceEpoch: 1_700_000_000)
                    )
            } throws: { error in
                if case .malformed? = error as? SupplierError { true } else { false }
            }
        }
    }

    @Test(arguments: [(1, "pending"), (2, "failed"), (3, "delivered")])
    func `a question about one message finds it by its key`(status: Int, meaning: String) async throws {
        func row(_ key: String, _ status: Int) -> String {
            #"""
            {"PhoneNum":"13800138000","SendStatus":\#(status),"ErrCode":"E","OutId":"\#(key)",\#
            "SendDate":"2023-11-15 06:13:10","ReceiveDate":"2023-11-15 06:13:20"}
            """#
        }
        let rows = [row("k-0", 3), row("k-1", status)].joined(separator: ",")
        let http = ScriptedHTTPClient(
            #"{"Code":"OK","Message":"OK","TotalCount":2,"SmsSendDetailDTOs":{"SmsSendDetailDTO":[\#(rows)]}}"#
        )
        let answer = try await supplier(http)
            .query(
                recipient: "+8613800138000",
                requestKey: "k-1",
                sentAt: Moment(secondsSinceEpoch: 1_700_000_000)
            )
        let request = try #require(http.requests.first)
        #expect(form(request)["SendDate"] == "20231115")
        #expect(form(request)["PhoneNumber"] == "13800138000")
        switch answer {
        case .pending: #expect(meaning == "pending")
        case .receipt(let receipt):
            #expect(receipt.delivered == (meaning == "delivered"))
            #expect(receipt.at == Moment(secondsSinceEpoch: 1_700_000_000))
        case .unknown: Issue.record("not found")
        }
    }

    @Test func `near midnight in China both days are asked`() async throws {
        let nothing = #"{"Code":"OK","Message":"OK","SmsSendDetailDTOs":{"SmsSendDetailDTO":[]}}"#
        let http = ScriptedHTTPClient(nothing, nothing)
        let midnight = try #require(CivilTime("2023-11-15 00:01:00")).moment(offset: CivilTime.china)
        let answer = try await supplier(http)
            .query(recipient: "+8613800138000", requestKey: "k", sentAt: midnight)
        #expect(answer == .unknown)
        #expect(http.requests.compactMap { form($0)["SendDate"] } == ["20231115", "20231114"])
    }

    @Test func `there is no queue of receipts to pull`() async throws {
        let http = ScriptedHTTPClient()
        #expect(try await supplier(http).pullReceipts().receipts.isEmpty)
        #expect(http.requests.isEmpty)
        #expect(supplier(http).tokenSource == nil)
    }
}
