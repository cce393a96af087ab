import Groundwork
import PushEngine
import Testing

/// The send API, as other systems call it.
@Suite struct SendTests {
    private static func body(
        _ template: TemplateID,
        _ receiver: String = "\"13800138000\"",
        variables: String = #"{"code":"1234"}"#
    ) -> String {
        """
        {"code":"send","messageTemplateId":\(template.rawValue),\
        "messageParam":{"bizId":"b-1","receiver":\(receiver),"variables":\(variables)}}
        """
    }

    @Test func `takes a message on and answers with its ids`() async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/send", Self.body(bench.template()))
            #expect(answer.status == 200)
            #expect(answer["code"] == "0")
            #expect(answer["data.0.bizId"] == "b-1")
            #expect(answer["data.0.businessId"] == "2000000120300115")
            let id = try #require(MessageID(answer["data.0.messageId"].text ?? ""))
            let record = try await bench.books.records(.message(id), state: nil, before: nil, limit: 1).first
            #expect(record?.content == "您的验证码是1234")
            #expect(record?.recipient == "+8613800138000")
        }
    }

    @Test(arguments: [#""13800138000, 13800138001""#, #"["13800138000","13800138001"]"#])
    func `takes receivers joined by commas or as a list`(receivers: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/send", Self.body(bench.template(), receivers))
            #expect(answer["data"].list?.count == 2)
        }
    }

    @Test func `a bad receiver fails itself and not the others`() async throws {
        try await ConsoleBench.use { bench in
            let body = Self.body(try await bench.template(), #"["13800138000","10086"]"#)
            let answer = try await bench.post("/api/v1/send", body)
            #expect(answer.status == 200)
            #expect(answer["msg"] == "1 accepted, 1 refused")
            #expect(answer["data.0.messageId"].text != nil)
            #expect(answer["data.1.code"] == "A0008")
            #expect(answer["data.1.field"] == "messageParam.receiver[1]")
            #expect(answer["data.1.msg"] == "PHONE_SERVICE: service numbers cannot receive messages")
        }
    }

    @Test func `takes a batch, each param with its own values`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template()
            let params = (0..<3)
                .map { #"{"bizId":"b-\#($0)","receiver":"1380013800\#($0)","variables":{"code":\#($0)}}"# }
            let answer = try await bench.post(
                "/api/v1/send/batch",
                #"{"messageTemplateId":"\#(template.rawValue)","messageParamList":[\#(params.joined(separator: ","))]}"#
            )
            #expect(answer.status == 200)
            #expect(answer["data"].list?.count == 3)
            let found = try await bench.get("/api/v1/messages?bizId=b-2")
            #expect(found["items.0.content"] == "您的验证码是2")
        }
    }

    /// Calls of which nothing is taken on: body with `TEMPLATE` for the template's number, status, code, field.
    private static let bad: [(String, Int, String, String?)] = [
        ("{", 400, "A0001", nil),
        ("{\n  \"messageTemplateId\": 1,\n}", 400, "A0001", nil),
        ("[]", 400, "A0001", nil),
        (#"{"messageTemplateId":TEMPLATE}"#, 400, "A0001", "messageParam"),
        (
            #"{"messageTemplateId":"x","messageParam":{"receiver":"13800138000"}}"#, 400, "A0001",
            "messageTemplateId"
        ),
        (#"{"messageTemplateId":TEMPLATE,"messageParam":[]}"#, 400, "A0001", "messageParam"),
        (#"{"messageTemplateId":TEMPLATE,"messageParam":{}}"#, 400, "A0001", "messageParam.receiver"),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":7}}"#, 400, "A0001",
            "messageParam.receiver"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":[7]}}"#, 400, "A0001",
            "messageParam.receiver[0]"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":"1","variables":[]}}"#, 400, "A0001",
            "messageParam.variables"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":"1","variables":{"code":{}}}}"#, 400,
            "A0001", "messageParam.variables.code"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":"1","reciever":"2"}}"#, 400, "A0001",
            "messageParam.reciever"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageTemplateId":2,"messageParam":{"receiver":"1"}}"#, 400,
            "A0001", "messageTemplateId"
        ),
        (
            #"{"code":"recall","messageTemplateId":TEMPLATE,"messageParam":{"receiver":"1"}}"#, 400, "A0001",
            "code"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":"13800138000"}}"#, 400, "A0007",
            "messageParam.variables"
        ),
        (
            #"{"messageTemplateId":TEMPLATE,"messageParam":{"receiver":"","variables":{"code":"1"}}}"#, 400,
            "A0008", "messageParam.receiver[0]"
        ),
        (
            #"{"messageTemplateId":999,"messageParam":{"receiver":"13800138000"}}"#, 404, "A0002",
            "messageTemplateId"
        ),
    ]

    @Test(arguments: bad.indices)
    func `refuses what makes no sense and stores nothing`(index: Int) async throws {
        let (body, status, code, field) = Self.bad[index]
        try await ConsoleBench.use { bench in
            let template = try await bench.template()
            let text = body.replacing("TEMPLATE", with: "\(template.rawValue)")
            let answer = try await bench.post("/api/v1/send", text)
            #expect(answer.status == status, "\(body)")
            #expect(answer["code"] == .text(code), "\(body)")
            #expect(answer["field"].text == field, "\(body)")
            #expect(try await bench.queue.depths().isEmpty)
            #expect(try await bench.books.tallies(day: 20_300_115).isEmpty)
        }
    }

    @Test func `says where JSON ends to be JSON`() async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/send", "{\n  \"messageTemplateId\": 1,\n}")
            #expect(answer["message"] == "not JSON: unexpected byte at line 3, column 1")
        }
    }

    @Test func `a hundred receivers are taken and a hundred and one are not`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template()
            func numbers(_ count: Int) -> String {
                "\"" + (0..<count).map { "138001\(38_000 + $0)" }.joined(separator: ",") + "\""
            }
            let taken = try await bench.post("/api/v1/send", Self.body(template, numbers(100)))
            #expect(taken.status == 200)
            #expect(taken["data"].list?.count == 100)
            let refused = try await bench.post("/api/v1/send", Self.body(template, numbers(101)))
            #expect(refused.status == 400)
            #expect(refused["code"] == "A0003")
            #expect(refused["field"] == "messageParam.receiver")
        }
    }

    @Test func `a template that nobody approved does not send`() async throws {
        try await ConsoleBench.use { bench in
            let draft = TemplateDraft(
                name: "new",
                messageType: .notice,
                templateType: .technical,
                content: "hi"
            )
            let made = try await bench.books.createTemplate(draft, by: "ann")
            let answer = try await bench.post("/api/v1/send", Self.body(made.id))
            #expect(answer.status == 409)
            #expect(answer["code"] == "A0006")
        }
    }

    @Test func `takes back what waits and says of the rest why not`() async throws {
        try await ConsoleBench.use { bench in
            let sent = try await bench.post("/api/v1/send", Self.body(bench.template()))
            let id = try #require(sent["data.0.messageId"].text)
            let recall = #"{"code":"recall","recallMessageIds":["\#(id)","99999999"]}"#
            let answer = try await bench.post("/api/v1/recall", recall)
            #expect(answer.status == 200)
            #expect(answer["data.0.result"] == "recalled")
            #expect(answer["data.0.stateName"] == "recalled")
            #expect(answer["data.1.result"] == "not_found")
        }
    }

    @Test(arguments: [
        (#"{"recallMessageIds":["x"]}"#, "recallMessageIds[0]"),
        (#"{"recallMessageIds":[]}"#, "recallMessageIds"),
        (#"{"recallMessageIds":[true]}"#, "recallMessageIds[0]"),
        (#"{"messageTemplateId":1}"#, "recallMessageIds"),
    ])
    func `refuses to take back what is no message id`(body: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/recall", body)
            #expect(answer.status == 400)
            #expect(answer["code"] == "A0001")
            #expect(answer["field"] == .text(field))
        }
    }

    @Test func `the older paths answer too, and a refusal there is no HTTP error`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template()
            let sent = try await bench.post("/send", Self.body(template))
            #expect(sent.status == 200)
            #expect(sent["code"] == "0")
            let refused = try await bench.post(
                "/batchSend",
                #"{"messageTemplateId":1,"messageParamList":[]}"#
            )
            #expect(refused.status == 200)
            #expect(refused["code"] == "A0001")
            #expect(refused["msg"].text?.contains("messageParamList") == true)
            let id = try #require(sent["data.0.messageId"].text)
            let recalled = try await bench.post("/recall", #"{"recallMessageIds":["\#(id)"]}"#)
            #expect(recalled["code"] == "0")
            #expect(recalled["data.0.result"] == "recalled")
        }
    }
}
