import Dispatch
import Foundation
import Glibc
import TestKit

/// A connection of a test's own, driven at the level of sockets.
final class RawClient: Sendable {
    private let handle: Int32
    private let reading = DispatchQueue(label: "raw-client.reading")
    private let writing = DispatchQueue(label: "raw-client.writing")

    init(to port: Int) throws {
        handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let handle = handle
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(POSIXError.Code(rawValue: errno) ?? .ECONNREFUSED) }
    }

    deinit {
        close(handle)
    }

    func send(_ text: String) async {
        await withCheckedContinuation { continuation in
            writing.async { [handle] in
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes {
                        Glibc.send(handle, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
                continuation.resume()
            }
        }
    }

    /// Says that no more is sent.
    func finish() {
        shutdown(handle, Int32(SHUT_WR))
    }

    /// Reads so many bytes; fewer when the connection ends.
    func receive(_ count: Int) async throws -> String {
        await withCheckedContinuation { continuation in
            reading.async { [handle] in
                var bytes = [UInt8](repeating: 0, count: count)
                var filled = 0
                while filled < count {
                    let more = bytes.withUnsafeMutableBytes {
                        recv(handle, $0.baseAddress?.advanced(by: filled), count - filled, 0)
                    }
                    guard more > 0 else { break }
                    filled += more
                }
                continuation.resume(returning: String(decoding: bytes[..<filled], as: UTF8.self))
            }
        }
    }

    /// Whether something comes, or the end, within so long.
    func isReadable(within limit: Duration) -> Bool {
        var watch = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(limit.components.attoseconds / 1_000_000_000_000_000)
        return poll(&watch, 1, milliseconds) > 0
    }
}

/// A server that says what it hears.
final class EchoServer: Sendable {
    private let server: RawServer

    var port: Int { Int(server.port) }
    /// How many bytes it has heard.
    var heard: Int { server.notes.compactMap { Int($0) }.reduce(0, +) }

    init() throws {
        server = try RawServer { server, connection in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(connection.descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                server.note("\(count)")
                var sent = 0
                while sent < count {
                    let more = buffer.withUnsafeBytes {
                        Glibc.send(
                            connection.descriptor,
                            $0.baseAddress?.advanced(by: sent),
                            count - sent,
                            Int32(MSG_NOSIGNAL)
                        )
                    }
                    guard more > 0 else { return }
                    sent += more
                }
            }
        }
    }

    func close() { server.close() }
}
