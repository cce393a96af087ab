import Groundwork
import PushEngine
import Scheduler
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// The doors of executors and of suppliers.
@Suite struct DoorTests {
    private static let beat =
        #"{"registryGroup":"EXECUTOR","registryKey":"app","registryValue":"http://two:9999/"}"#

    private static func knock(
        _ bench: ConsoleBench,
        _ path: String,
        _ body: String,
        token: String? = ConsoleBench.accessToken.reveal()
    ) async throws -> ConsoleBench.Answer {
        let headers = token.map { [(name: "xxl-job-access-token", value: $0)] } ?? []
        return try await bench.call("POST", path, Array(body.utf8), headers: headers, token: nil)
    }

    @Test(arguments: ["/api", "/xxl-job-admin/api"])
    func `an executor registers, calls back and leaves at both prefixes`(prefix: String) async throws {
        try await ConsoleBench.use { bench in
            let registered = try await Self.knock(bench, prefix + "/registry", Self.beat)
            #expect(registered.status == 200)
            #expect(registered.headers["content-type"] == "application/json;charset=UTF-8")
            #expect(registered["code"] == 200)
            #expect(try await bench.get("/api/v1/executors")["items.0.alive"] == true)

            let run = try await bench.running(on: "two")
            let body = #"[{"logId":\#(run.id),"logDateTim":1,"handleCode":200,"handleMsg":"done"}]"#
            #expect(try await Self.knock(bench, prefix + "/callback", body)["code"] == 200)
            #expect(try await bench.get("/api/v1/runs/\(run.id)")["reason"] == "completed")

            #expect(try await Self.knock(bench, prefix + "/registryRemove", Self.beat)["code"] == 200)
            #expect(try await bench.get("/api/v1/executors")["items.0.left"] == true)
        }
    }

    @Test(arguments: [nil, "", "wrong"] as [String?])
    func `a wrong access token is told with a status of 200`(token: String?) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await Self.knock(bench, "/api/registry", Self.beat, token: token)
            #expect(answer.status == 200)
            #expect(answer["code"] == 500)
            #expect(answer["msg"] == "The access token is wrong.")
            #expect(try await bench.parts.runs.executors().isEmpty)
        }
    }

    @Test(arguments: [("registry", "{"), ("registry", ""), ("callback", "[1]x"), ("nonsense", "{}")])
    func `what makes no sense is told with a status of 200`(name: String, body: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await Self.knock(bench, "/api/\(name)", body)
            #expect(answer.status == 200)
            #expect(answer["code"] == 500)
        }
    }

    // MARK: Receipts

    /// A message that the supplier has, and the post that says it arrived.
    private static func post(
        _ bench: ConsoleBench,
        _ kind: SimulatedSupplier,
        at url: String
    ) async throws -> (address: String, body: String, message: String) {
        let account = try await bench.account(kind, at: url)
        let template = try await bench.template("hello")
        let body = #"{"messageTemplateId":\#(template.rawValue),"messageParam":{"receiver":"13800138123"}}"#
        let message = try #require(try await bench.post("/api/v1/send", body)["data.0.messageId"].text)
        try await bench.deliver()
        let reference = try #require(try await bench.get("/api/v1/messages/\(message)")["reference"].text)
        let receipt =
            switch kind {
            case .tencent:
                """
                [{"user_receive_time":"2030-01-15 12:00:01","nationcode":"86","mobile":"13800138123",\
                "report_status":"SUCCESS","errmsg":"DELIVRD","description":"ok","sid":"\(reference)"}]
                """
            default:
                """
                [{"phone_number":"13800138123","send_time":"2030-01-15 12:00:00",\
                "report_time":"2030-01-15 12:00:01","success":true,"err_code":"DELIVERED","err_msg":"ok",\
                "sms_size":"1","biz_id":"\(reference)","out_id":""}]
                """
            }
        return (ReceiptAddress(settings: bench.settings).path(account.id), receipt, message)
    }

    @Test(arguments: [
        (SimulatedSupplier.tencent, #"{"result":0,"errmsg":"OK"}"#), (.aliyun, #"{"code":0,"msg":"接收成功"}"#),
    ])
    func `a supplier posts receipts and hears what it expects`(
        kind: SimulatedSupplier,
        thanks: String
    ) async throws {
        try await ConsoleBench.use { bench in
            try await bench.withSimulator { url in
                let (address, body, message) = try await Self.post(bench, kind, at: url)
                let answer = try await bench.call("POST", address, Array(body.utf8), token: nil)
                #expect(answer.status == 200)
                #expect(answer.text == thanks)
                #expect(try await bench.get("/api/v1/messages/\(message)")["stateName"] == "delivered")
            }
        }
    }

    @Test func `an address that is not the account's is not found`() async throws {
        try await ConsoleBench.use { bench in
            let account = try await bench.account(.tencent, at: "http://127.0.0.1:1").id.rawValue
            let right = ReceiptAddress(settings: bench.settings).path(AccountID(rawValue: account))
            let other = ReceiptAddress(settings: bench.settings).path(AccountID(rawValue: account + 1))
            let paths = [
                "/callbacks/\(account)/0", "/callbacks/x/0", String(right.dropLast()) + "x", other,
                other.replacing("/\(account + 1)/", with: "/\(account)/"),
            ]
            for path in paths {
                let answer = try await bench.call("POST", path, Array("[]".utf8), token: nil)
                #expect(answer.status == 404, "\(path)")
            }
        }
    }

    @Test func `only mail that came back may be as large as mail, whatever a post calls itself`() async throws
    {
        try await ConsoleBench.use { bench in
            let account = try await bench.account(.tencent, at: "http://127.0.0.1:1")
            let address = ReceiptAddress(settings: bench.settings).path(account.id)
            let large = [UInt8](repeating: 0x20, count: 3 << 20)
            let headers = [(name: "Content-Type", value: "message/rfc822")]
            let answer = try await bench.call("POST", address, large, headers: headers, token: nil)
            #expect(answer.status == 413)
        }
    }

    @Test func `a post that holds no receipts is refused`() async throws {
        try await ConsoleBench.use { bench in
            let account = try await bench.account(.tencent, at: "http://127.0.0.1:1")
            let address = ReceiptAddress(settings: bench.settings).path(account.id)
            let answer = try await bench.call("POST", address, Array("{".utf8), token: nil)
            #expect(answer.status == 400)
            #expect(answer["code"] == "malformed")
        }
    }
}
