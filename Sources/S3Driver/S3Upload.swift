import Groundwork
import PushEngine

/// One file on its way into a store: in one request, or in parts of which one is in memory at a time.
struct S3Upload {
    let client: S3Client
    let name: String
    let bytes: any CrowdBytes
    let partSize: Int

    private static let kind = (name: "Content-Type", value: "application/octet-stream")
    /// The most parts there may be.
    private static let partLimit: Int64 = 10_000

    /// Sends it; when this throws, nothing is to be seen and nothing stays behind that can be taken back.
    func run() async throws(StoreError) {
        guard bytes.size > Int64(partSize) else {
            let body = try await bytes.read(partSize, at: 0)
            _ = try await client.send(.init(method: "PUT", name: name, headers: [Self.kind], body: body))
            return
        }
        let upload = try await begin()
        do throws(StoreError) {
            try await complete(upload, await sendParts(of: upload))
        } catch {
            let (client, name) = (client, name)
            // Waited for right here; a task of its own, because this one may be cancelled and the parts would stay.
            await Task { await Self.abort(upload, name, client) }.value
            throw error
        }
    }

    /// Made twice it leaves an upload without parts behind, so it is not made again when it may have arrived.
    private func begin() async throws(StoreError) -> String {
        let call = S3Client.Call(
            method: "POST",
            name: name,
            query: "uploads=",
            headers: [Self.kind],
            isIdempotent: false
        )
        let answer = try await client.send(call)
        let text = String(decoding: answer.body, as: UTF8.self)
        guard let upload = S3Text.element("UploadId", in: text), !upload.isEmpty else {
            throw StoreError(
                .unavailable,
                during: "begin upload of \(name)",
                detail: "the answer has no number"
            )
        }
        return S3Text.queryPart(upload)
    }

    /// Sends all parts; gives their `ETag`s.
    private func sendParts(of upload: String) async throws(StoreError) -> [String] {
        let least = (bytes.size + Self.partLimit - 1) / Self.partLimit
        let size = max(partSize, Int(least))
        var tags: [String] = []
        var offset: Int64 = 0
        while offset < bytes.size {
            let part = try await bytes.read(size, at: offset)
            offset += Int64(part.count)
            let call = S3Client.Call(
                method: "PUT",
                name: name,
                query: "partNumber=\(tags.count + 1)&uploadId=\(upload)",
                headers: [Self.kind],
                body: part,
                limit: .seconds(300)
            )
            guard let tag = try await client.send(call).field("etag") else {
                throw StoreError(.unavailable, during: "upload of \(name)", detail: "a part has no ETag")
            }
            tags.append(tag)
        }
        return tags
    }

    /// Makes the parts one object.
    ///
    /// An answer that is lost is looked for: whoever sees the object has all of it.
    private func complete(_ upload: String, _ tags: [String]) async throws(StoreError) {
        let parts = tags.enumerated()
            .map { "<Part><PartNumber>\($0 + 1)</PartNumber><ETag>\(S3Text.escaped($1))</ETag></Part>" }
        let text = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
        let call = S3Client.Call(
            method: "POST",
            name: name,
            query: "uploadId=\(upload)",
            headers: [("Content-Type", "application/xml")],
            body: Array(text.utf8),
            isIdempotent: false,
            limit: .seconds(600)
        )
        do throws(StoreError) {
            // A store that is long about it begins its answer before it knows how it will end.
            let answer = try await client.send(call)
            let text = String(decoding: answer.body, as: UTF8.self)
            guard text.contains("CompleteMultipartUploadResult") else {
                let refusal = S3Refusal(answer)
                throw StoreError(refusal.code, during: "complete \(name)", detail: refusal.description)
            }
        } catch {
            guard try await S3Head.read(name, client)?.size == bytes.size else { throw error }
        }
    }

    private static func abort(_ upload: String, _ name: String, _ client: S3Client) async {
        let call = S3Client.Call(method: "DELETE", name: name, query: "uploadId=\(upload)")
        // Where that fails, the bucket's rule for unfinished uploads removes the parts.
        _ = try? await client.send(call)
    }
}
