import Foundation

/// Ports of the loopback interface that nobody has at the moment.
package enum FreePort {
    /// Finds one; between now and its use somebody else may take it.
    package static func find() throws -> Int {
        let held = try HeldPort()
        held.release()
        return held.port
    }

    /// Whether somebody listens on a port of the loopback interface.
    package static func isTaken(_ port: Int) -> Bool {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return false }
        defer { close(handle) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

/// A port of the loopback interface that is kept for us while nobody listens on it, and where we may listen.
struct HeldPort: Sendable {
    let port: Int
    private let handle: Int32

    init() throws {
        handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { throw LocalServerError("no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let handle = handle
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, length) == 0 && getsockname(handle, $0, &length) == 0
            }
        }
        // The system chose a port that is free; from now on it may be shared with who listens there.
        var isShared: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard isBound, setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &isShared, size) == 0 else {
            close(handle)
            throw LocalServerError("no port: \(String(cString: strerror(errno)))")
        }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// Gives it up.
    func release() {
        close(handle)
    }
}

/// Waits until `condition` holds; throws when it does not within `limit`.
package func waited(
    for what: String,
    atMost limit: Duration = .seconds(30),
    until condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        guard clock.now < end else { throw LocalServerError("\(what) after \(limit)") }
        try await clock.sleep(for: .milliseconds(20))
    }
}
