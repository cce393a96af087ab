import CurlDriver
import Foundation
import Groundwork
import TestKit
import Testing

/// Calls that ask for HTTP/2, and that those which do not are not touched by it.
@Suite struct HTTP2Tests {
    private static func request(_ url: String, _ body: String) -> HTTPRequest {
        HTTPRequest(url: url, body: Array(body.utf8), timeouts: .patient, version: .two)
    }

    @Test func `a call is made and answered over HTTP 2`() async throws {
        try await HTTP2EchoServer.serve { client, url in
            var request = Self.request(url + "/echo", "您好")
            request.headers = [("user-agent", "kpush-test")]
            let answer = try await client.send(request)
            #expect(answer.status == 200)
            #expect(answer.body == Array("您好".utf8))
            #expect(answer.headers.contains { $0.name == "server" && $0.value == "kpush-test" })
        }
    }

    @Test func `many calls at the same time are answered, each with its own`() async throws {
        try await HTTP2EchoServer.serve { client, url in
            let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in 0..<100 {
                    group.addTask { try await client.send(Self.request(url + "/echo", "\(number)")).body }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(bodies.count == 100)
        }
    }

    @Test func `a stream that is reset leaves the call's fate open, and others go on`() async throws {
        try await HTTP2EchoServer.serve { client, url in
            _ = try await client.send(Self.request(url + "/echo", "1"))
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(Self.request(url + "/reset", "2"))
            }
            #expect(error?.code == .noAnswer)
            _ = try await client.send(Self.request(url + "/echo", "3"))
        }
    }

    @Test func `nobody listens: nothing was written`() async throws {
        let client = CurlHTTPClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(Self.request("http://127.0.0.1:1/", ""))
        }
        #expect(error?.code == .unreachable)
        client.shutdown()
    }

    @Test func `a server that speaks HTTP 1 alone is none for it, and nothing is written twice`() async throws
    {
        let server = try RawServer { server, connection in
            server.note(connection.readHead() ?? "")
            connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        defer { server.close() }
        let client = CurlHTTPClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(Self.request(server.url, "x"))
        }
        #expect(error?.mayHaveArrived == true)
        #expect(server.notes == ["PRI * HTTP/2.0\r\n\r\n"])
        client.shutdown()
    }

    @Test func `both versions go to one server, each on connections of its own`() async throws {
        let server = try RawServer { server, connection in
            let head = connection.readHead() ?? ""
            server.note("\(connection.number):\(head.prefix(4))")
            if head.hasPrefix("PRI") { return }
            connection.answer("ok")
            while connection.readRequest() != nil { connection.answer("ok") }
        }
        defer { server.close() }
        let client = CurlHTTPClient()
        let plain = HTTPRequest(method: "GET", url: server.url, timeouts: .patient)
        _ = try await client.send(plain)
        await #expect(throws: HTTPError.self) {
            try await client.send(Self.request(server.url, "x"))
        }
        _ = try await client.send(plain)
        #expect(server.notes == ["1:GET ", "2:PRI "])
        client.shutdown()
    }

    @Test(arguments: [(HTTPVersion.two, true), (.automatic, false)])
    func `over TLS, HTTP 2 is offered to those who may choose it, when it is asked for`(
        version: HTTPVersion,
        isOffered: Bool
    ) async throws {
        let server = try RawServer { server, connection in
            // The client's hello; its offer is written in clear.
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(connection.descriptor, &bytes, bytes.count, 0)
            let offer: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]
            let isThere = bytes.prefix(max(0, count)).indices.contains { bytes[$0...].starts(with: offer) }
            server.note("\(isThere)")
        }
        defer { server.close() }
        let client = CurlHTTPClient()
        var request = Self.request(server.url.replacing("http:", with: "https:"), "x")
        request.version = version
        await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(server.notes == ["\(isOffered)"])
        client.shutdown()
    }

    @Test func `a client that is shut down makes no call in either version`() async throws {
        try await HTTP2EchoServer.serve { client, url in
            _ = try await client.send(Self.request(url + "/echo", "1"))
            client.shutdown()
            let unused = CurlHTTPClient()
            unused.shutdown()
            for client in [client, unused] {
                let error = await #expect(throws: HTTPError.self) {
                    try await client.send(Self.request(url + "/echo", "2"))
                }
                #expect(error?.mayHaveArrived == false)
            }
        }
    }
}
