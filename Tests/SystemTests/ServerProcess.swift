import CurlDriver
import Foundation
import Groundwork
import TestKit
import Testing

/// `kpush serve` as a process of its own, on the same folder and ports each time it is started.
final class ServerProcess {
    let data: String
    let webPort: Int
    private let executorPort: Int
    private let settings: [String: String]
    private let http = CurlHTTPClient()
    private var process: Process?

    /// Makes a server that is not started yet; `settings` are environment variables such as `KPUSH_ZONE`, and
    /// `former` is one whose ports it takes over.
    init(data: String, settings: [String: String] = [:], after former: ServerProcess? = nil) throws {
        self.data = data
        self.settings = settings
        webPort = try former?.webPort ?? Self.freePort()
        executorPort = try former?.executorPort ?? Self.freePort()
    }

    deinit {
        kill()
    }

    /// Starts it and waits until it serves.
    func start() async throws {
        let process = Process()
        process.executableURL = try Self.program()
        process.arguments = [
            "serve", "--data", data, "--web-port", "\(webPort)", "--executor-port", "\(executorPort)",
            "--durability", "process", "--log-level", "error",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(settings) { $1 }
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        let probe = HTTPRequest(method: "GET", url: "http://127.0.0.1:\(webPort)/healthz")
        try await eventually("the server answers") {
            guard process.isRunning else { throw ServerDied() }
            // Nobody listens yet.
            return (try? await http.send(probe))?.status == 200
        }
    }

    /// Ends it as a power cut would: nothing in it runs any more.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Has it end by itself; tells how it did.
    func stop() -> Int32 {
        guard let process else { return -1 }
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// The program under test, which lies beside the tests.
    static func program() throws -> URL {
        let tests = try #require(Bundle.main.executableURL)
        return tests.deletingLastPathComponent().appendingPathComponent("kpush")
    }

    private struct ServerDied: Error {}

    /// A port that nobody has at the moment.
    private static func freePort() throws -> Int {
        let server = try RawServer { _, _ in }
        defer { server.close() }
        return try #require(URLComponents(string: server.url)?.port)
    }
}
