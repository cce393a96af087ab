import CurlDriver
import Foundation
import Groundwork
import TestKit
import Testing

/// Ordinary calls against an ordinary server.
@Suite struct CurlHTTPClientTests {
    private let client = CurlHTTPClient()

    @Test(arguments: [0, 1, 100, 65_535, 65_536, 200_000, 5_000_000])
    func `a body of any size arrives and comes back`(size: Int) async throws {
        try await EchoServer.serve { [client] url in
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let answer = try await client.send(
                HTTPRequest(url: url + "/echo", body: body, timeouts: .patient)
            )
            #expect(answer.status == 200)
            #expect(answer.body == body)
        }
    }

    @Test(arguments: ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
    func `a handle used for one method serves the next as well`(method: String) async throws {
        try await EchoServer.serve { [client] url in
            for before in ["POST", "HEAD", "GET", "PUT", method] {
                let body: [UInt8] = ["POST", "PUT", "PATCH"].contains(before) ? [1] : []
                let request = HTTPRequest(
                    method: before,
                    url: url + "/method",
                    body: body,
                    timeouts: .patient
                )
                let answer = try await client.send(request)
                #expect(answer.headers.first { $0.name == "server" }?.value == before)
            }
        }
    }

    @Test func `only the fields that were asked for are written`() async throws {
        try await EchoServer.serve { [client] url in
            let fields = [("Content-Type", "application/json"), ("X-Empty", ""), ("X-Mixed", "a: b;\tc")]
            let request = HTTPRequest(
                url: url + "/fields",
                headers: fields,
                body: Array("{}".utf8),
                timeouts: .patient
            )
            let lines = Set(try await client.send(request).text.split(separator: "\n").map(String.init))
            let expected: Set = [
                "Content-Type: application/json", "X-Empty: ", "X-Mixed: a: b;\tc", "Accept: */*",
                "Content-Length: 2", "Host: \(url.dropFirst(7))",
            ]
            #expect(lines == expected)
            let bare = try await client.send(
                HTTPRequest(url: url + "/fields", body: Array("{}".utf8), timeouts: .patient)
            )
            #expect(!bare.text.contains("Content-Type"))
        }
    }

    @Test func `the path and query are written as they were given`() async throws {
        try await EchoServer.serve { [client] url in
            let target = "/target/a/../b/%7e?q=%2F&r=a+b"
            let answer = try await client.send(
                HTTPRequest(method: "GET", url: url + target, timeouts: .patient)
            )
            #expect(answer.text == target)
        }
    }

    @Test(arguments: [200, 204, 301, 400, 404, 429, 500, 503])
    func `every status is an answer`(code: Int) async throws {
        try await EchoServer.serve { [client] url in
            let answer = try await client.send(
                HTTPRequest(method: "GET", url: "\(url)/status/\(code)", timeouts: .patient)
            )
            #expect(answer.status == code)
        }
    }

    @Test func `a redirect is not followed`() async throws {
        try await EchoServer.serve { [client] url in
            let answer = try await client.send(
                HTTPRequest(method: "GET", url: url + "/moved", timeouts: .patient)
            )
            #expect(answer.status == 302)
            #expect(answer.headers.contains { $0.name == "location" && $0.value == "/method" })
        }
    }

    @Test func `an interim answer is passed over`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n")
            connection.write("Two: a\r\nTwo:  b \r\nContent-Length: 2\r\n\r\nok")
        }
        defer { server.close() }
        let answer = try await client.send(HTTPRequest(method: "GET", url: server.url, timeouts: .patient))
        #expect(answer.text == "ok")
        #expect(answer.headers.filter { $0.name == "two" }.map(\.value) == ["a", "b"])
        #expect(!answer.headers.contains { $0.name == "link" })
    }

    @Test func `the body is not held back to ask for permission`() async throws {
        let server = try RawServer { server, connection in
            server.note(connection.readHead() ?? "")
            connection.answer("ok")
            connection.waitForClose()
        }
        defer { server.close() }
        _ = try await client.send(
            HTTPRequest(url: server.url, body: Array(repeating: 0, count: 2 << 20), timeouts: .patient)
        )
        #expect(server.notes.allSatisfy { !$0.lowercased().contains("expect") } && !server.notes.isEmpty)
    }

    @Test func `a thousand calls at once all get their own answer`() async throws {
        try await EchoServer.serve { [client] url in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1_000 {
                    group.addTask {
                        let body = Array("call \(number)".utf8)
                        return try await client
                            .send(HTTPRequest(url: url + "/echo", body: body, timeouts: .patient)).body
                            == body
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }
}

extension HTTPResponse {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}
