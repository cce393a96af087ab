import CurlDriver
import Foundation
import Groundwork
import TestKit
import Testing

/// Kept-alive connections, and what happens when one dies under a request.
@Suite struct CurlReuseTests {
    /// Answers the first request of the first connection; swallows its second without a word; answers all others.
    private func forgetfulServer() throws -> RawServer {
        try RawServer { server, connection in
            while let request = connection.readRequest() {
                let body = request.components(after: "\r\n\r\n")
                server.note("\(connection.number):\(body)")
                if connection.number == 1, body == "second" { return connection.reset() }
                connection.answer("ok")
            }
        }
    }

    @Test func `a connection is used again`() async throws {
        let client = CurlHTTPClient()
        let server = try forgetfulServer()
        defer { server.close() }
        for _ in 0..<5 {
            let answer = try await client.send(
                HTTPRequest(url: server.url, body: Array("x".utf8), timeouts: .patient)
            )
            #expect(answer.body == Array("ok".utf8))
        }
        #expect(server.notes == Array(repeating: "1:x", count: 5))
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH"])
    func `a request that a dying connection swallowed is not written again`(method: String) async throws {
        let client = CurlHTTPClient()
        let server = try forgetfulServer()
        defer { server.close() }
        _ = try await client.send(HTTPRequest(url: server.url, body: Array("first".utf8), timeouts: .patient))
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                HTTPRequest(method: method, url: server.url, body: Array("second".utf8), timeouts: .patient)
            )
        }
        #expect(error?.code == .noAnswer)
        _ = try await client.send(HTTPRequest(url: server.url, body: Array("third".utf8), timeouts: .patient))
        #expect(server.notes.map { $0.dropFirst(2) } == ["first", "second", "third"])
    }

    @Test func `a POST without a body is not written again either`() async throws {
        let client = CurlHTTPClient()
        let server = try RawServer { server, connection in
            while let request = connection.readRequest() {
                server.note("\(connection.number):\(request.prefix(6))")
                if connection.number == 1, request.hasPrefix("POST /2") { return }
                connection.answer("ok")
            }
        }
        defer { server.close() }
        _ = try await client.send(HTTPRequest(url: server.url + "/1", timeouts: .patient))
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: server.url + "/2", timeouts: .patient))
        }
        #expect(error?.code == .noAnswer)
        #expect(server.notes.count == 2)
    }

    @Test func `a GET that a dying connection swallowed is asked again`() async throws {
        let client = CurlHTTPClient()
        let server = try RawServer { server, connection in
            var count = 0
            while connection.readRequest() != nil {
                count += 1
                server.note("\(connection.number)")
                if connection.number == 1, count == 2 { return }
                connection.answer("ok")
            }
        }
        defer { server.close() }
        _ = try await client.send(HTTPRequest(method: "GET", url: server.url, timeouts: .patient))
        let answer = try await client.send(HTTPRequest(method: "GET", url: server.url, timeouts: .patient))
        #expect(answer.body == Array("ok".utf8))
        #expect(server.notes == ["1", "1", "2"])
    }

    @Test func `a connection that the server closed while it rested is not used`() async throws {
        let client = CurlHTTPClient()
        let server = try RawServer { server, connection in
            guard let request = connection.readRequest() else { return }
            server.note("\(connection.number):\(request.components(after: "\r\n\r\n"))")
            connection.answer("ok")
        }
        defer { server.close() }
        for body in ["a", "b", "c"] {
            // The server's close may not have reached us yet; then the request's fate is open, never doubled.
            _ = try? await client.send(
                HTTPRequest(url: server.url, body: Array(body.utf8), timeouts: .patient)
            )
        }
        #expect(Set(server.notes).count == server.notes.count)
    }
}

extension String {
    /// What follows the first `separator`.
    fileprivate func components(after separator: String) -> String {
        guard let range = range(of: separator) else { return "" }
        return String(self[range.upperBound...])
    }
}
