import Foundation
import Glibc
import Synchronization

/// A loopback server that answers at the level of sockets, for what a proper HTTP server would never do.
package final class RawServer: Sendable {
    /// One accepted connection, driven by the test's script on a thread of its own.
    package struct Connection {
        /// The socket.
        package let descriptor: Int32
        /// Which connection it is, counted from 1.
        package let number: Int

        /// Reads one request with its whole body; nil when the client closed.
        package func readRequest() -> String? {
            var bytes: [UInt8] = []
            while true {
                if let text = complete(bytes) { return text }
                var chunk = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { return nil }
                bytes += chunk[..<count]
            }
        }

        /// Reads up to the end of the head and no further.
        package func readHead() -> String? {
            var bytes: [UInt8] = []
            while !String(decoding: bytes, as: UTF8.self).contains("\r\n\r\n") {
                var byte: UInt8 = 0
                guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
                bytes.append(byte)
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// Writes `text` as it is.
        package func write(_ text: String) {
            let bytes = Array(text.utf8)
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }

        /// Writes a whole answer.
        package func answer(_ body: String, status: String = "200 OK") {
            write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }

        /// Closes with a reset instead of an orderly end.
        package func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        }

        /// Waits until the client has closed its side.
        package func waitForClose() {
            var byte: UInt8 = 0
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }

        /// Whether the client closes its side within so long; a byte that arrives is not taken.
        package func isClosedByClient(withinMilliseconds limit: Int32) -> Bool {
            var watch = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&watch, 1, limit) > 0 else { return false }
            var byte: UInt8 = 0
            return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) <= 0
        }

        private func complete(_ bytes: [UInt8]) -> String? {
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { return nil }
            let head = text[..<end.lowerBound].lowercased()
            let length = head.range(of: "content-length: ")
                .map { Int(head[$0.upperBound...].prefix { $0.isNumber }) }
            return text[end.upperBound...].utf8.count >= (length ?? 0) ?? 0 ? text : nil
        }
    }

    /// Where it listens.
    package let port: UInt16
    private let listener: Int32
    private let log = Mutex<[String]>([])
    private let accepted = Atomic<Int>(0)
    private let isClosed = Atomic<Bool>(false)

    /// How many connections were made.
    package var connectionCount: Int { accepted.load(ordering: .acquiring) }

    /// Its address.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// What the script has noted so far.
    package var notes: [String] { log.withLock { $0 } }

    /// Listens and runs `script` for each connection; the connection is closed when the script returns.
    package init(_ script: @escaping @Sendable (RawServer, Connection) -> Void) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(listener, generic, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, generic, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        Thread { [self] in accept(script) }.start()
    }

    /// Keeps a note for the test to look at.
    package func note(_ text: String) {
        log.withLock { $0.append(text) }
    }

    /// Stops accepting: later connections are refused.
    package func close() {
        // Closed by the thread that accepts: its number is another server's at once, whose callers that thread
        // would take.
        if !isClosed.exchange(true, ordering: .acquiringAndReleasing) {
            Glibc.shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    private func accept(_ script: @escaping @Sendable (RawServer, Connection) -> Void) {
        var number = 0
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else {
                Glibc.close(listener)
                return
            }
            number += 1
            accepted.store(number, ordering: .releasing)
            let connection = Connection(descriptor: descriptor, number: number)
            Thread { [self] in
                script(self, connection)
                Glibc.close(descriptor)
            }
            .start()
        }
    }
}
