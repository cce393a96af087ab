package import CurlDriver
package import Groundwork
package import PushEngine

/// Crowd files as objects of a bucket, in a store that speaks S3's protocol.
///
/// A file arrives in a folder of this host, and is sent off when all of it is there. An object appears whole: by one
/// request, or by the last of many.
package struct S3CrowdStorage: CrowdStorage {
    private let staging: StagingFolder
    private let client: S3Client
    private let partSize: Int

    /// Names a place; nothing is asked of it yet.
    ///
    /// - Parameters:
    ///   - place: where the objects lie.
    ///   - folder: a folder of this host for files that are still arriving.
    ///   - http: makes the calls; its answers may have some megabytes.
    ///   - clock: what pauses between attempts are measured by.
    ///   - partSize: how much one request takes; at least 5 MiB, by the protocol.
    package init(
        _ place: S3Place,
        staging folder: String,
        http: CurlHTTPClient,
        clock: any Clock<Duration> = ContinuousClock(),
        partSize: Int = 8 << 20
    ) {
        staging = StagingFolder(folder)
        client = S3Client(place: place, http: http, clock: clock)
        self.partSize = partSize
    }

    package func stage() async throws(StoreError) -> StagedCrowd { try await staging.stage() }

    package func keep(_ file: StagedCrowd, as digest: String) async throws(StoreError) {
        let name = try name(of: digest)
        let bytes = try await file.bytes()
        if try await head(name)?.size != bytes.size {
            try await S3Upload(client: client, name: name, bytes: bytes, partSize: partSize).run()
        }
        await file.discard()
    }

    package func open(_ digest: String) async throws(StoreError) -> any CrowdBytes {
        let name = try name(of: digest)
        guard let head = try await head(name) else {
            throw StoreError(.notFound, during: "open a crowd file", detail: digest)
        }
        return S3CrowdBytes(client: client, name: name, size: head.size, version: head.version)
    }

    package func remove(_ digest: String) async throws(StoreError) {
        let name = try name(of: digest)
        do throws(StoreError) { _ = try await client.send(.init(method: "DELETE", name: name)) } catch {
            guard error.code == .notFound else { throw error }
        }
    }

    private func head(_ name: String) async throws(StoreError) -> S3Head? {
        try await S3Head.read(name, client)
    }

    private func name(of digest: String) throws(StoreError) -> String {
        guard digest.isCrowdDigest else { throw StoreError(.notFound, during: "find a crowd file") }
        return digest + ".csv"
    }
}

/// What a store says of an object.
struct S3Head {
    let size: Int64
    /// Its `ETag`.
    let version: String

    /// Asks for it; nil when there is no such object.
    static func read(_ name: String, _ client: S3Client) async throws(StoreError) -> S3Head? {
        let answer: HTTPResponse
        do throws(StoreError) { answer = try await client.send(.init(method: "HEAD", name: name)) } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
        guard let size = answer.field("content-length").flatMap(Int64.init),
            let version = answer.field("etag")
        else { throw StoreError(.unavailable, during: "HEAD \(name)", detail: "the answer tells no size") }
        return S3Head(size: size, version: version)
    }
}

/// An object, read by range.
struct S3CrowdBytes: CrowdBytes {
    let client: S3Client
    let name: String
    let size: Int64
    /// Its `ETag` when it was opened; another one is another object.
    let version: String

    func read(_ count: Int, at offset: Int64) async throws(StoreError) -> [UInt8] {
        let count = min(count, Int(clamping: max(0, size - offset)))
        guard count > 0 else { return [] }
        let range = "\(offset)-\(offset + Int64(count) - 1)"
        let headers = [("Range", "bytes=\(range)"), ("If-Match", version)]
        let answer: HTTPResponse
        do throws(StoreError) {
            answer = try await client.send(.init(method: "GET", name: name, headers: headers))
        } catch {
            guard error.code == .notFound else { throw error }
            throw StoreError(.conflict, during: error.operation, detail: "the object is gone")
        }
        guard answer.status == 206, answer.field("content-range") == "bytes \(range)/\(size)",
            answer.field("etag") == version, answer.body.count == count
        else { throw StoreError(.conflict, during: "GET \(name)", detail: "not the range of the object") }
        return answer.body
    }
}

extension HTTPResponse {
    /// The value of a field, by its name in lower case.
    func field(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}
