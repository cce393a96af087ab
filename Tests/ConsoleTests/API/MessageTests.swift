import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Console

@Suite struct MessageTests {
    private static func send(
        _ bench: ConsoleBench,
        _ template: TemplateID,
        to receivers: [String]
    ) async throws
        -> [String]
    {
        let list = receivers.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try await bench.post(
            "/api/v1/send",
            #"{"messageTemplateId":\#(template.rawValue),"messageParam":{"bizId":"b-7","receiver":[\#(list)]}}"#
        )
        return answer["data"].list?.compactMap { $0.object?["messageId"].text } ?? []
    }

    @Test func `a message's story is told to its end`() async throws {
        try await ConsoleBench.use { bench in
            var settings = SimulatorSettings()
            settings.faults.receiptDelay = 0
            try await bench.withSimulator(settings) { url in
                let account = try await bench.account(.tencent, at: url).id
                let template = try await bench.template("hello")
                let ids = try await Self.send(bench, template, to: ["13800138123"])
                let id = try #require(ids.first)
                try await bench.deliver()
                _ = try await bench.parts.receipts.round()

                let record = try await bench.get("/api/v1/messages/\(id)")
                #expect(record["stateName"] == "delivered")
                #expect(record["state"] == 62)
                #expect(record["final"] == true)
                #expect(record["account"] == .integer(account.rawValue))
                let trace = try await bench.get("/api/v1/messages/\(id)/trace")
                let stages = trace["items"].list?.map { $0.object?["stage"] ?? .null }
                #expect(stages == ["accepted", "calling", "answered", "receipt"])

                let stats = try await bench.get("/api/v1/stats")
                #expect(stats["day"] == 20_300_115)
                #expect(stats["items.0.received"] == 1)
                #expect(stats["items.0.states.delivered"] == 1)
            }
        }
    }

    @Test func `messages are found by whatever is at hand`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template("hello")
            let ids = try await Self.send(bench, template, to: ["13800138000", "13800138001"])
            let id = try #require(ids.first)
            let queries = [
                "receiver=13800138000", "receiver=%2B8613800138000", "messageId=\(id)", "bizId=b-7&limit=2",
                "messageTemplateId=\(template.rawValue)", "bizId=b-7&state=10",
            ]
            for query in queries {
                let answer = try await bench.get("/api/v1/messages?\(query)")
                #expect(answer.status == 200, "\(query)")
                let found = answer["items"].list?.compactMap { $0.object?["messageId"].text } ?? []
                #expect(found.contains(id), "\(query)")
            }
            #expect(try await bench.get("/api/v1/messages?bizId=b-7&state=62")["items"] == .list([]))
            let page = try await bench.get("/api/v1/messages?bizId=b-7&limit=1")
            #expect(page["items.0.messageId"] == page["next"])
            let rest = try await bench.get("/api/v1/messages?bizId=b-7&before=\(page["next"].text ?? "")")
            #expect(rest["items.0.messageId"] == .text(id))
        }
    }

    @Test(arguments: [
        ("", "receiver"), ("bizId=a&receiver=1", "receiver"), ("messageId=x", "messageId"),
        ("bizId=a&state=11", "state"), ("bizId=a&before=x", "before"), ("bizId=a&limit=9999", "limit"),
        ("phone=13800138000", "receiver"),
    ])
    func `refuses a look-up that makes no sense`(query: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/messages?\(query)")
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
        }
    }

    @Test(arguments: [("4096000", 404), ("x", 400), ("-5", 400)])
    func `a message that is not there has no story`(id: String, status: Int) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/messages/\(id)").status == status)
            #expect(try await bench.get("/api/v1/messages/\(id)/trace").status == status)
        }
    }

    @Test(arguments: ["day=20300230", "day=x", "date=20300115"])
    func `refuses a day that does not exist`(query: String) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/stats?\(query)").status == 400)
        }
    }

    @Test func `what is held for the morning is listed`() async throws {
        try await ConsoleBench.use { bench in
            bench.clock.advance(by: .seconds(10 * 3_600))
            let template = try await bench.template("hello", shield: .hold)
            _ = try await Self.send(bench, template, to: ["13800138000"])
            try await bench.deliver()
            let held = try await bench.get("/api/v1/held")
            #expect(held["items.0.count"] == 1)
            #expect(held["items.0.lane"] == "sms.notice")
            #expect(held["items.0.until"] == "2030-01-16T00:00:00.000Z")
            let next = try #require(try await bench.get("/api/v1/held?limit=1")["next"].text)
            #expect(try await bench.get("/api/v1/held?after=\(next)")["items.0"] == .null)
            #expect(try await bench.get("/api/v1/held?after=17").status == 400)
        }
    }
}
