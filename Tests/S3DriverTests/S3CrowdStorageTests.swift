import Conformance
import CurlDriver
import Foundation
import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import S3Driver

/// Crowd files in a bucket, at a server that checks signatures.
@Suite final class S3CrowdStorageTests {
    private let servers: ServerFolder
    private let server: MotoServer
    private let folder: TemporaryFolder

    init() async throws {
        servers = try ServerFolder()
        server = try await MotoServer(in: servers)
        folder = try TemporaryFolder()
    }

    private func place(_ prefix: String = "", secret: String? = nil) throws -> S3Place {
        let place = S3Place(
            "s3://\(server.bucket)/\(prefix)",
            endpoint: server.url,
            region: "us-east-1",
            accessKey: server.accessKey,
            secretKey: Secret(secret ?? server.secretKey)
        )
        return try #require(place)
    }

    private func storage(_ prefix: String = "", secret: String? = nil) throws -> S3CrowdStorage {
        S3CrowdStorage(
            try place(prefix, secret: secret),
            staging: folder.file("incoming"),
            http: CurlHTTPClient(),
            partSize: 5 << 20
        )
    }

    private func client(_ prefix: String = "") throws -> S3Client {
        S3Client(place: try place(prefix), http: CurlHTTPClient(), clock: ContinuousClock())
    }

    @Test func `a bucket keeps crowd files`() async throws {
        for (number, clause) in CrowdStorageConformance.clauses.enumerated() {
            let prefix = "clause-\(number)/crowds"
            try await clause.check(CrowdStorageRig(storage: storage(prefix), other: storage(prefix)))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("incoming")).isEmpty)
        await server.stop()
    }

    @Test func `an object that was exchanged or removed while it is read is noticed`() async throws {
        let storage = try storage("swap")
        let rig = CrowdStorageRig(storage: storage, other: storage)
        let digest = try await rig.keep([1, 2, 3, 4])
        let file = try await storage.open(digest)
        let call = S3Client.Call(
            method: "PUT",
            name: "\(digest).csv",
            headers: [("Content-Type", "text/csv")],
            body: [4, 3, 2, 1]
        )
        _ = try await client("swap").send(call)
        await expectStoreError(.conflict) { _ = try await file.read(2, at: 0) }
        try await storage.remove(digest)
        await expectStoreError(.conflict) { _ = try await file.read(2, at: 0) }
        await server.stop()
    }

    @Test func `a wrong key is refused and told, and nothing is tried twice`() async throws {
        let storage = try storage(secret: "wrong")
        let file = try await storage.stage()
        try await file.append([UInt8](repeating: 1, count: 100))
        let digest = String(repeating: "a", count: 64)
        let error = await #expect(throws: StoreError.self) { try await storage.keep(file, as: digest) }
        #expect(error?.code == .unavailable)
        #expect(error?.description.contains("HTTP 403") == true)
        #expect(error?.description.contains("wrong") == false)
        await server.stop()
    }

    @Test func `an upload that is given up leaves no parts`() async throws {
        let client = try client("broken")
        let upload = S3Upload(client: client, name: "x.csv", bytes: EndingBytes(), partSize: 5 << 20)
        await expectStoreError(.conflict) { try await upload.run() }
        #expect(try await uploads() == 0)
        // Also when its task is cancelled.
        let stuck = StuckBytes()
        let task = Task {
            try await S3Upload(client: client, name: "y.csv", bytes: stuck, partSize: 5 << 20).run()
        }
        try await eventually("the first part is there") { await stuck.isStuck }
        #expect(try await uploads() == 1)
        task.cancel()
        await #expect(throws: StoreError.self) { try await task.value }
        #expect(try await uploads() == 0)
        #expect(try await S3Head.read("y.csv", client) == nil)
        await server.stop()
    }

    /// How many uploads of the bucket are not finished.
    private func uploads() async throws -> Int {
        let request = HTTPRequest(
            method: "GET",
            url: "\(server.url)/\(server.bucket)?uploads=",
            headers: [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]
        )
        let signature = AWSSignature(
            region: "us-east-1",
            accessKey: server.accessKey,
            secretKey: Secret(server.secretKey)
        )
        let answer = try await CurlHTTPClient().send(request, signedWith: signature)
        #expect(answer.status == 200)
        return String(decoding: answer.body, as: UTF8.self).ranges(of: "<UploadId>").count
    }
}

/// Ends before it should, after some parts.
private struct EndingBytes: CrowdBytes {
    let size: Int64 = 20 << 20

    func read(_ count: Int, at offset: Int64) throws(StoreError) -> [UInt8] {
        guard offset < 10 << 20 else { throw StoreError(.conflict, during: "read") }
        return [UInt8](repeating: 7, count: count)
    }
}

/// Gives one part and no more.
private actor StuckBytes: CrowdBytes {
    nonisolated let size: Int64 = 20 << 20
    private(set) var isStuck = false

    func read(_ count: Int, at offset: Int64) async throws(StoreError) -> [UInt8] {
        guard offset > 0 else { return [UInt8](repeating: 7, count: count) }
        isStuck = true
        do { try await Task.sleep(for: .seconds(3_600)) } catch {
            throw StoreError(.unavailable, during: "read", detail: "cancelled")
        }
        return []
    }
}
