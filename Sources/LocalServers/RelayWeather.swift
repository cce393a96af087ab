import NIOCore
import Synchronization

/// What a relay does to the bytes that come by.
final class RelayWeather: Sendable {
    struct State {
        var isFrozen = false
        var delay = Duration.zero
        var dropsReplies = false
        /// How many more bytes of what is asked go through; nil while there is no end to them.
        var questionsLeft: Int?
        /// What is asked waits when it has this text; nothing does while it is empty.
        var heldText: [UInt8] = []
        /// Connections on which something waits so.
        var held = 0
    }

    private let now = Mutex(State())

    var state: State { now.withLock { $0 } }

    func change(_ body: (inout sending State) -> Void) {
        now.withLock { body(&$0) }
    }

    /// Returns when `piece` may go on.
    func pass(_ piece: RelayPiece) async throws {
        try await ContinuousClock().sleep(until: piece.arrival + state.delay)
        try await thaw()
    }

    /// Returns when what is asked may go on, having counted it when it has to wait.
    func passQuestion(_ piece: RelayPiece) async throws {
        try await pass(piece)
        let isHeld = now.withLock { state in
            guard !state.heldText.isEmpty,
                piece.bytes.readableBytesView.firstRange(of: state.heldText) != nil
            else { return false }
            state.held += 1
            return true
        }
        while isHeld, !state.heldText.isEmpty { try await ContinuousClock().sleep(for: .milliseconds(2)) }
    }

    /// Takes as many of the bytes as may go on now, and waits until there are some.
    func ration(_ bytes: inout ByteBuffer) async throws -> ByteBuffer? {
        while true {
            let wanted = bytes.readableBytes
            let allowed = now.withLock { state in
                let allowed = min(wanted, state.questionsLeft ?? wanted)
                state.questionsLeft? -= allowed
                return allowed
            }
            if allowed > 0 { return bytes.readSlice(length: allowed) }
            try await ContinuousClock().sleep(for: .milliseconds(2))
        }
    }

    /// Returns when nothing is frozen.
    func thaw() async throws {
        while state.isFrozen { try await ContinuousClock().sleep(for: .milliseconds(2)) }
    }
}

/// Bytes that came, and when.
struct RelayPiece: Sendable {
    let bytes: ByteBuffer
    let arrival: ContinuousClock.Instant
}

/// Notes when bytes come from one end of a relay's connection.
final class RelayEnd: ChannelInboundHandler {
    typealias Channel = NIOAsyncChannel<RelayPiece, ByteBuffer>
    typealias InboundIn = ByteBuffer
    typealias InboundOut = RelayPiece

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let piece = RelayPiece(bytes: unwrapInboundIn(data), arrival: .now)
        context.fireChannelRead(wrapInboundOut(piece))
    }

    /// A connection as one that can be read and written in turn.
    static func make(of channel: any NIOCore.Channel) -> EventLoopFuture<Channel> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(RelayEnd())
            let configuration = Channel.Configuration(isOutboundHalfClosureEnabled: true)
            return try Channel(wrappingChannelSynchronously: channel, configuration: configuration)
        }
    }
}
