import Groundwork
import PushEngine
import Testing

@Suite struct TemplateTests {
    private static let sound = #"{"name":"code","msgType":30,"content":"您的验证码是{$code}","operator":"ann"}"#

    @Test func `a template waits, is approved, and serves while its edit waits`() async throws {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/templates", Self.sound)
            #expect(made.status == 201)
            let place = try #require(made.headers["location"])
            #expect(made["msgStatus"] == 10)
            #expect(made["latest.auditStatus"] == 10)
            #expect(made["latest.editedBy"] == "ann")
            #expect(made["latest.variables.0"] == "code")
            #expect(made["serving"] == .null)

            let audit = #"{"version":1,"approved":true,"operator":"bob"}"#
            let approved = try await bench.post(place + "/audit", audit)
            #expect(approved.status == 200)
            #expect(approved["msgStatus"] == 30)
            #expect(approved["serving.auditedBy"] == "bob")

            let edit = #"{"baseVersion":1,"name":"code","msgType":30,"content":"码{$code}"}"#
            let edited = try await bench.put(place, edit)
            #expect(edited["latest.version"] == 2)
            #expect(edited["serving.version"] == 1)
            #expect(try await bench.put(place, edit).status == 409)
            #expect(try await bench.get(place + "/versions")["items"].list?.count == 2)
            #expect(try await bench.post(place + "/stop")["msgStatus"] == 20)
            #expect(try await bench.post(place + "/enable")["msgStatus"] == 30)
        }
    }

    @Test(arguments: [
        (#"{"msgType":30,"content":"hi"}"#, "missing", "name"),
        (#"{"name":"","msgType":30,"content":"hi"}"#, "invalid", "name"),
        (#"{"name":"a","content":"hi"}"#, "missing", "msgType"),
        (#"{"name":"a","msgType":31,"content":"hi"}"#, "wrong_type", "msgType"),
        (#"{"name":"a","msgType":"30","content":"hi"}"#, "wrong_type", "msgType"),
        (#"{"name":"a","msgType":30,"content":"","sendChannel":30}"#, "invalid", "content"),
        (#"{"name":"a","msgType":30,"content":"hi {$"}"#, "invalid", "content"),
        (#"{"name":"a","msgType":30,"content":"【a】hi"}"#, "invalid", "content"),
        (#"{"name":"a","msgType":30,"content":"hi","sendChannel":40}"#, "invalid", "content"),
        (#"{"name":"a","msgType":30,"content":"hi","sendAccount":9}"#, "invalid", "sendAccount"),
        (
            #"{"name":"a","msgType":30,"content":"hi","sendAccount":1,"stickyAccount":true}"#, "invalid",
            "stickyAccount"
        ),
        (#"{"name":"a","msgType":30,"content":"hi","shield":10}"#, "unknown_field", "shield"),
        (#"{"name":"a","msgType":30,"content":"hi","operator":""}"#, "out_of_range", "operator"),
    ])
    func `refuses a draft that makes no sense, by field`(
        body: String,
        code: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/templates", body)
            #expect(answer.status == 400)
            #expect(answer["code"] == .text(code))
            #expect(answer["field"] == .text(field))
            #expect(try await bench.books.templates(after: nil, limit: 1).isEmpty)
        }
    }

    @Test func `a text that is too long is refused with its length`() async throws {
        try await ConsoleBench.use { bench in
            let text = String(repeating: "长", count: 501)
            let body = #"{"name":"a","msgType":30,"content":"\#(text)"}"#
            let answer = try await bench.post("/api/v1/templates", body)
            #expect(answer.status == 400)
            #expect(answer["message"] == "content has 501 characters; at most 500")
        }
    }

    @Test func `a rejection says why`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(
                try await bench.post("/api/v1/templates", Self.sound).headers["location"]
            )
            let silent = try await bench.post(place + "/audit", #"{"version":1,"approved":false}"#)
            #expect(silent.status == 400)
            #expect(silent["field"] == "note")
            let body = #"{"version":1,"approved":false,"note":"too short"}"#
            #expect(try await bench.post(place + "/audit", body)["latest.auditStatus"] == 30)
            #expect(try await bench.post(place + "/audit", body).status == 409)
            #expect(try await bench.post(place + "/enable").status == 409)
        }
    }

    @Test(arguments: ["/api/v1/templates/9", "/api/v1/templates/9/versions"])
    func `an unknown template is not found`(path: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get(path)
            #expect(answer.status == 404)
            #expect(answer["code"] == "not_found")
        }
    }

    @Test(arguments: ["x", "0", "-1", "99999999999999999999"])
    func `a number that is none is refused`(id: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/templates/\(id)")
            #expect(answer.status == 400)
            #expect(answer["field"] == "id")
        }
    }

    @Test func `lists page by page`() async throws {
        try await ConsoleBench.use { bench in
            for _ in 0..<3 { _ = try await bench.template() }
            let first = try await bench.get("/api/v1/templates?limit=2")
            #expect(first["items"].list?.count == 2)
            #expect(first["next"] == 2)
            let second = try await bench.get("/api/v1/templates?limit=2&after=2")
            #expect(second["items.0.id"] == 3)
            #expect(second["next"] == .null)
        }
    }

    @Test(arguments: [
        ("limit=0", "out_of_range", "limit"), ("limit=501", "out_of_range", "limit"),
        ("limit=x", "wrong_type", "limit"), ("limit=", "wrong_type", "limit"),
        ("after=x", "wrong_type", "after"),
        ("lmit=5", "unknown_field", "lmit"), ("limit=1&limit=2", "repeated_field", "limit"),
    ])
    func `refuses bad paging`(query: String, code: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/templates?\(query)")
            #expect(answer.status == 400)
            #expect(answer["code"] == .text(code))
            #expect(answer["field"] == .text(field))
        }
    }
}
