import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine
import Testing

@testable import Console

/// Who gets in, and what everybody is told who does not.
@Suite struct AccessTests {
    /// Every route that needs the token, with numbers in place of its parameters.
    private static func guarded(_ bench: ConsoleBench) -> [(method: String, path: String)] {
        let router = Router(context: ConsoleContext.self)
        ConsoleRouter.addDoors(to: router, bench.parts, bench.settings)
        let open = [
            "/healthz", "/readyz", "/openapi.json", "/callbacks", "/s/", "/api/{name}", "/xxl-job-admin",
        ]
        return router.routes.map { ($0.method.rawValue, $0.path.description) }
            .filter { route in !open.contains { route.1.hasPrefix($0) } }
            .map { ($0, $1.replacing(/\{[a-z]+\}/, with: "1")) }
    }

    @Test func `no route answers without the token`() async throws {
        try await ConsoleBench.use { bench in
            let routes = Self.guarded(bench)
            try #require(routes.count > 40)
            for (method, path) in routes {
                let answer = try await bench.call(method, path, token: nil)
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer["code"] == "unauthorized")
                #expect(answer.headers["www-authenticate"] == "Bearer realm=\"kpush\"")
            }
        }
    }

    @Test(arguments: ["", "wrong", ConsoleBench.token + "x", String(ConsoleBench.token.dropLast())])
    func `a wrong token does not get in`(token: String) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.call("GET", "/api/v1/jobs", token: token).status == 401)
        }
    }

    @Test func `another scheme does not get in and the scheme's case does not matter`() async throws {
        try await ConsoleBench.use { bench in
            for (scheme, status) in [("Basic", 401), ("bearer", 200), ("BEARER", 200)] {
                let header = (name: "Authorization", value: "\(scheme) \(ConsoleBench.token)")
                let answer = try await bench.call("GET", "/api/v1/jobs", headers: [header], token: nil)
                #expect(answer.status == status, "\(scheme)")
            }
        }
    }

    @Test func `a refused call with a body changes nothing`() async throws {
        try await ConsoleBench.use { bench in
            let template = try await bench.template("hello")
            let body =
                #"{"messageTemplateId":\#(template.rawValue),"messageParam":{"receiver":"13800138000"}}"#
            let answer = try await bench.call("POST", "/api/v1/send", Array(body.utf8), token: "wrong")
            #expect(answer.status == 401)
            #expect(try await bench.queue.depths().isEmpty)
        }
    }

    @Test(arguments: [
        ("PATCH", "/api/v1/templates", "GET, POST"), ("GET", "/api/v1/send", "POST"),
        ("DELETE", "/api/v1/accounts/5", "GET, PUT"), ("POST", "/healthz", "GET"),
        ("PUT", "/callbacks/1/x", "GET, POST"), ("POST", "/templates/7", "GET"),
    ])
    func `a method that a path does not know is told those that it knows`(
        method: String,
        path: String,
        allowed: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.ask(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == allowed)
            #expect(answer["code"] == "method_not_allowed")
            #expect(answer["message"] == .text("this path takes \(allowed)"))
        }
    }

    @Test func `what is not there is told in the common shape`() async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.get("/api/v1/nothing")
            #expect(answer.status == 404)
            #expect(answer["code"] == "not_found")
            #expect(answer["traceId"].text?.isEmpty == false)
        }
    }

    @Test func `answers carry the headers that keep browsers from guessing`() async throws {
        try await ConsoleBench.use { bench in
            for path in ["/api/v1/jobs", "/api/v1/nothing", "/healthz"] {
                let headers = try await bench.get(path).headers
                #expect(headers["x-content-type-options"] == "nosniff")
                #expect(headers["x-frame-options"] == "DENY")
                #expect(headers["cache-control"] == "no-store")
                #expect(headers["content-security-policy"]?.contains("default-src 'none'") == true)
            }
        }
    }

    @Test(arguments: ["/api/v1/send", "/api/v1/templates", "/api/v1/jobs"])
    func `a body that is too large is refused`(path: String) async throws {
        try await ConsoleBench.use { bench in
            let line = [UInt8](repeating: UInt8(ascii: "a"), count: 10 << 20)
            let answer = try await bench.call("POST", path, Array("{\"name\":\"".utf8) + line)
            #expect(answer.status == 413)
            #expect(answer["code"] == "too_large")
        }
    }
}
