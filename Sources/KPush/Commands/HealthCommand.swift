import ArgumentParser
import CurlDriver
import Groundwork

/// `kpush health`: for whoever watches a process, such as a container's health check.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a web process whether it and its stores answer; needs no token.",
        discussion: "Prints what the server says of itself. The exit code is 0 only when it is ready."
    )

    @Argument(help: "The server.")
    var server = "http://127.0.0.1:8080"

    /// Longer than the server itself waits for its stores.
    private static let patience = HTTPTimeouts(connect: .seconds(2), total: .seconds(5))

    func run() async throws {
        let http = CurlHTTPClient()
        defer { http.shutdown() }
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.send(
                HTTPRequest(method: "GET", url: server + "/readyz", timeouts: Self.patience)
            )
        } catch {
            Terminal.complain("kpush: \(server.printable) does not answer: \(error.detail)\n")
            throw ExitCode(CommandExit.unreachable.rawValue)
        }
        Terminal.out(String(decoding: response.body, as: UTF8.self).printable + "\n")
        if response.status != 200 { throw ExitCode(CommandExit.temporary.rawValue) }
    }
}
