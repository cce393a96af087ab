package import Foundation
import Synchronization

/// A server's process on this host: it ends with us, however we end.
///
/// A shell stands between: it holds an end of a pipe of ours, and ends the server when the pipe does.
package final class LocalProcess: Sendable {
    /// How a server is asked to end.
    package enum Farewell: String, Sendable {
        /// What most end on, having put their house in order.
        case terminate = "TERM"
        /// PostgreSQL's "fast" shutdown: sessions are cut.
        case interrupt = "INT"
    }

    private let input: FileHandle
    private let pidFile: URL
    private let ends: AsyncStream<Void>

    /// Starts it.
    ///
    /// - Parameters:
    ///   - program: the executable's path, or its name when it is in the search path.
    ///   - arguments: what it is told.
    ///   - name: names its files in `folder`.
    ///   - folder: takes its output, as `NAME.log`, and its number.
    ///   - user: under which account it runs when we are root; nil for ours.
    ///   - farewell: how it is asked to end.
    /// - Throws: what the system says when it cannot be started.
    package init(
        _ program: String,
        _ arguments: [String],
        name: String,
        in folder: URL,
        user: String? = nil,
        farewell: Farewell = .terminate
    ) throws {
        pidFile = folder.appendingPathComponent("\(name).pid")
        let log = folder.appendingPathComponent("\(name).log")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", Self.script, farewell.rawValue, pidFile.path, log.path]
            + Self.asUser(user) + [program] + arguments
        let pipe = Pipe()
        process.standardInput = pipe
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ends, end) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in end.finish() }
        // One that was here before left its number.
        try? FileManager.default.removeItem(at: pidFile)
        try Self.withoutBlockedSignals { try process.run() }
        // The shell has an end of its own.
        try pipe.fileHandleForReading.close()
        input = pipe.fileHandleForWriting
        self.ends = ends
    }

    deinit {
        // What Foundation keeps of a running process holds the pipe as well: dropping it would not close it.
        try? input.close()
    }

    /// The server's process number; nil until the shell has started it.
    package var pid: Int32? {
        // Not there yet.
        (try? String(contentsOf: pidFile, encoding: .utf8))
            .flatMap {
                $0.hasSuffix("\n") ? Int32($0.dropLast()) : nil
            }
    }

    /// Sends the server a signal, such as `SIGKILL` or `SIGSTOP`; does nothing when it is not there.
    package func signal(_ number: Int32) {
        if let pid { kill(pid, number) }
    }

    /// Has it end, and waits until it has.
    package func stop() async {
        // Closed twice is closed.
        try? input.close()
        signal(SIGCONT)
        for await _ in ends {}
    }

    private static let script = """
        pidfile=$1; log=$2; shift 2
        "$@" >> "$log" 2>&1 < /dev/null &
        child=$!
        echo $child > "$pidfile.new" && mv "$pidfile.new" "$pidfile"
        trap '' INT TERM HUP
        cat > /dev/null
        kill -CONT $child 2> /dev/null; kill -"$0" $child 2> /dev/null
        wait $child
        """

    /// Threads of ours block signals, and what they start would do so as well.
    private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    private static func asUser(_ user: String?) -> [String] {
        guard let user, geteuid() == 0 else { return [] }
        return ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
    }
}

/// Why a server of this host is not there.
package struct LocalServerError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
