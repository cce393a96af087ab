import NIOCore
import NIOPosix
import Synchronization

/// A way to a server of this host that can be cut or fall silent, for those who use it and nobody else.
package final class FaultyRoute: Sendable {
    private let junction: Junction
    private let server: any Channel
    /// Where the way begins.
    package let port: Int

    /// Opens a way.
    ///
    /// - Parameter target: the port of this host where the server listens.
    /// - Throws: what the system says when there is no port to be had.
    package init(to target: Int) async throws {
        let junction = Junction()
        self.junction = junction
        server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { Self.connect($0, to: target, junction) }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        port = server.localAddress?.port ?? 0
    }

    deinit {
        junction.change(.cut)
        server.close(promise: nil)
    }

    /// Breaks all connections, and refuses new ones.
    package func cut() { junction.change(.cut) }

    /// Lets nothing through any more, and says nothing about it; what was sent arrives when the way is mended.
    package func silence() { junction.change(.silent) }

    /// Lets everything through again.
    package func mend() { junction.change(.open) }

    private static func connect(
        _ inbound: any Channel,
        to target: Int,
        _ junction: Junction
    ) -> EventLoopFuture<Void> {
        guard junction.admits(inbound) else { return inbound.close() }
        return ClientBootstrap(group: inbound.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { outbound in
                outbound.eventLoop.makeCompletedFuture {
                    try outbound.pipeline.syncOperations.addHandler(Relay(to: inbound))
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .flatMap { outbound in
                outbound.eventLoop
                    .makeCompletedFuture {
                        try inbound.pipeline.syncOperations.addHandler(Relay(to: outbound))
                    }
                    .flatMap { junction.join(outbound) }
            }
    }
}

/// How the way is, and the connections on it.
private final class Junction: Sendable {
    enum Condition {
        case open
        case cut
        case silent
    }

    private struct State {
        var condition = Condition.open
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let state = Mutex(State())

    /// Takes a connection that was just made, unless there is no way.
    func admits(_ channel: any Channel) -> Bool {
        let isAdmitted = state.withLock { state in
            guard state.condition != .cut else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        return true
    }

    /// Takes the other half of a connection and lets both speak, as far as the way allows.
    func join(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard admits(channel) else { return channel.close() }
        apply()
        return channel.eventLoop.makeSucceededVoidFuture()
    }

    func change(_ condition: Condition) {
        state.withLock { $0.condition = condition }
        apply()
    }

    private func apply() {
        let (condition, channels) = state.withLock { ($0.condition, Array($0.channels.values)) }
        for channel in channels {
            switch condition {
            case .open: channel.setOption(.autoRead, value: true).whenComplete { _ in }
            case .silent: channel.setOption(.autoRead, value: false).whenComplete { _ in }
            case .cut: channel.close(promise: nil)
            }
        }
    }
}

/// Writes what comes on one connection to the other, and ends with it.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
