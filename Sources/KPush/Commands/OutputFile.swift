import Foundation
import PushEngine

/// A file that is written in large pieces and is complete once it is closed.
final class OutputFile {
    /// Bytes that are not in the file yet.
    var pending: [UInt8] = []
    private let handle: FileHandle

    /// Makes the file, or empties it.
    init(path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        pending.reserveCapacity(2 * Self.piece)
    }

    private static let piece = 1 << 20

    /// Writes what is pending once it is worth it.
    func flushWhenLarge() throws {
        if pending.count >= Self.piece { try flush() }
    }

    /// Writes the rest and closes the file.
    func close() throws {
        try flush()
        try handle.close()
    }

    private func flush() throws {
        try handle.write(contentsOf: pending)
        pending.removeAll(keepingCapacity: true)
    }
}

extension CrowdGenerator {
    /// Writes the crowd to a file, from the header to the last row.
    mutating func write(to path: String) throws {
        let file = try OutputFile(path: path)
        appendHeader(to: &file.pending)
        while appendRow(to: &file.pending) { try file.flushWhenLarge() }
        try file.close()
    }
}

/// A line on the terminal that tells how far a long command is; silent where nobody sees it.
struct ProgressLine {
    private let total: Int64
    private let isSeen = isatty(STDERR_FILENO) == 1
    private var shown = -1

    init(total: Int64) {
        self.total = total
    }

    /// Shows how much of the total is done.
    mutating func show(_ done: Int64) {
        let percent = Int(done * 100 / max(1, total))
        guard isSeen, percent != shown else { return }
        shown = percent
        write("\r\(percent) %")
    }

    /// Takes the line away.
    func clear() {
        if isSeen, shown >= 0 { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
