package import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore

extension LoopbackServer {
    /// What to answer to a call; nil leaves the caller without an answer until it gives up.
    package typealias Answer = @Sendable (Groundwork.HTTPRequest) async -> Groundwork.HTTPResponse?

    /// Serves while `body` runs, handing it the server's address, such as `http://127.0.0.1:40000`.
    package static func serve<Result: Sendable>(
        answering answer: @escaping Answer,
        _ body: @Sendable (_ address: String) async throws -> Result
    ) async throws -> Result {
        try await serve(AnsweringResponder(answer: answer)) { port in
            try await body("http://127.0.0.1:\(port)")
        }
    }
}

/// Turns the server's calls into those that our own code makes, so that a fake needs one form only.
private struct AnsweringResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let answer: LoopbackServer.Answer

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: 8 << 20)
        let call = Groundwork.HTTPRequest(
            method: request.method.rawValue,
            url: request.uri.path,
            headers: request.headers.map { (name: $0.name.rawName, value: $0.value) },
            body: Array(body.readableBytesView)
        )
        guard let reply = await answer(call) else {
            // Ends when the caller hangs up.
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw CancellationError()
        }
        var headers = HTTPFields()
        for header in reply.headers {
            if let name = HTTPField.Name(header.name) { headers[name] = header.value }
        }
        return Response(
            status: .init(code: reply.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        )
    }
}
