import Foundation

/// What a program of this host said when it was run to its end.
struct Answer {
    let isSuccess: Bool
    let text: String

    /// Runs it.
    ///
    /// - Parameters:
    ///   - program: the executable's path, or its name when it is in the search path.
    ///   - arguments: what it is told.
    /// - Throws: what the system says when it cannot be started.
    init(of program: String, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        let (statuses, status) = AsyncStream<Int32>.makeStream()
        process.terminationHandler = {
            status.yield($0.terminationStatus)
            status.finish()
        }
        try process.run()
        isSuccess = await statuses.first { _ in true } == 0
        // All that we run say little: it waits in the pipe.
        text = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
}
