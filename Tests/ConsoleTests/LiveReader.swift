import NIOCore
import NIOPosix
import Testing

@testable import Console

/// Reads an answer while it is being written, as nothing that collects whole bodies can.
final class LiveReader {
    /// All that came so far, heads and chunk sizes too.
    private(set) var text = ""
    private var pieces: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    fileprivate init(_ pieces: NIOAsyncChannelInboundStream<ByteBuffer>) {
        self.pieces = pieces.makeAsyncIterator()
    }

    /// Returns once `end` has come.
    func read(until end: String) async throws {
        try await read { $0.contains(end) }
    }

    /// Returns once what has come is enough.
    func read(until isEnough: (String) -> Bool) async throws {
        while !isEnough(text) {
            let piece = try await pieces.next(isolation: #isolation)
            text += String(buffer: try #require(piece, "closed after \(text)"))
        }
    }
}

extension ConsoleBench {
    /// Asks for `path` and hangs up when `body` is done with the answer.
    func reading(
        _ path: String,
        headers: [(name: String, value: String)] = [],
        token: String = ConsoleBench.token,
        _ body: (LiveReader) async throws -> Void
    ) async throws {
        let port = try #require(await service.port)
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var head = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(token)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: head + "\r\n"))
            try await body(LiveReader(inbound))
        }
    }
}
