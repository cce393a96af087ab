import Foundation
import Groundwork
import ServiceLifecycle

/// This program once more, as a process that does not outlive us.
///
/// Its standard input is a pipe that we hold open; it is to be told `--stop-with-input`.
final class ChildProcess: Sendable {
    let pid: Int32
    private let input: FileHandle
    private let statuses: AsyncStream<Int32>

    /// Starts it.
    ///
    /// - Parameters:
    ///   - arguments: what it is told.
    ///   - program: the `kpush` to start; nil for this very one.
    ///   - environment: variables that it has beside ours.
    ///   - output: takes its standard output.
    ///   - complaints: takes its standard error; nil leaves it where ours goes.
    /// - Throws: what the system says when it cannot be started.
    init(
        _ arguments: [String],
        program: URL? = nil,
        environment: [String: String] = [:],
        output: FileHandle,
        complaints: FileHandle? = nil
    ) throws {
        let process = Process()
        process.executableURL = try program ?? Self.executable()
        process.arguments = arguments
        if !environment.isEmpty {
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        }
        let pipe = Pipe()
        process.standardInput = pipe
        process.standardOutput = output
        if let complaints { process.standardError = complaints }
        let (statuses, status) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = {
            status.yield($0.terminationStatus)
            status.finish()
        }
        try process.run()
        // The child has an end of its own.
        try pipe.fileHandleForReading.close()
        pid = process.processIdentifier
        input = pipe.fileHandleForWriting
        self.statuses = statuses
    }

    /// Has it end.
    func stop() throws {
        try input.close()
    }

    /// Waits for its end; to be called once.
    ///
    /// - Returns: its exit code, or the number of the signal that ended it.
    func end() async -> Int32 {
        await statuses.first { _ in true } ?? -1
    }

    /// Waits for its end, and kills it when that takes longer than `limit`; to be called once.
    func end(within limit: Duration) async -> Int32 {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [pid] in
                // It is cancelled as soon as there is nothing to kill.
                guard (try? await ContinuousClock().sleep(for: limit)) != nil else { return }
                kill(pid, SIGKILL)
            }
            let status = await end()
            group.cancelAll()
            return status
        }
    }

    private static func executable() throws -> URL {
        URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    }
}

/// Ends the services it is among once standard input has ended, such as with the process that started us.
struct InputWatch: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown { await Self.endOfInput() }
    }

    /// The service as it goes into a group.
    static var member: ServiceGroupConfiguration.ServiceConfiguration {
        .init(service: InputWatch(), successTerminationBehavior: .gracefullyShutdownGroup)
    }

    /// Waits until standard input has ended, or the task is cancelled.
    static func endOfInput() async {
        let (ends, end) = AsyncStream<Void>.makeStream()
        // A thread that waits, and no dispatch source: taking one away while its other side hangs up crashes
        // libdispatch on Linux now and then.
        Thread.detachNewThread {
            var byte: UInt8 = 0
            var count: Int
            repeat { count = read(STDIN_FILENO, &byte, 1) } while count > 0 || (count < 0 && errno == EINTR)
            end.finish()
        }
        for await _ in ends {}
    }
}
