import CurlDriver
import Foundation
import Groundwork
import Synchronization
import TestKit
import Testing

@testable import Executor

/// What a server was asked, in order.
private final class Requests: Sendable {
    let list = Mutex<[HTTPRequest]>([])
}

/// Calls that are a job's parameters, made by the real client to a real server.
@Suite(.timeLimit(.minutes(5))) final class HTTPJobTests: Sendable {
    private let folder: TemporaryFolder
    private let http: CurlHTTPClient

    init() throws {
        folder = try TemporaryFolder("calls")
        var settings = CurlHTTPClientSettings()
        settings.addresses = .intranet
        http = CurlHTTPClient(settings: settings)
    }

    deinit {
        http.shutdown()
    }

    private func outcome(
        _ params: String,
        allowed: [String]
    ) async throws -> (outcome: RunOutcome?, log: String) {
        var handlers = HandlerCatalogue()
        handlers.add(HTTPJobHandler.name, try HTTPJobHandler(allowed: allowed, http: http))
        return try await RunnerBench.serve(in: folder.file(UUID().uuidString), handlers: handlers) { bench in
            #expect(await bench.accept(1, handler: HTTPJobHandler.name, params: params) == .accepted)
            return (try await bench.outcomes(1)[1], try bench.log(1))
        }
    }

    /// What the server was asked, and how the run ended, when the server answers `status` and `body`.
    private func call(
        _ params: String,
        status: Int = 200,
        body: String = "",
        headers: [(name: String, value: String)] = []
    ) async throws -> (outcome: RunOutcome?, log: String, asked: [HTTPRequest]) {
        let asked = Requests()
        let answer = HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
        let serve: LoopbackServer.Answer = { request in
            asked.list.withLock { $0.append(request) }
            return answer
        }
        let ended = try await LoopbackServer.serve(answering: serve) { address in
            try await outcome(params.replacing("SERVER", with: address), allowed: [address + "/jobs"])
        }
        return (ended.outcome, ended.log, asked.list.withLock { $0 })
    }

    private static func header(_ name: String, of request: HTTPRequest) -> String? {
        request.headers.first { $0.name.lowercased() == name }?.value
    }

    @Test func `a call is made as the parameters say, and its answer is in the log`() async throws {
        let params = """
            {"url": "SERVER/jobs/1?key=hush", "method": "put", "contentType": "text/plain", "data": "hällo",
             "headers": {"X-Trace": "7"}, "cookies": {"a": "1", "b": "2"}, "timeout": 60,
             "auth": {"username": "u", "password": "p"}}
            """
        let (outcome, log, asked) = try await call(params, body: "line one\nline two")
        #expect(outcome == .succeeded("HTTP 200, 17 bytes"))
        let request = try #require(asked.first)
        #expect(request.method == "PUT" && request.url == "/jobs/1" && request.body == Array("hällo".utf8))
        #expect(Self.header("content-type", of: request) == "text/plain")
        #expect(Self.header("x-trace", of: request) == "7")
        #expect(Self.header("cookie", of: request) == "a=1; b=2")
        #expect(Self.header("authorization", of: request) == "Basic dTpw")
        #expect(log.contains("] line one\n") && log.contains("] line two\n"))
        for secret in ["hush", "dTpw", "hällo"] { #expect(!log.contains(secret)) }
    }

    @Test func `without a method a call without a body is GET, and one with a body is POST`() async throws {
        #expect(try await call(#"{"url": "SERVER/jobs"}"#).asked.first?.method == "GET")
        let json = try #require(try await call(#"{"url": "SERVER/jobs", "data": {"a": [1]}}"#).asked.first)
        #expect(json.method == "POST" && json.body == Array(#"{"a":[1]}"#.utf8))
        #expect(Self.header("content-type", of: json) == "application/json")
        let form = #"{"url": "SERVER/jobs", "form": {"a b": "1&2", "c": "ü"}, "auth": {"token": "t"}}"#
        let posted = try #require(try await call(form).asked.first)
        #expect(posted.body == Array("a%20b=1%262&c=%C3%BC".utf8))
        #expect(Self.header("content-type", of: posted) == "application/x-www-form-urlencoded")
        #expect(Self.header("authorization", of: posted) == "Bearer t")
    }

    @Test(arguments: [(400, "HTTP 400"), (503, "HTTP 503"), (302, "HTTP 302: redirects are not followed")])
    func `an answer that is no success fails the run, and a redirect is not followed`(
        status: Int,
        message: String
    ) async throws {
        let (outcome, log, asked) = try await call(
            #"{"url": "SERVER/jobs"}"#,
            status: status,
            body: "why",
            headers: [("Location", "/jobs/elsewhere")]
        )
        #expect(outcome == .failed(message))
        #expect(log.contains("] why\n"))
        #expect(asked.count == 1)
    }

    @Test func `a long answer is cut in the log, and not in its length`() async throws {
        let (outcome, log, _) = try await call(
            #"{"url": "SERVER/jobs"}"#,
            body: String(repeating: String(repeating: "x", count: 999) + "\n", count: 100)
        )
        #expect(outcome == .succeeded("HTTP 200, 100000 bytes"))
        #expect(log.contains("[output cut: it is longer than \(HTTPJobHandler.answerBytes) bytes"))
    }

    @Test func `the time limit of the parameters holds`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        defer { server.close() }
        let ended = try await outcome(
            "{\"url\": \"\(server.url)/\", \"timeout\": 1}",
            allowed: [server.url]
        )
        guard case .failed(let message) = ended.outcome else {
            Issue.record("it came to \(String(describing: ended.outcome))")
            return
        }
        #expect(message.hasPrefix("http: answer_timeout"))
    }

    @Test(arguments: [
        "SERVER/", "SERVER/jobsx", "SERVER.evil/jobs", "http://x@127.0.0.1/jobs", "SERVER/jobs/../x",
    ])
    func `what is not allowed is not called`(url: String) async throws {
        let (outcome, _, asked) = try await call("{\"url\": \"\(url)\"}")
        guard case .failed(let message) = outcome else {
            Issue.record("it came to \(String(describing: outcome))")
            return
        }
        #expect(message.hasPrefix("params.url "))
        #expect(asked.isEmpty)
    }

    @Test(arguments: [
        "http://169.254.169.254", "http://100.100.100.200", "http://[fe80::1]", "http://2852039166",
    ])
    func `the host's own services are never called, whatever is allowed`(address: String) async throws {
        let ended = try await outcome("{\"url\": \"\(address)/latest\"}", allowed: [address])
        guard case .failed(let message) = ended.outcome else {
            Issue.record("it came to \(String(describing: ended.outcome))")
            return
        }
        #expect(message.hasPrefix("http: address_refused"))
    }

    @Test(arguments: [
        ("url", "{}"), ("method", #"{"url":"http://h/","method":"TRACE"}"#),
        ("timeOut", #"{"url":"http://h/","timeOut":1}"#),
        ("timeout", #"{"url":"http://h/","timeout":0}"#),
        ("timeout", #"{"url":"http://h/","timeout":"soon"}"#),
        ("headers", #"{"url":"http://h/","headers":[]}"#),
        ("headers.a b", #"{"url":"http://h/","headers":{"a b":"c"}}"#),
        ("headers.a", #"{"url":"http://h/","headers":{"a":"b\r\nc: d"}}"#),
        ("headers.Host", #"{"url":"http://h/","headers":{"Host":"evil"}}"#),
        ("headers.Content-Length", #"{"url":"http://h/","headers":{"Content-Length":"0"}}"#),
        ("contentType", #"{"url":"http://h/","data":"x","contentType":"a\nb"}"#),
        ("cookies.a", #"{"url":"http://h/","cookies":{"a":"b; c=d"}}"#),
        ("auth", #"{"url":"http://h/","auth":{}}"#),
        ("auth", #"{"url":"http://h/","auth":"a\nb"}"#),
        ("form", #"{"url":"http://h/","form":{},"data":"x"}"#),
    ])
    func `a member that makes no sense is named`(field: String, params: String) {
        let error = #expect(throws: CallError.self) { _ = try CallOrder(params) }
        #expect(error?.field == field)
    }

    @Test(arguments: ["h.com", "http://u@h.com", "http://h.com/?a=b", "http://h.com/../x"])
    func `what cannot be allowed stops the start`(allowed: String) {
        let error = #expect(throws: ExecutorError.self) {
            _ = try HTTPJobHandler(allowed: [allowed], http: http)
        }
        #expect(error?.code == .settings && error?.operation == "allowed")
    }
}
