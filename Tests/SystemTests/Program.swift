import Foundation
import TestKit
import Testing

/// The program under test, run to its end.
enum Program {
    /// What it wrote where, and how it ended.
    struct Ending {
        let status: Int32
        let output: String
        let complaints: String

        /// The lines of its output.
        var lines: [Substring] { output.split(separator: "\n", omittingEmptySubsequences: true) }

        /// The JSON of a line of its output.
        func json(line: Int = 0) throws -> [String: Any] {
            try #require(lines.indices.contains(line), "\(complaints)")
            return try #require(
                try JSONSerialization.jsonObject(with: Data(lines[line].utf8)) as? [String: Any]
            )
        }
    }

    /// Runs `kpush` with these arguments; input and output are files, so that neither side can wait for the other.
    ///
    /// - Parameters:
    ///   - arguments: what follows `kpush`.
    ///   - input: its standard input.
    ///   - environment: variables of its environment beside the test's own.
    ///   - place: where it is started; nil for where the tests are.
    /// - Returns: how it ended.
    /// - Throws: what starting it throws.
    @concurrent
    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:],
        in place: String? = nil
    ) async throws -> Ending {
        let folder = try TemporaryFolder()
        let files = ["in", "out", "err"].map { URL(fileURLWithPath: folder.file($0)) }
        try Data(input.utf8).write(to: files[0])
        for file in files.dropFirst() { try Data().write(to: file) }
        let process = Process()
        process.executableURL = try ServerProcess.program()
        process.arguments = arguments
        if let place { process.currentDirectoryURL = URL(fileURLWithPath: place) }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in ended.resume() }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        return Ending(
            status: process.terminationStatus,
            output: try String(contentsOf: files[1], encoding: .utf8),
            complaints: try String(contentsOf: files[2], encoding: .utf8)
        )
    }
}
