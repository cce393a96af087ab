import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// Tencent's words, as its documentation gives them.
@Suite struct TencentSupplierTests {
    private func supplier(_ http: ScriptedHTTPClient) -> any Supplier {
        SupplierOutcomeTests.supplier(.tencent, over: http)
    }

    private func element(
        _ number: String,
        code: String = "Ok",
        serial: String = "s",
        fee: String = "1"
    ) -> String {
        """
        {"SerialNo":"\(serial)","PhoneNumber":"\(number)","Fee":\(fee),"SessionContext":"k-1","Code":"\(code)",\
        "Message":"m","IsoCode":"CN"}
        """
    }

    private func answer(_ elements: String...) -> String {
        #"{"Response":{"SendStatusSet":[\#(elements.joined(separator: ","))],"RequestId":"r"}}"#
    }

    @Test func `a call carries numbers, text and key`() async throws {
        let http = ScriptedHTTPClient(answer())
        let call = SupplierOutcomeTests.call(["+8613800138000", "+8613800138001"], contents: ["\"您好\"\n"])
        _ = await supplier(http).send(call)
        let body = #"""
            {"PhoneNumberSet":["+8613800138000","+8613800138001"],"SmsSdkAppId":"1400006666","SignName":"签名",\#
            "TemplateId":"T1","TemplateParamSet":["\"您好\"\n"],"SessionContext":"k-1"}
            """#
        let request = try #require(http.requests.first)
        #expect(request.text == body)
        #expect(request.field("x-tc-action") == "SendSms")
        #expect(request.field("x-tc-version") == "2021-01-11")
        #expect(request.field("x-tc-region") == "ap-guangzhou")
        #expect(request.field("x-tc-timestamp") == "1700000000")
        #expect(request.field("content-type") == "application/json; charset=utf-8")
    }

    @Test func `verdicts belong to numbers, not to places`() async {
        let numbers = (0..<5).map { "+861380013800\($0)" }
        let http = ScriptedHTTPClient(
            answer(
                element(numbers[3], code: "FailedOperation.PhoneNumberInBlacklist", fee: "0"),
                element("8613800138000", serial: "first", fee: "\"2\""),
                element(numbers[2], code: "LimitExceeded.PhoneNumberDailyLimit"),
                element("+8613999999999"),
                element(numbers[4], serial: "last")
            )
        )
        let reply = await supplier(http).send(SupplierOutcomeTests.call(numbers))
        #expect(reply.verdicts[0] == .accepted(reference: "first", charge: 2))
        #expect(reply.verdicts[1].isAmbiguous)
        #expect(reply.verdicts[2].fault == .recipientLimit)
        #expect(reply.verdicts[3].fault == .badRecipient)
        #expect(reply.verdicts[4] == .accepted(reference: "last", charge: 1))
        #expect(!reply.mayBeSplit)
    }

    @Test func `a number that was asked for twice gets both verdicts`() async {
        let number = "+8613800138000"
        let http = ScriptedHTTPClient(
            answer(
                element("+8613800138001", serial: "o"),
                element(number, serial: "a"),
                element(number, serial: "b")
            )
        )
        let reply = await supplier(http).send(SupplierOutcomeTests.call([number, "+8613800138001", number]))
        let references = Set(
            reply.verdicts.map { if case .accepted(let reference, _) = $0 { reference } else { "" } }
        )
        #expect(references == ["o", "a", "b"])
    }

    @Test func `an answer that is cut short proves nothing, also for those it speaks of`() async {
        let number = "+8613800138000"
        let whole = answer(element(number))
        for length in stride(from: 1, to: whole.count, by: 7) {
            let http = ScriptedHTTPClient(String(whole.prefix(length)))
            let reply = await supplier(http).send(SupplierOutcomeTests.call([number]))
            #expect(reply.verdicts[0].isAmbiguous)
        }
    }

    @Test(arguments: [
        ("AuthFailure.SignatureFailure", Refusal.Class.badConfig, false),
        ("LimitExceeded.PhoneNumberDailyLimit", .recipientLimit, true),
        ("InvalidParameterValue.IncorrectPhoneNumber", .badRecipient, true),
        ("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber", .badContent, true),
        ("LimitExceeded.PhoneNumberCountLimit", .badContent, false),
        ("RequestLimitExceeded", .throttled, false),
    ])
    func `a refusal of the whole call may be split when one number may be to blame`(
        code: String,
        fault: Refusal.Class,
        mayBeSplit: Bool
    ) async {
        let body = #"{"Response":{"Error":{"Code":"\#(code)","Message":"m"},"RequestId":"r"}}"#
        let http = ScriptedHTTPClient(body, body)
        let supplier = supplier(http)
        let both = await supplier.send(SupplierOutcomeTests.call(["+8613800138000", "+85291234567"]))
        #expect(both.verdicts.map(\.fault) == [fault, fault])
        #expect(both.mayBeSplit == mayBeSplit)
        let alone = await supplier.send(SupplierOutcomeTests.call(["+8613800138000"]))
        #expect(!alone.mayBeSplit)
    }

    @Test func `a pulled page is read, and one entry that cannot be read spoils no other`() async throws {
        let good = #"""
            {"UserReceiveTime":1700000000,"CountryCode":"86","SubscriberNumber":"13800138000",\#
            "PhoneNumber":"+8613800138000","SerialNo":"s","ReportStatus":"SUCCESS","Description":"DELIVRD",\#
            "SessionContext":"k-1"}
            """#
        let failed = good.replacing("SUCCESS", with: "FAIL").replacing("DELIVRD", with: "UNDELIV")
        let bad = [
            good.replacing("1700000000", with: "\"soon\""), good.replacing("SUCCESS", with: "?"), "7", "{}",
        ]
        let entries = ([good] + bad + [failed]).joined(separator: ",")
        let body = #"{"Response":{"PullSmsSendStatusSet":[\#(entries)],"RequestId":"r"}}"#
        let http = ScriptedHTTPClient(body)
        let supplier = supplier(http)
        let page = try await supplier.pullReceipts()
        #expect(http.requests.first?.text == #"{"Limit":100,"SmsSdkAppId":"1400006666"}"#)
        #expect(page.malformed == 4)
        #expect(page.raw == Array(body.utf8))
        let expected = SupplierReceipt(
            recipient: "+8613800138000",
            requestKey: "k-1",
            reference: "s",
            delivered: true,
            code: "DELIVRD",
            at: Moment(secondsSinceEpoch: 1_700_000_000)
        )
        #expect(page.receipts.first == expected)
        #expect(page.receipts.map(\.delivered) == [true, false])
        #expect(try supplier.readReceipts(page.raw).receipts == page.receipts)
    }

    @Test func `a pulled page that cannot be read is kept, for it never comes again`() async throws {
        let page = try await supplier(ScriptedHTTPClient(#"{"Response":{"PullSmsSendStatusSet":[{"#))
            .pullReceipts()
        #expect(page.receipts.isEmpty)
        #expect(page.malformed == 1)
        #expect(!page.raw.isEmpty)
    }

    @Test func `a posted page is read in China's time`() throws {
        let body = #"""
            [{"user_receive_time":"2023-11-15 06:13:20","nationcode":"86","mobile":"13800138000",\#
            "report_status":"SUCCESS","errmsg":"DELIVRD","description":"用户短信送达成功","sid":"s","ext":"k-1"},
             {"user_receive_time":"2023-11-15 06:13:21","nationcode":"852","mobile":"91234567",\#
            "report_status":"FAIL","errmsg":"UNDELIV","description":"","sid":"t"}]
            """#
        let page = try supplier(ScriptedHTTPClient()).readReceipts(Array(body.utf8))
        #expect(page.receipts.map(\.recipient) == ["+8613800138000", "+85291234567"])
        #expect(page.receipts.map(\.requestKey) == ["k-1", nil])
        #expect(page.receipts.map(\.delivered) == [true, false])
        #expect(page.receipts[0].at == Moment(secondsSinceEpoch: 1_700_000_000))
    }

    @Test(arguments: ["", "x", "{", "[1", "7", "[]]"])
    func `a posted body that is no page of receipts is refused`(body: String) {
        let supplier = supplier(ScriptedHTTPClient())
        #expect(throws: SupplierError.self) { try supplier.readReceipts(Array(body.utf8)) }
    }

    @Test func `a question about one message finds it by its key among others to the same number`()
        async throws
    {
        func row(_ key: String) -> String {
            #"""
            {"UserReceiveTime":"1700000000","PhoneNumber":"+8613800138000","SerialNo":"of \#(key)",\#
            "ReportStatus":"SUCCESS","Description":"DELIVRD","SessionContext":"\#(key)"}
            """#
        }
        let full = (0..<100).map { row("k-x\($0)") }.joined(separator: ",")
        let http = ScriptedHTTPClient(
            #"{"Response":{"PullSmsSendStatusSet":[\#(full)]}}"#,
            #"{"Response":{"PullSmsSendStatusSet":[\#(row("k-0")),\#(row("k-1"))]}}"#,
            #"{"Response":{"PullSmsSendStatusSet":[\#(row("k-0"))]}}"#
        )
        let supplier = supplier(http)
        let sentAt = Moment(secondsSinceEpoch: 1_700_000_000)
        let found = try await supplier.query(recipient: "+8613800138000", requestKey: "k-1", sentAt: sentAt)
        guard case .receipt(let receipt) = found else { throw SupplierError.malformed("not found") }
        #expect(receipt.reference == "of k-1")
        #expect(http.requests.last?.text.contains(#""Offset":100"#) == true)
        #expect(http.requests.last?.text.contains(#""SendDateTime":1699999700"#) == true)
        let none = try await supplier.query(recipient: "+8613800138000", requestKey: "k-1", sentAt: sentAt)
        #expect(none == .unknown)
    }

    @Test func `a question that is refused says why`() async {
        let body = #"{"Response":{"Error":{"Code":"AuthFailure.SecretIdNotFound","Message":"m"}}}"#
        let supplier = supplier(ScriptedHTTPClient(body))
        let error = await #expect(throws: SupplierError.self) { try await supplier.pullReceipts() }
        #expect(error == .refused(Refusal(.badConfig, code: "AuthFailure.SecretIdNotFound", message: "m")))
    }
}
