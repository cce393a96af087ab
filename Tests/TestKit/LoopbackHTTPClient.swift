import Dispatch
package import Groundwork

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `send(2)`, which the method of the same name would hide.
private let systemSend: @Sendable (Int32, UnsafeRawPointer?, Int, Int32) -> Int = send

/// HTTP over bare loopback sockets, a connection a call: what is written is exactly what a test says.
package struct LoopbackHTTPClient: HTTPClient {
    package init() {}

    package func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let prefix = "http://127.0.0.1:"
        guard request.url.hasPrefix(prefix) else { throw HTTPError(.badURL, detail: request.url) }
        let rest = request.url.dropFirst(prefix.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let port = Int(rest[..<slash]) else { throw HTTPError(.badURL, detail: request.url) }
        var head = "\(request.method) \(slash == rest.endIndex ? "/" : rest[slash...]) HTTP/1.1\r\n"
        head += "Host: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for header in request.headers { head += "\(header.name): \(header.value)\r\n" }
        head += "Content-Length: \(request.body.count)\r\n\r\n"
        let answer = try await LoopbackHTTPClient.exchange(Array(head.utf8) + request.body, port: port)
        guard let response = LoopbackHTTPClient.parse(answer) else { throw HTTPError(.noAnswer) }
        return response
    }

    /// Writes `bytes` to a fresh connection and returns all that comes back until the other side closes.
    package static func exchange(_ bytes: [UInt8], port: Int) async throws(HTTPError) -> [UInt8] {
        let result: Result<[UInt8], HTTPError> = await withCheckedContinuation { continuation in
            // Blocking calls, so on a thread of their own.
            DispatchQueue.global().async { continuation.resume(returning: talk(bytes, port: port)) }
        }
        return try result.get()
    }

    /// Splits an answer into status, header fields and body.
    package static func parse(_ answer: [UInt8]) -> HTTPResponse? {
        let blank = Array("\r\n\r\n".utf8)
        guard let end = answer.indices.first(where: { answer[$0...].starts(with: blank) }) else { return nil }
        let lines = String(decoding: answer[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        let headers = lines.dropFirst()
            .map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
                return (name: parts[0].lowercased(), value: String(value))
            }
        return HTTPResponse(status: status, headers: headers, body: Array(answer[(end + 4)...]))
    }

    private static func talk(_ bytes: [UInt8], port: Int) -> Result<[UInt8], HTTPError> {
        #if canImport(Glibc)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return .failure(HTTPError(.unreachable)) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                systemSend(
                    descriptor,
                    buffer.baseAddress?.advanced(by: sent),
                    bytes.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            // The other side may answer and close before it has read everything.
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            answer += piece[..<count]
        }
        return answer.isEmpty ? .failure(HTTPError(.noAnswer)) : .success(answer)
    }
}
