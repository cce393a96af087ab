import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOTLS

/// A connection that speaks HTTP/2 when it begins as those do that know beforehand that they may (RFC 9113, 3.3), and
/// HTTP/1.1 otherwise.
struct EitherHTTPChannel: ServerChildChannel {
    enum Version: Sendable {
        case one(HTTP1Channel.Value)
        case two(HTTP2Channel.Value)
    }

    struct Value: ServerChildChannelValue {
        /// Known when the first bytes are.
        let version: EventLoopFuture<Version>
        let channel: any Channel
    }

    private let one: HTTP1Channel
    private let two: HTTP2Channel

    init(responder: @escaping HTTPChannelHandler.Responder) {
        one = HTTP1Channel(responder: responder)
        two = HTTP2Channel(responder: responder)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let turn = NIOTypedApplicationProtocolNegotiationHandler<Version> { result, channel in
                if case .negotiated = result {
                    two.setup(channel: channel, logger: logger).map { .two($0) }
                } else {
                    one.setup(channel: channel, logger: logger).map { .one($0) }
                }
            }
            try channel.pipeline.syncOperations.addHandlers([PrefaceReader(), turn])
            return Value(version: turn.protocolNegotiationResult, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.version.get() {
            case .one(let connection): await one.handle(value: connection, logger: logger)
            case .two(let connection): await two.handle(value: connection, logger: logger)
            }
        } catch {
            logger.debug("connection ended before it began", metadata: ["error": "\(error)"])
        }
    }
}

extension HTTPServerBuilder {
    /// Serves HTTP/1.1 and, to those who begin with it, HTTP/2.
    static func eitherHTTP() -> HTTPServerBuilder {
        HTTPServerBuilder { EitherHTTPChannel(responder: $0) }
    }
}

/// Looks whether a connection begins with `PRI`, which is no method of HTTP/1.1, and tells the next handler as TLS would.
private final class PrefaceReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var start: ByteBuffer?
    private var isDecided = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDecided else { return context.fireChannelRead(data) }
        var bytes = start ?? ByteBuffer()
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        start = bytes
        guard bytes.readableBytes >= 3 else { return }
        isDecided = true
        start = nil
        let isHTTP2 = bytes.readableBytesView.starts(with: "PRI".utf8)
        let event = TLSUserEvent.handshakeCompleted(negotiatedProtocol: isHTTP2 ? "h2" : nil)
        context.fireUserInboundEventTriggered(event)
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    /// Nobody waits for a connection that says nothing, or goes on saying nothing when it is told that this is the end.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            guard isDecided else { return context.close(promise: nil) }
            let channel = context.channel
            context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private static let patience = TimeAmount.milliseconds(500)
}
