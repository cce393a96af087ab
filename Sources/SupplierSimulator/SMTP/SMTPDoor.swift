import Groundwork
import Logging
import NIOCore
import NIOPosix

/// Where the simulated mail server takes messages: SMTP on a port of its own, in the open.
struct SMTPDoor {
    let simulation: Simulation
    let port: BoundPort
    let waiting: any Clock<Duration>
    let logger: Logger

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Serves until the task is cancelled.
    ///
    /// - Throws: what stands in the way of listening.
    func run() async throws {
        defer { port.announce(nil) }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: simulation.settings.host, port: simulation.settings.mailPort ?? 0) { channel in
                // Nothing is read before somebody listens: one that nobody comes to listen to may be dropped.
                channel.setOption(.autoRead, value: false).map { channel }
            }
        port.announce(server.channel.localAddress?.port)
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { connections in
                for try await channel in connections {
                    group.addTask { await converse(over: channel) }
                }
            }
        }
    }

    private func converse(over channel: any Channel) async {
        do {
            let connection = try await channel.eventLoop
                .submit { try Connection(wrappingChannelSynchronously: channel) }
                .get()
            try await channel.setOption(.autoRead, value: true).get()
            try await connection.executeThenClose { inbound, outbound in
                var session = SMTPSession(simulation, account: simulation.settings.credentials.smtp)
                var lines = LineReader()
                guard try await carryOut(session.greeting, outbound) else { return }
                for try await piece in inbound {
                    lines.add(piece.readableBytesView)
                    while let line = lines.next() {
                        guard try await carryOut(session.take(line), outbound) else { return }
                    }
                }
            }
        } catch {
            // A client that went away in the midst of a sentence.
            logger.trace("mail connection ended", metadata: [LogKey.error: "\(error)"])
        }
    }

    /// Says what there is to say; false when the conversation is over.
    private func carryOut(
        _ step: SMTPSession.Step,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> Bool {
        switch step {
        case .nothing: return true
        case .say(let text):
            try await outbound.write(ByteBuffer(string: text + "\r\n"))
            return true
        case .sayLater(let text, let delay):
            if delay > 0 { try await waiting.sleep(for: .milliseconds(delay)) }
            try await outbound.write(ByteBuffer(string: text + "\r\n"))
            return true
        case .close(let text):
            if let text { try await outbound.write(ByteBuffer(string: text + "\r\n")) }
            return false
        case .silence:
            try await waiting.sleep(for: simulation.settings.withholding)
            return false
        }
    }
}

/// Cuts what comes into lines.
private struct LineReader {
    private var bytes: [UInt8] = []
    private var start = 0

    mutating func add(_ piece: some Sequence<UInt8>) {
        bytes.removeFirst(start)
        start = 0
        bytes += piece
    }

    /// The next line without its end, which is CR LF; one that ends otherwise goes on.
    mutating func next() -> ArraySlice<UInt8>? {
        var place = start
        while let end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) {
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") {
                defer { start = end + 1 }
                return bytes[start..<end - 1]
            }
            place = end + 1
        }
        return nil
    }
}
