import CurlDriver
import Groundwork
import Hummingbird
import HummingbirdHTTP2
import Logging
import NIOCore
import TestKit
import Testing

/// A server on loopback that speaks HTTP/2 and nothing else.
enum HTTP2EchoServer {
    /// Serves while `body` runs, handing it a client and the server's address.
    static func serve(
        _ body: (CurlHTTPClient, String) async throws -> Void
    ) async throws {
        let port = BoundPort()
        let application = Application(
            router: router(),
            server: .plaintextHTTP2(),
            configuration: .init(address: .hostname("127.0.0.1", port: 0), serverName: nil),
            onServerRunning: { channel in port.announce(channel.localAddress?.port) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let client = CurlHTTPClient()
        try await whileRunning(application) {
            // Its connections first: the server waits for them.
            defer { client.shutdown() }
            let bound = try #require(await port.value)
            try await body(client, "http://127.0.0.1:\(bound)")
        }
    }

    private static func router() -> Router<StreamContext> {
        let router = Router(context: StreamContext.self)
        router.post("/echo") { request, _ in
            var request = request
            let body = try await request.collectBody(upTo: 1 << 20)
            return Response(
                status: .ok,
                headers: [.server: request.headers[.userAgent] ?? "none"],
                body: ResponseBody(byteBuffer: body)
            )
        }
        router.post("/reset") { _, context -> Response in
            context.channel.close(promise: nil)
            throw Hummingbird.HTTPError(.internalServerError)
        }
        return router
    }
}

/// A request, and the stream that it came over.
private struct StreamContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
