import CurlDriver
import Foundation
import Groundwork
import TestKit
import Testing

/// Bodies that come from a file.
@Suite struct FileBodyTests {
    private let client = CurlHTTPClient()

    @Test(arguments: [0, 1, 65_536, 5_000_000])
    func `a file arrives byte for byte, and the same handle then serves a body in memory`(
        size: Int
    ) async throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file("body")))
        let body = try FileBody(path: folder.file("body"))
        try await EchoServer.serve { [client] url in
            let request = HTTPRequest(url: url + "/echo", timeouts: .patient)
            let answer = try await client.send(request, file: body)
            #expect(answer.body == bytes)
            #expect(body.position == body.size)
            let next = HTTPRequest(url: url + "/echo", body: [1, 2, 3], timeouts: .patient)
            let small = try await client.send(next)
            #expect(small.body == [1, 2, 3])
        }
    }

    @Test func `a refusal ends the writing`() async throws {
        let folder = try TemporaryFolder()
        // Written sparse: a gigabyte costs nothing until it is sent.
        let path = folder.file("body")
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 1 << 30)
        try file.close()
        let body = try FileBody(path: path)
        let server = try RawServer { _, connection in
            _ = connection.readHead()
            connection.answer("", status: "413 Content Too Large")
            connection.waitForClose()
        }
        defer { server.close() }
        let request = HTTPRequest(url: server.url, timeouts: .patient)
        #expect(try await client.send(request, file: body).status == 413)
        #expect(body.position < body.size)
    }

    @Test func `a file that becomes shorter ends the call, which may have arrived`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("body")
        try Data(repeating: 7, count: 1_000).write(to: URL(fileURLWithPath: path))
        let body = try FileBody(path: path)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 10)
        try file.close()
        try await EchoServer.serve { [client] url in
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(url: url + "/echo", timeouts: .patient), file: body)
            }
            #expect(error?.mayHaveArrived == true)
        }
    }

    @Test func `what is no file is refused at once`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: POSIXError(.ENOENT)) { try FileBody(path: folder.file("none")) }
        #expect(throws: POSIXError(.EISDIR)) { try FileBody(path: folder.path) }
    }
}
