import CurlDriver
import Groundwork
import PushEngine
import Synchronization
import TestKit
import Testing

@testable import S3Driver

/// What a store does that does not do as it should.
@Suite struct S3ClientTests {
    private func client(_ server: RawServer) throws -> S3Client {
        let place = try #require(
            S3Place(
                "s3://bucket/p",
                endpoint: server.url,
                region: "r",
                accessKey: "a",
                secretKey: Secret("s")
            )
        )
        var client = S3Client(place: place, http: CurlHTTPClient(), clock: ContinuousClock())
        client.patience.firstPause = .milliseconds(1)
        client.patience.longestPause = .milliseconds(5)
        return client
    }

    /// A server that gives these answers, one a request, the last one for ever; it notes what it was asked.
    private func server(_ answers: [String]) throws -> RawServer {
        let asked = Atomic<Int>(0)
        return try RawServer { server, connection in
            while let request = connection.readRequest() {
                let number = asked.wrappingAdd(1, ordering: .relaxed).oldValue
                server.note(request)
                let answer = answers[min(number, answers.count - 1)]
                // Nothing to say: the connection breaks.
                guard !answer.isEmpty else { return connection.reset() }
                connection.write(answer)
            }
        }
    }

    private func answer(_ status: String, _ body: String = "", _ fields: String...) -> String {
        let fields = (fields + ["Content-Length: \(body.utf8.count)"]).joined(separator: "\r\n")
        return "HTTP/1.1 \(status)\r\n\(fields)\r\n\r\n\(body)"
    }

    private func object(_ client: S3Client) -> S3CrowdBytes {
        S3CrowdBytes(client: client, name: "x", size: 10, version: "\"v\"")
    }

    private var part: String {
        answer("206 Partial Content", "cde", "Content-Range: bytes 2-4/10", "ETag: \"v\"")
    }

    @Test func `a range is asked for again while the store is short of breath`() async throws {
        let server = try server([
            "", answer("503 Slow Down"), answer("500 Oh"), answer("429 Too Many"), part,
        ])
        #expect(try await object(client(server)).read(3, at: 2) == Array("cde".utf8))
        #expect(server.notes.count == 5)
        #expect(server.notes.allSatisfy { $0.contains("Range: bytes=2-4") && $0.contains("If-Match: \"v\"") })
        #expect(server.notes.allSatisfy { $0.contains("Authorization: AWS4-HMAC-SHA256 Credential=a/") })
        server.close()
    }

    @Test func `it is given up in the end`() async throws {
        let server = try server([answer("500 Oh", "<Error><Code>InternalError</Code></Error>")])
        let error = await #expect(throws: StoreError.self) { try await object(client(server)).read(3, at: 2) }
        #expect(error?.code == .unavailable)
        #expect(error?.description == "store: GET s3://bucket/p/x: unavailable: HTTP 500, InternalError")
        #expect(server.notes.count == 6)
        server.close()
    }

    @Test(arguments: [
        ("206 Partial Content", "cde", "Content-Range: bytes 2-4/11"),
        ("206 Partial Content", "cde", "Content-Range: bytes 1-3/10"),
        ("206 Partial Content", "cd", "Content-Range: bytes 2-4/10"),
        ("206 Partial Content", "cde", "X: y"), ("200 OK", "abcdefghij", "X: y"),
        ("412 Precondition Failed", "", "X: y"), ("416 Range Not Satisfiable", "", "X: y"),
        ("404 Not Found", "<Error><Code>NoSuchKey</Code></Error>", "X: y"),
    ])
    func `bytes of another object or range are not taken`(
        status: String,
        body: String,
        field: String
    ) async throws {
        let server = try server([answer(status, body, field, "ETag: \"v\"")])
        let error = await #expect(throws: StoreError.self) { try await object(client(server)).read(3, at: 2) }
        #expect(error?.code == .conflict)
        server.close()
    }

    @Test func `another version's bytes are not taken`() async throws {
        let server = try server([part.replacing("\"v\"", with: "\"w\"")])
        let error = await #expect(throws: StoreError.self) { try await object(client(server)).read(3, at: 2) }
        #expect(error?.code == .conflict)
        server.close()
    }

    @Test(arguments: [
        ("507 Insufficient Storage", "XMinioStorageFull", StoreError.Code.full),
        ("403 Forbidden", "QuotaExceeded", .full), ("404 Not Found", "NoSuchBucket", .unavailable),
        ("403 Forbidden", "AccessDenied", .unavailable), ("400 Bad Request", "EntityTooLarge", .full),
    ])
    func `a refusal is told as what it is`(status: String, word: String, code: StoreError.Code) async throws {
        let text = "<Error><Code>\(word)</Code><Message>a &lt;b&gt;</Message></Error>"
        let server = try server([answer(status, text)])
        let call = S3Client.Call(method: "PUT", name: "x", headers: [("Content-Type", "text/csv")], body: [1])
        let error = await #expect(throws: StoreError.self) { try await client(server).send(call) }
        #expect(error?.code == code)
        #expect(error?.detail.contains("\(word), a <b>") == true)
        #expect(server.notes.count == 1)
        server.close()
    }

    @Test func `what may have been done is not asked for again unless that does no harm`() async throws {
        var call = S3Client.Call(method: "POST", name: "x", headers: [("Content-Type", "text/csv")])
        call.isIdempotent = false
        for broken in ["", answer("500 Oh")] {
            let server = try server([answer("503 Slow Down"), broken, answer("200 OK")])
            let error = await #expect(throws: StoreError.self) { try await client(server).send(call) }
            #expect(error?.code == .unavailable)
            #expect(server.notes.count == 2)
            server.close()
        }
    }

    @Test func `the end of an upload whose answer is lost is looked for`() async throws {
        let begun = answer("200 OK", "<UploadId>a/b+c</UploadId>")
        let sent = answer("200 OK", "", "ETag: \"1\"")
        let there = "HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\nETag: \"x\"\r\n\r\n"
        let none = answer("404 Not Found")
        let failed = answer("200 OK", "<Error><Code>InternalError</Code></Error>")
        for (end, head, isKept) in [("", there, true), (failed, there, true), (failed, none, false)] {
            let server = try server([begun, sent, sent, end, head, answer("204 No Content")])
            let upload = try S3Upload(client: client(server), name: "x", bytes: Zeros(), partSize: 5_000_000)
            if isKept {
                try await upload.run()
                #expect(server.notes.count == 5)
            } else {
                let error = await #expect(throws: StoreError.self) { try await upload.run() }
                #expect(error?.detail == "HTTP 200, InternalError")
                #expect(server.notes.last?.hasPrefix("DELETE /bucket/p/x?uploadId=a%2Fb%2Bc ") == true)
            }
            #expect(server.notes[2].hasPrefix("PUT /bucket/p/x?partNumber=2&uploadId=a%2Fb%2Bc "))
            server.close()
        }
    }

    @Test(arguments: [
        "bucket", "s3:/bucket", "s3://", "s3:///p", "s3://b/a b", "s3://b/../c", "s3://b/%2e", "http://b/c",
    ])
    func `what is no place is refused`(text: String) {
        #expect(S3Place(text, endpoint: nil, region: "r", accessKey: "a", secretKey: Secret("s")) == nil)
    }

    @Test func `a place is a path below the store's URL`() throws {
        let place = try #require(
            S3Place("s3://b/x/y/", endpoint: nil, region: "eu-1", accessKey: "a", secretKey: Secret("s"))
        )
        #expect(place.url(of: "f") == "https://s3.eu-1.amazonaws.com/b/x/y/f")
        let bare = try #require(
            S3Place("s3://b", endpoint: "http://h:1//", region: "r", accessKey: "a", secretKey: Secret("s"))
        )
        #expect(bare.url(of: "f", query: "q=") == "http://h:1/b/f?q=")
        #expect(S3Place("s3://b", endpoint: "h", region: "r", accessKey: "a", secretKey: Secret("s")) == nil)
    }
}

/// As many zeros as an upload of two parts has.
private struct Zeros: CrowdBytes {
    let size: Int64 = 6_000_000

    func read(_ count: Int, at offset: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: min(count, Int(size - offset)))
    }
}
