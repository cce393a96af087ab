import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore

/// One request on its way through a route: what it carries, read strictly.
struct Call: Sendable {
    /// The most bytes a JSON body may have.
    static let bodyLimit = 2 << 20

    let request: Request
    let context: ConsoleContext
    /// The key under which it is made once.
    var idempotencyKey: String?

    /// The call with a body that has been read, made once under `key`.
    func with(_ body: [UInt8], key: String) -> Call {
        var request = request
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        return Call(request: request, context: context, idempotencyKey: key)
    }

    /// The identity in the path under `name`.
    func id<ID: InputIdentity>(_ name: String = "id") throws(InputFault) -> ID {
        guard let id = ID(input: .text(context.parameters.get(name) ?? ""), isText: true) else {
            throw InputFault(.wrongType, field: name, "must be \(ID.expectation)")
        }
        return id
    }

    /// Who asks.
    ///
    /// - Throws: `Unauthorized` where nobody was asked for: such a route shows nobody's things.
    var caller: Caller {
        get throws(Unauthorized) {
            guard let caller = context.caller else { throw Unauthorized() }
            return caller
        }
    }

    /// The text in the path under `name`.
    func segment(_ name: String) -> String {
        context.parameters.get(name) ?? ""
    }

    /// The query's members as they came, their escapes resolved.
    var parameters: [(name: String, value: String)] {
        (request.uri.query ?? "").split(separator: "&")
            .map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: Self.decoded(parts[0]), value: parts.count > 1 ? Self.decoded(parts[1]) : "")
            }
    }

    /// What `read` makes of the query; parameters it does not ask for are refused.
    func query<Result>(_ read: (inout Input) throws -> Result) throws -> Result {
        try Self.reading(try Input(query: parameters), read)
    }

    /// What `read` makes of the JSON body; members it does not ask for are refused.
    func body<Result>(_ read: (inout Input) throws -> Result) async throws -> Result {
        let bytes = try await bytes(upTo: Self.bodyLimit)
        return try Self.reading(try Input(json: bytes), read)
    }

    /// As `body`, where a call may have none.
    func bodyIfAny<Result>(_ read: (inout Input) throws -> Result) async throws -> Result {
        let bytes = try await bytes(upTo: Self.bodyLimit)
        return try Self.reading(try Input(json: bytes.isEmpty ? Array("{}".utf8) : bytes), read)
    }

    /// The whole body; one that announces more than `limit` is not even read.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw NIOTooManyBytesError(maxBytes: limit)
        }
        return Array(try await request.body.collect(upTo: limit).readableBytesView)
    }

    private static func reading<Result>(
        _ input: Input,
        _ read: (inout Input) throws -> Result
    ) throws -> Result {
        var input = input
        let result = try read(&input)
        try input.finish()
        return result
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced = String(text.replacing("+", with: " "))
        return spaced.removingPercentEncoding ?? spaced
    }
}

extension RouterMethods where Context == ConsoleContext {
    /// Adds a route whose handler takes a `Call`.
    func route(
        _ method: HTTPTypes.HTTPRequest.Method,
        _ path: RouterPath,
        _ handler: @escaping @Sendable (Call) async throws -> some ResponseGenerator
    ) {
        on(path, method: method) { request, context in
            try await handler(Call(request: request, context: context))
        }
    }
}
