import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What is sent to Yunpian, and what its answers come to.
@Suite struct YunpianSupplierTests {
    private static let now = Moment(secondsSinceEpoch: 1_700_000_000)

    private static func supplier(over http: any HTTPClient) -> any Supplier {
        let account = SupplierAccount.scripted(.yunpian, ["tplId": "1"], secrets: ["apikey": Secret("KEY")])
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: http, clock: ManualClock(now).calendar))
    }

    private static func send(
        _ answer: String,
        status: Int = 200,
        to recipients: [String] = ["+8613711112222", "+12025550123"]
    ) async -> (reply: SupplierReply, request: HTTPRequest?) {
        let http = ScriptedHTTPClient(status: status, answer)
        let reply = await supplier(over: http).send(SupplierOutcomeTests.call(recipients, contents: ["a&b"]))
        return (reply, http.requests.first)
    }

    @Test func `the vector's variables are encoded twice`() {
        let values = YunpianSupplier.values([("#code#", "1234"), ("#app#", "云片网")])
        #expect(values == "%23code%23=1234&%23app%23=%E4%BA%91%E7%89%87%E7%BD%91")
        let form = PercentEncoding.form([
            ("apikey", "KEY"), ("mobile", "13711112222"), ("tpl_id", "1"), ("tpl_value", values),
        ])
        #expect(
            form == """
                apikey=KEY&mobile=13711112222&tpl_id=1&tpl_value=%2523code%2523%3D1234%26%2523app%2523%3D\
                %25E4%25BA%2591%25E7%2589%2587%25E7%25BD%2591
                """
        )
    }

    @Test func `a text goes to all numbers at once, mainland ones bare`() async throws {
        let answer = """
            {"total_count":2,"total_fee":"0.1000","unit":"RMB","data":[
            {"code":0,"msg":"ok","count":2,"fee":0.05,"unit":"RMB","mobile":"13711112222","sid":3310228982},
            {"code":"0","msg":"ok","count":"1","fee":0.05,"mobile":"+12025550123","sid":"8800000000000000001"}]}
            """
        let (reply, request) = await Self.send(answer)
        #expect(
            reply.verdicts == [
                .accepted(reference: "3310228982", charge: 2),
                .accepted(reference: "8800000000000000001", charge: 1),
            ]
        )
        #expect(request?.url == "http://127.0.0.1:8890/prefix/v2/sms/tpl_batch_send.json")
        #expect(request?.field("content-type") == "application/x-www-form-urlencoded;charset=utf-8")
        #expect(request?.field("accept") == "application/json;charset=utf-8")
        #expect(
            request?.text == """
                apikey=KEY&mobile=13711112222%2C%2B12025550123&tpl_id=1&\
                tpl_value=%2523content%2523%3Da%2526b&uid=k-1
                """
        )
    }

    @Test func `each number has its own verdict, in whatever order, and one without stays open`() async {
        let answer = """
            {"data":[{"code":22,"msg":"1h","mobile":"+12025550123"},{"code":0,"mobile":"13711112222","sid":1},
            {"code":0,"mobile":"13900000000","sid":2},{"mobile":"13711113333"}]}
            """
        let numbers = ["+8613711112222", "+12025550123", "+8613711113333", "+8613711114444"]
        let (reply, _) = await Self.send(answer, to: numbers)
        #expect(reply.verdicts.map(\.fault) == [nil, .recipientLater, nil, nil])
        #expect(reply.verdicts.map(\.isAmbiguous) == [false, false, true, true])
        #expect(!reply.mayBeSplit)
    }

    @Test(arguments: [
        (Refusal.Class.recipientLimit, [17]), (.recipientLater, [8, 9, 22]), (.throttled, [-4, -5]),
        (.badRecipient, [10, 20, 23]),
        (.badContent, [1, 2, 4, 5, 6, 7, 13, 15, 16, 18, 19, 24, 25, 26, 27, 28]),
        (.badContent, [11, 12, 14, 21, 99]), (.badConfig, [3, -1, -2, -3, -6]),
        (.transient, [-50, -51, -53, -54, -55, -56, -57]),
    ])
    func `each code has its class, for one number and for all`(fault: Refusal.Class, codes: [Int]) async {
        for code in codes {
            let whole = #"{"http_status_code":400,"code":\#(code),"msg":"m","detail":"d"}"#
            for status in [200, 400] {
                let (reply, _) = await Self.send(whole, status: status)
                #expect(reply.verdicts.map(\.fault) == [fault, fault], "\(code)")
                #expect(
                    reply.mayBeSplit == [.badRecipient, .recipientLimit, .recipientLater].contains(fault)
                )
            }
            let single = #"{"data":[{"code":\#(code),"msg":"m","mobile":"13711112222"}]}"#
            let (reply, _) = await Self.send(single, to: ["+8613711112222"])
            #expect(reply.verdicts.map(\.fault) == [fault], "\(code)")
        }
    }

    @Test func `an answer that is none leaves all open, unless its status says more`() async {
        for body in ["", "{}", "[]", "null", "<html>", #"{"data":[{"code":0}"#, #"{"code":0,"msg":"ok"}"#] {
            let (reply, _) = await Self.send(body)
            #expect(reply.verdicts.allSatisfy { $0.isAmbiguous }, "\(body)")
            let (refused, _) = await Self.send(body, status: 403)
            #expect(refused.verdicts.map(\.fault) == [.badConfig, .badConfig])
        }
        let (odd, _) = await Self.send(#"{"data":[{"code":0,"mobile":"13711112222","sid":1}]}"#, status: 400)
        #expect(odd.verdicts.allSatisfy { $0.isAmbiguous })
    }

    private static let posted = """
        [{"error_detail":"已经送达","sid":9527,"uid":"k-1","user_receive_time":"2014-03-17 22:55:21",\
        "error_msg":"DELIVRD","mobile":"15205201314","report_status":"SUCCESS"},\
        {"sid":8800000000000000001,"uid":null,"user_receive_time":"2014-03-17 22:55:23","error_msg":"UNDELIV",\
        "mobile":"+12025550123","report_status":"FAIL"},{"sid":1},{"sid":2,"uid":"k","mobile":"15205201314",\
        "user_receive_time":"2014-03-17 22:55:23","report_status":"UNKNOWN"}]
        """

    private static let receipts = [
        SupplierReceipt(
            recipient: "+8615205201314",
            requestKey: "k-1",
            reference: "9527",
            delivered: true,
            code: "DELIVRD",
            at: Moment(secondsSinceEpoch: 1_395_068_121)
        ),
        SupplierReceipt(
            recipient: "+12025550123",
            requestKey: nil,
            reference: "8800000000000000001",
            delivered: false,
            code: "UNDELIV",
            at: Moment(secondsSinceEpoch: 1_395_068_123)
        ),
    ]

    @Test func `receipts are pulled by the hundred, and what cannot be read is kept`() async throws {
        let http = ScriptedHTTPClient(Self.posted, "[{", "[]", #"{"code":-1,"msg":"m"}"#)
        let supplier = Self.supplier(over: http)
        let page = try await supplier.pullReceipts()
        #expect(page.receipts == Self.receipts)
        #expect(page.malformed == 2)
        #expect(http.requests.first?.url == "http://127.0.0.1:8890/prefix/v2/sms/pull_status.json")
        #expect(http.requests.first?.text == "apikey=KEY&page_size=100")
        let broken = try await supplier.pullReceipts()
        #expect(broken.raw == Array("[{".utf8) && broken.malformed == 1)
        #expect(try await supplier.pullReceipts().receipts.isEmpty)
        let error = await #expect(throws: SupplierError.self) { try await supplier.pullReceipts() }
        #expect(error == .refused(Refusal(.badConfig, code: "-1", message: "m")))
    }

    @Test(arguments: [1, 2])
    func `posted receipts are read, encoded once or twice, and answered with SUCCESS`(times: Int) throws {
        let supplier = Self.supplier(over: ScriptedHTTPClient())
        var value = Self.posted
        for _ in 0..<times { value = PercentEncoding.encoded(value) }
        let callback = SupplierCallback(body: Array("sms_status=\(value)".utf8))
        guard case .receipts(let raw, let answer) = try supplier.open(callback) else {
            Issue.record("not kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "SUCCESS"))
        #expect(try supplier.readReceipts(raw).receipts == Self.receipts)
    }

    @Test func `what people answer is kept and read, and anything else is malformed`() throws {
        let supplier = Self.supplier(over: ScriptedHTTPClient())
        let reply = #"{"id":"2a","mobile":"13711112222","reply_time":"2014-03-17 22:55:21","text":"TD"}"#
        let callback = SupplierCallback(body: Array("sms_reply=\(PercentEncoding.encoded(reply))".utf8))
        guard case .receipts(let raw, let answer) = try supplier.open(callback) else {
            Issue.record("not kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "SUCCESS"))
        let page = try supplier.readReceipts(raw)
        #expect(
            page.words.map(\.sender) == ["+8613711112222"] && page.words.map(\.meaning) == [.answer("TD")]
        )
        for body in ["", "a=b", "sms_status=%", "sms_status=%ff"] {
            let error = #expect(throws: SupplierError.self) {
                try supplier.open(SupplierCallback(body: Array(body.utf8)))
            }
            #expect(error?.isMalformed == true, "\(body)")
        }
        #expect(throws: SupplierError.self) { try supplier.readReceipts(Array("{}".utf8)) }
    }

    @Test func `a message is found by its key among the records of its number`() async throws {
        let records = { (status: String) in
            """
            [{"sid":7,"uid":"other","mobile":"13711112222","report_status":"SUCCESS"},
            {"sid":8,"uid":"k-1","mobile":"13711112222","report_status":"\(status)","error_msg":"D",
            "user_receive_time":"2014-03-17 22:55:21","send_time":"2014-03-17 22:55:20"}]
            """
        }
        let http = ScriptedHTTPClient(records("FAIL"), records("UNKNOWN"), "[]", "<html>")
        let supplier = Self.supplier(over: http)
        func ask() async throws -> QueryAnswer {
            try await supplier.query(recipient: "+8613711112222", requestKey: "k-1", sentAt: Self.now)
        }
        guard case .receipt(let receipt) = try await ask() else {
            Issue.record("not found")
            return
        }
        #expect(receipt.reference == "8" && !receipt.delivered && receipt.recipient == "+8613711112222")
        #expect(try await ask() == .pending(reference: "8"))
        #expect(try await ask() == .unknown)
        let error = await #expect(throws: SupplierError.self) { try await ask() }
        #expect(error?.isMalformed == true)
        #expect(
            http.requests.first?.text == """
                apikey=KEY&mobile=13711112222&start_time=2023-11-15%2006%3A08%3A20&\
                end_time=2023-11-15%2006%3A23%3A20&page_num=1&page_size=100
                """
        )
    }
}
