import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

/// What sends server-sent events until there is nothing more to tell.
protocol EventFeed: Sendable {
    /// Sends events; returns at the end of the story.
    ///
    /// - Throws: `CancellationError` on shutdown, or the writer's error once nobody listens any more.
    @concurrent
    func run(into stream: inout EventStream) async throws
}

/// One open stream of server-sent events.
struct EventStream {
    private var writer: any ResponseBodyWriter
    private let timer: any Clock<Duration>
    /// Whether whoever reads may go on reading.
    private let isWelcome: @Sendable () async throws -> Bool

    fileprivate init(
        _ writer: any ResponseBodyWriter,
        timer: any Clock<Duration>,
        isWelcome: @escaping @Sendable () async throws -> Bool
    ) {
        self.writer = writer
        self.timer = timer
        self.isWelcome = isWelcome
    }

    /// Sends one event.
    ///
    /// - Parameters:
    ///   - event: its kind; the page's script listens for it by this name.
    ///   - data: what it says; written without a line break, which would end the field.
    ///   - id: what a browser shows when it comes back after the connection broke.
    /// - Throws: when nobody listens any more.
    @concurrent
    mutating func send(_ event: String, _ data: WireObject = WireObject(), id: String? = nil) async throws {
        var bytes = ByteBuffer()
        if let id { bytes.writeString("id: \(id)\n") }
        bytes.writeString("event: \(event)\ndata: ")
        bytes.writeBytes(WireValue.object(data).json)
        bytes.writeString("\n\n")
        try await writer.write(bytes)
    }

    /// Waits.
    ///
    /// - Throws: `CancellationError` as soon as the server is to stop, or whoever reads may read no more.
    @concurrent
    func pause(_ duration: Duration) async throws {
        let timer = timer
        try Task.checkCancellation()
        if Task.isShuttingDownGracefully { throw CancellationError() }
        try await cancelWhenGracefulShutdown { try await timer.sleep(for: duration) }
        guard try await isWelcome() else { throw CancellationError() }
    }

    /// The answer that runs `feed` for as long as somebody listens who may.
    static func response(
        _ feed: any EventFeed,
        to request: Request,
        timer: any Clock<Duration>,
        while isWelcome: @escaping @Sendable () async throws -> Bool
    ) -> Response {
        var headers: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8",
            .cacheControl: "no-store",
        ]
        // Proxies that gather answers before they pass them on would make live pages stand still.
        if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                // Ends also while nothing is written, when the reader goes away.
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    var stream = EventStream(writer, timer: timer, isWelcome: isWelcome)
                    do { try await feed.run(into: &stream) } catch is CancellationError {
                        // The server stops, or the session is over: the stream ends in order, and the browser asks again.
                    }
                    try await stream.writer.finish(nil)
                }
            }
        )
    }
}
