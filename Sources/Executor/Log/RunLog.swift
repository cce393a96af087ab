import Foundation
import Groundwork
import Logging
import Synchronization

/// The log of one run, while it is written.
///
/// Writing never throws and never waits for anything but the page cache: a handler must not fail because its
/// log cannot be written. Lines that could not be written are counted, and the log says so as soon as it can.
final class RunLog: Sendable {
    private struct State: ~Copyable {
        /// The segment that is written; nil before the first line, and while the file cannot be opened.
        var file: AppendFile?
        /// Lines that go with the next one, and how many they are.
        var ahead: [UInt8] = []
        var linesAhead = 0
        /// Whether there is a file of the run's own, or should be.
        var isOpen = false
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

    /// The log of a run; its first line that is not kept back opens it, and goes on where an earlier process stopped.
    init(_ folder: RunLogFolder, run: RunID, plannedAt: Moment, clock: any WallClock) {
        self.folder = folder
        self.run = run
        self.plannedAt = plannedAt
        self.clock = clock
        self.state = Mutex(State())
    }

    /// Adds a line about the run itself, which is kept back until there is something to tell besides.
    func note(_ text: String) {
        let line = Array("\(folder.stamp.instant(clock.now)) [\(Logger.Level.info.rawValue)] \(text)\n".utf8)
        state.withLock { state in
            guard !state.isOpen else { return append(line, to: &state) }
            state.ahead += line
            state.linesAhead += 1
        }
    }

    /// Writes what is kept back: somebody wants to read it.
    func show() {
        state.withLock { state in
            guard state.linesAhead > 0 else { return }
            let (lines, count) = (state.ahead, state.linesAhead)
            (state.ahead, state.linesAhead) = ([], 0)
            append(lines, count, to: &state)
        }
    }

    /// Adds the last line of a run that went well.
    ///
    /// Where all that there is to tell are the lines that were kept back, they go where such runs have their logs.
    func end(_ text: String, _ metadata: Logger.Metadata) {
        let line = Array(line(.info, text, metadata).utf8)
        let isPlain = line.count < Self.quietBytes && !line.contains { $0 == 0x0A || $0 == 0x0D }
        let isDone = state.withLock { state in
            guard isPlain, !state.isOpen, !state.ahead.isEmpty else { return false }
            let path = folder.quietFile(run, plannedAt: plannedAt)
            guard folder.quiet.add(state.ahead + line + [0x0A], of: run, to: path) else { return false }
            (state.ahead, state.linesAhead) = ([], 0)
            return true
        }
        if !isDone { write(.info, text, metadata) }
    }

    /// The most bytes of the last line of a run that shares a file.
    private static let quietBytes = 1_024

    /// Adds a line.
    ///
    /// A text of several lines becomes several, all but the first indented, so that none can pass for a line
    /// of its own.
    func write(_ level: Logger.Level, _ text: String, _ metadata: Logger.Metadata = [:]) {
        var line = line(level, text, metadata)
        guard
            line.utf8.contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
                || line.utf8.count >= RunLogFolder.lineBytes
        else {
            line += "\n"
            state.withLock { append(Array(line.utf8), to: &$0) }
            return
        }
        let pieces = line.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        state.withLock { state in
            for (index, piece) in pieces.enumerated() {
                append(RunLog.line(piece, isFirst: index == 0), to: &state)
            }
        }
    }

    private func line(_ level: Logger.Level, _ text: String, _ metadata: Logger.Metadata) -> String {
        var line = "\(folder.stamp.instant(clock.now)) [\(level.rawValue)] \(text)"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(RunLog.quoted(value.description))"
        }
        return line
    }

    /// One line of the file, its line feed included.
    ///
    /// Cut to the limit, and free of carriage returns, with which a text could overwrite what a terminal
    /// shows before it.
    private static func line(_ text: Substring.UTF8View, isFirst: Bool) -> [UInt8] {
        let carriageReturn = UInt8(ascii: "\r")
        var text = text
        if text.last == carriageReturn { text = text.dropLast() }
        var line = isFirst ? [] : Array("    ".utf8)
        if text.count + line.count < RunLogFolder.lineBytes {
            line += text
        } else {
            // Cut between characters: back to a byte that does not continue one.
            var kept = Array(text.prefix(RunLogFolder.lineBytes - 16))
            while let last = kept.last, last & 0xC0 == 0x80 { kept.removeLast() }
            if let last = kept.last, last >= 0xC0 { kept.removeLast() }
            line += kept + Array("[cut]".utf8)
        }
        if line.contains(carriageReturn) { line = line.map { $0 == carriageReturn ? UInt8(ascii: " ") : $0 } }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private func append(_ line: [UInt8], _ count: Int = 1, to state: inout State) {
        state.isOpen = true
        if state.lost > 0 {
            let note = "\(folder.stamp.instant(clock.now)) [error] \(state.lost) lines could not be written\n"
            guard put(Array(note.utf8), to: &state) else {
                state.lost += count
                return
            }
            state.lost = 0
        }
        let (bytes, lines) = (state.ahead + line, state.linesAhead + count)
        (state.ahead, state.linesAhead) = ([], 0)
        if !put(bytes, lines, to: &state) { state.lost += lines }
    }

    private func put(_ bytes: [UInt8], _ lines: Int = 1, to state: inout State) -> Bool {
        do {
            if state.file == nil { reopen(&state) }
            guard let size = state.file?.size else { return false }
            if size > 0, size + bytes.count > folder.segmentLimit { try roll(&state) }
            try state.file?.append(bytes)
            state.nextLine += lines
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
            let begun = try AppendFile(inFolderOf: first)
            guard begun.size > 0 else {
                state.file = consume begun
                (state.nextLine, state.rolled) = (1, [])
                return
            }
            let segments = folder.segments(run, plannedAt: plannedAt)
            let last = segments.last ?? RunLogFolder.Segment(firstLine: 1, path: first)
            var lines = 0
            var ends = true
            try Disk.read(last.path) { piece in
                lines += piece.lineFeeds
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
        // Most are plain words; the others are asked as people read them.
        let isPlain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D }
        let isWord =
            !value.isEmpty
            && (isPlain || !value.contains { $0.isWhitespace || $0 == "\"" || $0 == "=" })
        return isWord ? value : String(decoding: WireValue.text(value).json, as: UTF8.self)
    }
}
