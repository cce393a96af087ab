import Groundwork
import Synchronization

/// The logs of runs that ended well and whose handlers had nothing to say, many of them in one file: to make a file for such
/// a run would take longer than the run.
///
/// A line of the file is the run's number, a space, and a line of its log.
final class QuietLogs: Sendable {
    private struct State: ~Copyable {
        var path = ""
        var file: AppendFile?
    }

    // A file is a resource that handlers' ends share: a lock, held for one write.
    private let state = Mutex(State())

    /// How many runs share a file, by their numbers: so that little has to be read to find one.
    static let share: Int64 = 100_000

    /// Adds the whole log of a run; says whether it could.
    func add(_ lines: [UInt8], of run: RunID, to path: String) -> Bool {
        let mark = Array("\(run) ".utf8)
        let marked = lines.split(separator: UInt8(ascii: "\n")).flatMap { mark + $0 + [UInt8(ascii: "\n")] }
        return state.withLock { state in
            do {
                if state.path != path {
                    state.file = nil
                    state.file = try AppendFile(inFolderOf: path)
                    state.path = path
                }
                try state.file?.append(marked)
                return true
            } catch {
                state.path = ""
                state.file = nil
                return false
            }
        }
    }

    /// The lines of a run's log that `path` holds, each with its line feed; none where there is no such file.
    ///
    /// - Throws: `ExecutorError` when a file that is there cannot be read.
    static func lines(of run: RunID, in path: String) throws(ExecutorError) -> [[UInt8]] {
        let mark = Array("\(run) ".utf8)
        var lines: [[UInt8]] = []
        var partial: [UInt8] = []
        try Disk.read(path) { piece in
            var start = 0
            while let end = piece.lineFeed(from: start) {
                let line = piece[start...end]
                start = end + 1
                if !partial.isEmpty {
                    let whole = partial + line
                    if whole.starts(with: mark) { lines.append(Array(whole.dropFirst(mark.count))) }
                    partial = []
                } else if line.starts(with: mark) {
                    lines.append(Array(line.dropFirst(mark.count)))
                }
            }
            partial += piece[start...]
            return true
        }
        return lines
    }
}
