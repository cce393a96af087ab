import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine

/// Media files: taken in once, as they arrive, and uploaded to suppliers when messages name them.
struct MediaRoutes {
    let library: MediaLibrary

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.post, "api/v1/media", take)
        api.route(.get, "api/v1/media", list)
        api.route(.get, "api/v1/media/:id") { call in
            let (file, copies) = try await library.file(call.id())
            return Answer(file.json(copies))
        }
        api.route(.delete, "api/v1/media/:id") { call in
            try await library.remove(call.id())
            return NoContent()
        }
    }

    @Sendable private func take(_ call: Call) async throws -> Answer {
        let (name, type, channel, editor) = try call.query { query in
            (
                try query.required("name") as String, try query.required("type") as PushEngine.MediaType,
                try query.required("sendChannel") as PushEngine.Channel, try query.operatorName()
            )
        }
        let file = try await library.take(name: name, as: type, for: channel, by: editor) { staged, rule in
            try await store(call.request, in: staged, upTo: rule.sizes.upperBound)
        }
        return .created(file.json([]), at: "/api/v1/media/\(file.id.rawValue)")
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after") as MediaID?, try query.limit())
        }
        let found = try await library.list(after: after, limit: limit)
        return .page(found, limit: limit, next: { .id($0.file.id) }, { $0.file.json($0.copies) })
    }

    private func store(_ request: Request, in file: StagedCrowd, upTo limit: Int64) async throws {
        if let length = request.headers[.contentLength].flatMap(Int64.init), length > limit {
            throw NIOTooManyBytesError(maxBytes: Int(limit))
        }
        var size: Int64 = 0
        for try await piece in request.body {
            size += Int64(piece.readableBytes)
            guard size <= limit else { throw NIOTooManyBytesError(maxBytes: Int(limit)) }
            try await file.append(Array(piece.readableBytesView))
        }
    }
}

extension MediaFile {
    fileprivate func json(_ copies: [MediaCopy]) -> WireObject {
        [
            "id": .id(id), "reference": .text(MediaReference.text(id)), "name": .text(draft.name),
            "sendChannel": .number(draft.channel.rawValue), "type": .number(draft.type.rawValue),
            "format": .text(draft.format.rawValue), "byteCount": .number(draft.byteCount),
            "digest": .text(draft.digest), "createdBy": .text(draft.createdBy),
            "createdAt": .instant(createdAt), "copies": .list(copies.compactMap(\.json)),
        ]
    }
}

extension MediaCopy {
    /// Nil for one that is being uploaded for the first time.
    fileprivate var json: WireValue? {
        reference.map { reference in
            .object([
                "account": .id(account), "mediaId": .text(reference.name),
                "uploadedAt": .instant(reference.uploadedAt),
                "expiresAt": .instant(reference.expiresAt),
            ])
        }
    }
}
