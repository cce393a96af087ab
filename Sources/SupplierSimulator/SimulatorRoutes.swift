import HTTPTypes
import Hummingbird
import ServiceLifecycle

/// The suppliers' doors, and the simulator's own.
struct SimulatorRoutes {
    private let simulation: Simulation
    private let waiting: any Clock<Duration>

    init(_ simulation: Simulation, waiting: any Clock<Duration>) {
        self.simulation = simulation
        self.waiting = waiting
    }

    /// The largest file, and a form around it.
    private static let bodyLimit = 21 << 20

    func router() -> Router<SimulatorContext> {
        let router = Router(context: SimulatorContext.self)
        for desk in simulation.desks {
            let prefix = "/" + desk.supplier.rawValue
            for path in [prefix, prefix + "/**"] {
                for method in [HTTPRequest.Method.get, .post, .put, .delete] {
                    router.on(RouterPath(path), method: method) { [self] request, context in
                        let order = try await read(request, behind: prefix, isHTTP2: context.isHTTP2)
                        return try await deliver(desk.answer(order), to: context)
                    }
                }
            }
        }
        ControlRoutes(simulation).add(to: router)
        return router
    }

    private func read(
        _ request: Request,
        behind prefix: String,
        isHTTP2: Bool
    ) async throws -> SimulatedRequest {
        let headers = request.headers
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        return SimulatedRequest(
            method: request.method.rawValue,
            path: String(request.uri.path.dropFirst(prefix.count)),
            host: request.head.authority ?? "",
            query: request.uri.query ?? "",
            body: Array(buffer: body),
            isHTTP2: isHTTP2,
            field: { name in headers.first { $0.name.canonicalName == name }?.value }
        )
    }

    private func deliver(_ reply: SimulatedReply, to context: SimulatorContext) async throws -> Response {
        if reply.delay > 0 { try await pause(.milliseconds(reply.delay)) }
        switch reply.kind {
        case .answer(let status):
            var headers: HTTPFields = [.contentType: status == 200 ? "application/json" : "text/html"]
            for field in reply.headers {
                if let name = HTTPField.Name(field.name) { headers[name] = field.value }
            }
            return Response(
                status: .init(code: status),
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
            )
        case .truncated:
            let half = Array(reply.body.prefix(reply.body.count / 2))
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(contentLength: reply.body.count) { writer in
                    try await writer.write(ByteBuffer(bytes: half))
                    context.disconnect()
                }
            )
        case .silence:
            try await pause(simulation.settings.withholding)
            context.disconnect()
            throw HTTPError(.internalServerError)
        case .reset:
            context.disconnect()
            throw HTTPError(.internalServerError)
        }
    }

    /// Waits, unless the simulator is told to stop.
    private func pause(_ duration: Duration) async throws {
        let waiting = waiting
        try await cancelWhenGracefulShutdown { try await waiting.sleep(for: duration) }
    }
}

/// What a request brings along: its connection, so that it can be cut.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Cuts the connection, with whatever of an answer was written.
    let disconnect: @Sendable () -> Void
    /// Whether it came over HTTP/2.
    let isHTTP2: Bool

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        let channel = source.channel
        // The channel of a stream has a connection above it, and that one the listener.
        isHTTP2 = channel.parent?.parent != nil
        disconnect = { channel.close(promise: nil) }
    }
}
