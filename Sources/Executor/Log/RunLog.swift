import Foundation
import Groundwork
import Logging
import Synchronization

/// The log of one run, while it is written.
///
/// Writing never throws and never waits for anything but the page cache: a handler must not fail because its log
/// cannot be written. Lines that could not be written are counted, and the log says so as soon as it can.
final class RunLog: Sendable {
    private struct State: ~Copyable {
        /// The segment that is written; nil while the file cannot be opened.
        var file: AppendFile?
        /// The number of the line that is written next.
        var nextLine = 1
        var lost = 0
        /// The first lines of the segments after the first, oldest first.
        var rolled: [Int] = []
    }

    private let folder: RunLogFolder
    private let run: RunID
    private let plannedAt: Moment
    private let clock: any WallClock
    // A file is a resource, but swift-log writes synchronously from any thread: a lock, held for one write.
    private let state: Mutex<State>

    /// Opens the log of a run, going on where an earlier process stopped.
    init(_ folder: RunLogFolder, run: RunID, plannedAt: Moment, clock: any WallClock) {
        self.folder = folder
        self.run = run
        self.plannedAt = plannedAt
        self.clock = clock
        self.state = Mutex(State())
        state.withLock { reopen(&$0) }
    }

    /// Adds a line.
    ///
    /// A text of several lines becomes several, all but the first indented, so that none can pass for a line of its own.
    func write(_ level: Logger.Level, _ text: String, _ metadata: Logger.Metadata = [:]) {
        var line = "\(folder.stamp.instant(clock.now)) [\(level.rawValue)] \(text)"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(RunLog.quoted(value.description))"
        }
        let pieces = line.split(omittingEmptySubsequences: false) { $0.isNewline }
        state.withLock { state in
            for (index, piece) in pieces.enumerated() {
                append(index == 0 ? String(piece) : "    \(piece)", to: &state)
            }
        }
    }

    private func append(_ line: String, to state: inout State) {
        var line = line
        if state.lost > 0 {
            let note = "\(folder.stamp.instant(clock.now)) [error] \(state.lost) lines could not be written"
            guard put(note, to: &state) else {
                state.lost += 1
                return
            }
            state.lost = 0
        }
        if line.utf8.count >= RunLogFolder.lineBytes {
            line = String(decoding: line.utf8.prefix(RunLogFolder.lineBytes - 8), as: UTF8.self) + "[cut]"
        }
        if !put(line, to: &state) { state.lost += 1 }
    }

    private func put(_ line: String, to state: inout State) -> Bool {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        do {
            let size = state.file?.size ?? 0
            if size > 0, size + bytes.count > folder.segmentLimit { try roll(&state) }
            if state.file == nil { reopen(&state) }
            guard state.file != nil else { return false }
            try state.file?.append(bytes)
            state.nextLine += 1
            return true
        } catch {
            return false
        }
    }

    /// Starts a new segment and drops the oldest one after the first when there are too many.
    private func roll(_ state: inout State) throws(ExecutorError) {
        try Disk.makeFolder(folder.rolledFolder(run, plannedAt: plannedAt))
        state.file = try AppendFile(path: rolledFile(state.nextLine))
        state.rolled.append(state.nextLine)
        while state.rolled.count > RunLogFolder.segments - 1 {
            try Disk.remove(rolledFile(state.rolled.removeFirst()))
        }
    }

    private func rolledFile(_ firstLine: Int) -> String {
        folder.rolledFile(run, plannedAt: plannedAt, firstLine: firstLine)
    }

    /// Finds the end of what is there; a last line that a crash tore is ended first.
    private func reopen(_ state: inout State) {
        do {
            let first = folder.file(run, plannedAt: plannedAt)
            try Disk.makeFolder(String(first[..<(first.lastIndex(of: "/") ?? first.endIndex)]))
            let segments = folder.segments(run, plannedAt: plannedAt)
            let last = segments.last ?? RunLogFolder.Segment(firstLine: 1, path: first)
            var lines = 0
            var ends = true
            try Disk.read(last.path) { piece in
                lines += piece.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
                ends = piece.last == UInt8(ascii: "\n")
                return true
            }
            var file = try AppendFile(path: last.path)
            if !ends {
                try file.append([UInt8(ascii: "\n")])
                lines += 1
            }
            state.file = consume file
            state.nextLine = last.firstLine + lines
            state.rolled = segments.dropFirst().map(\.firstLine)
        } catch {
            state.file = nil
        }
    }

    /// A metadata value, in quotes when it would not read as one word.
    private static func quoted(_ value: String) -> String {
        let isWord = !value.isEmpty && !value.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" }
        return isWord ? value : String(decoding: WireValue.text(value).json, as: UTF8.self)
    }
}
