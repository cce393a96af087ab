import Foundation
import Groundwork

/// Where run logs lie: a folder a day, in it a file a run.
///
/// The first segment of a run's log is `{run}.log`. A log that outgrows it goes on in `{run}.log.d/{n}`,
/// where `n` is the number of the segment's first line; of those only the newest are kept. So a log of any
/// length keeps its beginning and its end, and a line keeps its number. Runs of which there is nothing to tell share files: see
/// `QuietLogs`.
struct RunLogFolder: Sendable {
    let path: String
    let stamp: LogStamp
    /// The most one run's log may take on disk, in bytes.
    let limit: Int
    /// Takes the logs of runs of which there is nothing to tell.
    let quiet = QuietLogs()

    init(path: String, zone: TimeZone, limit: Int) {
        self.path = path
        self.stamp = LogStamp(zone: zone)
        self.limit = limit
    }

    /// How many segments share the limit.
    static let segments = 4
    /// The most lines in a page.
    static let pageLines = 1_000
    /// The most bytes in a page, unless its first line alone is longer.
    static let pageBytes = 1 << 20
    /// The most bytes in one line; what is longer is cut.
    static let lineBytes = 64 << 10

    /// The most bytes in a segment.
    var segmentLimit: Int { max(1, limit / RunLogFolder.segments) }

    /// One piece of a run's log.
    struct Segment: Hashable {
        /// The number of its first line, from 1.
        let firstLine: Int
        let path: String
    }

    /// The path of the first segment.
    func file(_ run: RunID, plannedAt: Moment) -> String {
        "\(path)/\(stamp.day(plannedAt))/\(run).log"
    }

    /// The path of the file that a run shares when there is nothing to tell of it.
    func quietFile(_ run: RunID, plannedAt: Moment) -> String {
        "\(path)/\(stamp.day(plannedAt))/quiet-\(run.rawValue / QuietLogs.share).log"
    }

    /// The path of the segment that starts with line `firstLine`.
    func rolledFile(_ run: RunID, plannedAt: Moment, firstLine: Int) -> String {
        "\(rolledFolder(run, plannedAt: plannedAt))/\(firstLine)"
    }

    /// The folder of all segments but the first.
    func rolledFolder(_ run: RunID, plannedAt: Moment) -> String {
        file(run, plannedAt: plannedAt) + ".d"
    }

    /// The segments that are there, in order.
    func segments(_ run: RunID, plannedAt: Moment) -> [Segment] {
        let first = file(run, plannedAt: plannedAt)
        guard FileManager.default.fileExists(atPath: first) else { return [] }
        // A log that never outgrew its first segment has no such folder.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: first + ".d")) ?? []
        let rolled = names.compactMap(Int.init).sorted()
            .map {
                Segment(firstLine: $0, path: "\(first).d/\($0)")
            }
        return [Segment(firstLine: 1, path: first)] + rolled
    }

    /// Reads a page of a run's log, starting with line `fromLine`.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - plannedAt: the instant for which it was planned, which tells the day.
    ///   - fromLine: the first line wanted, from 1.
    ///   - isOver: whether nothing more will be written to the log.
    /// - Returns: whole lines only; `toLine` below `fromLine` when there is nothing new; a page that says so,
    ///   and is the end, when there is no such log.
    /// - Throws: `ExecutorError` when a log that is there cannot be read.
    func page(
        _ run: RunID,
        plannedAt: Moment,
        fromLine: Int,
        isOver: Bool
    ) throws(ExecutorError) -> LogPage {
        let segments = segments(run, plannedAt: plannedAt)
        guard let index = segments.lastIndex(where: { $0.firstLine <= fromLine }) else {
            return try quietPage(run, plannedAt: plannedAt, fromLine: fromLine)
        }
        let next = index + 1 < segments.count ? segments[index + 1] : nil
        var reader = PageReader(skip: fromLine - segments[index].firstLine)
        try Disk.read(segments[index].path) { reader.take($0) }
        if reader.lines == 0, let next, next.firstLine > fromLine {
            let last = next.firstLine - 1
            let lost = "\(LogPage.droppedNote): \(fromLine) to \(last), the log outgrew its limit]\n"
            return LogPage(fromLine: fromLine, toLine: last, content: lost, isEnd: false)
        }
        return LogPage(
            fromLine: fromLine,
            toLine: fromLine + reader.lines - 1,
            content: String(decoding: reader.content, as: UTF8.self),
            isEnd: isOver && reader.reachedEnd && next == nil
        )
    }

    /// Reads a page of the log of a run of which there is nothing to tell, and which is over.
    private func quietPage(
        _ run: RunID,
        plannedAt: Moment,
        fromLine: Int
    ) throws(ExecutorError) -> LogPage {
        let lines = try QuietLogs.lines(of: run, in: quietFile(run, plannedAt: plannedAt))
        guard !lines.isEmpty else {
            return LogPage(
                fromLine: fromLine,
                toLine: 0,
                content: "readLog fail, logFile not exists",
                isEnd: true
            )
        }
        let content = lines.dropFirst(max(0, fromLine - 1)).flatMap { $0 }
        return LogPage(
            fromLine: fromLine,
            toLine: max(lines.count, fromLine - 1),
            content: String(decoding: content, as: UTF8.self),
            isEnd: true
        )
    }

    /// Removes the days that are more than `days` days before the one of `now`, and before all runs that are not over.
    ///
    /// - Parameters:
    ///   - days: how many days to keep besides the present one.
    ///   - now: the present instant.
    ///   - openSince: the planned instant of the oldest run that is not over.
    /// - Returns: the names of the days that were removed.
    /// - Throws: `ExecutorError` when a day cannot be removed.
    @discardableResult
    func prune(keeping days: Int, now: Moment, openSince: Moment? = nil) throws(ExecutorError) -> [String] {
        let kept = stamp.day(days, before: now)
        let oldest = openSince.map { min(kept, stamp.day($0)) } ?? kept
        do {
            guard FileManager.default.fileExists(atPath: path) else { return [] }
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            let old = names.filter { LogStamp.isDay($0) && $0 < oldest }.sorted()
            for name in old { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
            return old
        } catch {
            throw ExecutorError(.storage, during: "prune \(path)", detail: "\(error)")
        }
    }
}

/// Collects whole lines out of a file that is read piece by piece.
private struct PageReader {
    /// How many lines to pass over first.
    var skip: Int
    /// The lines collected, each with its line feed.
    private(set) var content: [UInt8] = []
    private(set) var lines = 0
    /// Whether the file ended before the page was full.
    private(set) var reachedEnd = true
    private var partial: [UInt8] = []

    init(skip: Int) {
        self.skip = skip
    }

    /// Takes one piece and answers whether there is room for more.
    mutating func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        var start = 0
        while let end = piece.lineFeed(from: start) {
            let line = piece[start...end]
            start = end + 1
            if skip > 0 {
                skip -= 1
                partial.removeAll(keepingCapacity: true)
                continue
            }
            let size = partial.count + line.count
            let isFull = lines == RunLogFolder.pageLines || content.count + size > RunLogFolder.pageBytes
            if isFull, lines > 0 {
                reachedEnd = false
                return false
            }
            content += partial
            content += line
            partial.removeAll(keepingCapacity: true)
            lines += 1
        }
        if skip == 0 { partial += piece[start...] }
        return true
    }
}
