package import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// A real HTTP server on a loopback port whose answers a test decides.
package enum LoopbackServer {
    /// What to answer; nil leaves the caller without an answer until it gives up.
    package typealias Answer = @Sendable (Groundwork.HTTPRequest) async -> Groundwork.HTTPResponse?

    /// Serves while `body` runs, handing it the server's address, such as `http://127.0.0.1:40000`.
    package static func serve<Result: Sendable>(
        _ answer: @escaping Answer,
        _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: Responder(answer: answer),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "loopback") { _ in SwiftLogNoOpLogHandler() }
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            var address = ""
            for await port in ports {
                address = "http://127.0.0.1:\(port)"
                break
            }
            defer { group.cancelAll() }
            return try await body(address)
        }
    }

    private struct Responder: HTTPResponder {
        typealias Context = BasicRequestContext

        let answer: Answer

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
                // Ends when the caller hangs up or the server is told to stop.
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
}
