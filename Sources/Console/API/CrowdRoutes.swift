import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine

/// Crowd files: taken in as they arrive, never held in memory.
struct CrowdRoutes {
    let library: CrowdLibrary
    let crowds: any CampaignStore
    /// The most bytes of one file.
    let sizeLimit: Int64

    /// How many refused rows an answer shows; a campaign's report has them all.
    private static let shownRejects = 20

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.post, "api/v1/crowds", take)
        api.route(.get, "api/v1/crowds/:digest") { call in
            let digest = call.segment("digest")
            guard let crowd = try await crowds.crowd(digest) else {
                throw CampaignFault.notFound("crowd file \(digest.prefix(64))")
            }
            return Answer(crowd.json)
        }
    }

    @Sendable private func take(_ call: Call) async throws -> Answer {
        let (name, idType) = try call.query { query in
            (try query.required("name") as String, try query.optional("idType") as IDType?)
        }
        guard (1...255).contains(name.count), !name.contains(where: { $0.isNewline || $0 == "/" }) else {
            throw InputFault(
                .outOfRange,
                field: "name",
                "must have 1 to 255 characters, no slash and no line break"
            )
        }
        var refused: [String: Int] = [:]
        var shown: [CrowdReject] = []
        let crowd = try await library.take(name: name, addresses: idType?.addressForm) { batch in
            for reject in batch.rejected { refused[reject.code, default: 0] += 1 }
            shown += batch.rejected.prefix(Self.shownRejects - shown.count)
        } fill: { file in
            try await store(call.request, in: file)
        }
        var json = crowd.json
        json.append("refused", .counts(refused))
        json.append("refusedRows", .objects(shown.map { $0.json(crowd.columns) }))
        return .created(json, at: "/api/v1/crowds/\(crowd.digest)")
    }

    private func store(_ request: Request, in file: StagedCrowd) async throws {
        if let length = request.headers[.contentLength].flatMap(Int64.init), length > sizeLimit {
            throw NIOTooManyBytesError(maxBytes: Int(sizeLimit))
        }
        var size: Int64 = 0
        for try await piece in request.body {
            size += Int64(piece.readableBytes)
            guard size <= sizeLimit else { throw NIOTooManyBytesError(maxBytes: Int(sizeLimit)) }
            try await file.append(Array(piece.readableBytesView))
        }
    }
}

extension CrowdFile {
    fileprivate var json: WireObject {
        [
            "digest": .text(digest), "name": .text(name), "byteCount": .number(byteCount),
            "rowCount": .number(rowCount), "columns": .texts(columns),
        ]
    }
}

extension CrowdReject {
    fileprivate func json(_ columns: [String]) -> WireObject {
        [
            "row": .number(row), "line": .number(line), "column": .optional(columnName(columns)),
            "code": .text(code), "reason": .text(fault.hint), "text": .text(text),
        ]
    }
}
