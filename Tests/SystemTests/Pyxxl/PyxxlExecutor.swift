import Foundation
import LocalServers
import TestKit
import Testing

/// An executor in Python, as somebody else wrote it: PyPI's `pyxxl` with handlers of ours, a process of its own.
final class PyxxlExecutor {
    let port: Int
    private let arguments: [String]
    private let folder: URL
    private var process: LocalProcess?

    /// Makes one that is not started yet.
    ///
    /// - Parameters:
    ///   - app: the group it registers under.
    ///   - server: the scheduler's URL.
    ///   - token: what executors and scheduler show each other.
    ///   - queueLength: how many runs of a job wait there before it refuses more.
    ///   - folder: takes its logs.
    /// - Throws: what finding a port or its program throws.
    init(_ app: String, server: String, token: String, queueLength: Int = 30, in folder: ServerFolder) throws
    {
        port = try FreePort.find()
        self.folder = try folder.part("pyxxl-\(port)")
        let program = try #require(
            Bundle.module.url(forResource: "pyxxl-executor", withExtension: "py", subdirectory: "Fixtures")
        )
        arguments = [
            program.path, "\(server)/api/", token, app, "\(port)", self.folder.path, "\(queueLength)",
        ]
    }

    /// The address it registers.
    var address: String { "http://127.0.0.1:\(port)" }

    /// Starts it, on the same port each time, and waits until it serves.
    func start() async throws {
        let python = try PythonPackage.pyxxl.python()
        process = try LocalProcess(python, arguments, name: "pyxxl", in: folder)
        let port = port
        try await waited(for: "pyxxl does not answer on port \(port)", atMost: .seconds(60)) {
            FreePort.isTaken(port)
        }
    }

    /// Has it end by itself, and waits until it has.
    func stop() async {
        await process?.stop()
        process = nil
    }

    /// Ends it as a power cut would, and waits until nothing of it is left.
    func kill() async {
        process?.signal(SIGKILL)
        await stop()
    }
}
