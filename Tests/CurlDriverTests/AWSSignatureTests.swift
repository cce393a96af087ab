import Groundwork
import TestKit
import Testing

@testable import CurlDriver

/// Requests that are signed on their way out; whether rightly, the tests of the store tell.
@Suite struct AWSSignatureTests {
    private static let signature = AWSSignature(
        region: "here",
        accessKey: "open",
        secretKey: Secret("hidden")
    )

    private func request(_ server: RawServer, _ body: [UInt8] = []) -> HTTPRequest {
        HTTPRequest(
            method: body.isEmpty ? "GET" : "PUT",
            url: "\(server.url)/b/x?partNumber=1&uploadId=a%2Fb",
            headers: [("x-amz-content-sha256", "h")] + (body.isEmpty ? [] : [("Content-Type", "text/csv")]),
            body: body
        )
    }

    private func server() throws -> RawServer {
        try RawServer { server, connection in
            while let request = connection.readRequest() {
                server.note(request)
                connection.answer("")
            }
        }
    }

    @Test func `signs what is written and nothing else, and the next call not at all`() async throws {
        let server = try server()
        var settings = CurlHTTPClientSettings()
        // One handle for all.
        settings.inFlight = 1
        let client = CurlHTTPClient(settings: settings)
        for _ in 0..<2 {
            _ = try await client.send(request(server), signedWith: Self.signature)
            _ = try await client.send(request(server))
        }
        for note in [server.notes[0], server.notes[2]] {
            #expect(note.hasPrefix("GET /b/x?partNumber=1&uploadId=a%2Fb HTTP/1.1\r\n"))
            #expect(note.contains("Authorization: AWS4-HMAC-SHA256 Credential=open/"))
            #expect(
                note.contains("/here/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date,")
            )
            #expect(note.contains("X-Amz-Date: "))
            #expect(!note.contains("hidden"))
        }
        for note in [server.notes[1], server.notes[3]] {
            #expect(!note.contains("Authorization") && !note.contains("Amz-Date"))
        }
        client.shutdown()
        server.close()
    }

    @Test func `a large body is written though the server never says that it wants it`() async throws {
        let server = try server()
        let body = [UInt8](repeating: 0x61, count: 6 << 20)
        let client = CurlHTTPClient()
        let answer = try await client.send(request(server, body), signedWith: Self.signature)
        #expect(answer.status == 200)
        let note = try #require(server.notes.first)
        #expect(note.contains("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date,"))
        #expect(note.utf8.count > body.count)
        client.shutdown()
        server.close()
    }
}
