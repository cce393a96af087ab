import CurlDriver
import Groundwork
import TestKit
import Testing

/// How a call without an answer is told: whether the other side may have seen it decides what may be done next.
@Suite struct CurlFailureTests {
    private let client = CurlHTTPClient()

    private func failure(
        _ request: HTTPRequest,
        client: CurlHTTPClient? = nil
    ) async throws -> HTTPError.Code {
        do {
            let answer = try await (client ?? self.client).send(request)
            Issue.record("answered with \(answer.status)")
            throw CancellationError()
        } catch let error as HTTPError {
            return error.code
        }
    }

    @Test(arguments: [
        "127.0.0.1/x", "ftp://127.0.0.1/", "http://", "http:///x", "http://127.0.0.1:99999/", "http://a b/",
        "http://127.0.0.1/\r\nX: y", "",
    ])
    func `what is no http url is refused before anything is opened`(url: String) async throws {
        #expect(try await failure(HTTPRequest(url: url, timeouts: .patient)) == .badURL)
    }

    @Test(arguments: [("X", "a\r\nEvil: 1"), ("X\nY", "a"), ("", "a"), ("X Y", "a"), ("X:", "a")])
    func `a header field that would break the request is refused`(name: String, value: String) async throws {
        let request = HTTPRequest(url: "http://127.0.0.1:9/", headers: [(name, value)], timeouts: .patient)
        #expect(try await failure(request) == .badURL)
    }

    @Test func `a port where nobody listens is unreachable`() async throws {
        let server = try RawServer { _, _ in }
        server.close()
        #expect(
            try await failure(HTTPRequest(url: server.url, body: [1], timeouts: .patient)) == .unreachable
        )
    }

    @Test func `a name without an address is unreachable`() async throws {
        #expect(
            try await failure(HTTPRequest(url: "http://no-such-host.invalid/", timeouts: .patient))
                == .unreachable
        )
    }

    @Test func `a reset after the request was read leaves its fate open`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.reset()
        }
        defer { server.close() }
        #expect(
            try await failure(HTTPRequest(url: server.url, body: [1, 2, 3], timeouts: .patient)) == .noAnswer
        )
    }

    @Test func `a reset with the request half read leaves its fate open`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readHead()
            connection.reset()
        }
        defer { server.close() }
        let code = try await failure(
            HTTPRequest(url: server.url, body: Array(repeating: 1, count: 1 << 20), timeouts: .patient)
        )
        #expect(HTTPError(code).mayHaveArrived)
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", "HTTP/1.1 200 OK\r\nTransfer-Enc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "not http at all\r\n\r\n",
    ])
    func `an answer that is cut off or is no http leaves its fate open`(answer: String) async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.write(answer)
        }
        defer { server.close() }
        #expect(try await failure(HTTPRequest(url: server.url, body: [1], timeouts: .patient)) == .noAnswer)
    }

    @Test func `silence after the request was written is an answer time-out`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.waitForClose()
        }
        defer { server.close() }
        let limits = HTTPTimeouts(connect: .seconds(5), total: .milliseconds(200))
        #expect(
            try await failure(HTTPRequest(url: server.url, body: [1], timeouts: limits)) == .answerTimeout
        )
    }

    @Test func `an answer larger than the limit is too large, announced or not`() async throws {
        var settings = CurlHTTPClientSettings()
        settings.answerLimit = 1_000
        let client = CurlHTTPClient(settings: settings)
        let server = try RawServer { _, connection in
            let request = connection.readRequest() ?? ""
            let body = String(repeating: "x", count: request.contains("/fits") ? 1_000 : 1_001)
            if request.contains("/chunked") {
                connection.write(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n\(body)\r\n0\r\n\r\n"
                )
            } else {
                connection.answer(body)
            }
            connection.waitForClose()
        }
        defer { server.close() }
        #expect(
            try await failure(HTTPRequest(url: server.url + "/plain", timeouts: .patient), client: client)
                == .tooLarge
        )
        #expect(
            try await failure(HTTPRequest(url: server.url + "/chunked", timeouts: .patient), client: client)
                == .tooLarge
        )
        #expect(
            try await client.send(HTTPRequest(url: server.url + "/fits", timeouts: .patient)).body.count
                == 1_000
        )
    }

    @Test func `an answer whose head never ends is too large`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 200 OK\r\n")
            for _ in 0..<400 { connection.write("X-Field: \(String(repeating: "y", count: 1_000))\r\n") }
            connection.waitForClose()
        }
        defer { server.close() }
        #expect(try await failure(HTTPRequest(url: server.url, body: [1], timeouts: .patient)) == .tooLarge)
    }
}
