import Crypto
import Groundwork

/// What one pass over a crowd file found: enough to freeze it, to show it, and to send it in parallel.
package struct CrowdSurvey: Sendable, Hashable, Codable {
    package let layout: CrowdLayout
    package private(set) var size: Int64 = 0
    /// SHA-256 of the file's bytes, in lower-case hexadecimal digits.
    package private(set) var sha256 = ""
    /// Data rows, good and refused.
    package var rows: Int { good + rejected.values.reduce(0, +) }
    /// Rows that can be sent to; recipients that stand in several rows count each time.
    package private(set) var good = 0
    /// Refused rows by code.
    package private(set) var rejected: [String: Int] = [:]
    /// Blank lines.
    package private(set) var emptyLines = 0
    /// Recipients whose spelling was put right.
    package private(set) var repaired = 0
    package private(set) var lineEnds = CrowdBatch.LineEnds()
    /// The file cut at record boundaries, in order, without a gap.
    package private(set) var shards: [CrowdShardPlan] = []
}

/// A range of a crowd file that begins and ends at record boundaries.
package struct CrowdShardPlan: Hashable, Sendable, Codable {
    /// Where its first record begins.
    package let start: Int64
    /// Where the first record of the next shard begins.
    package let end: Int64
    /// The number of its first data row.
    package let firstRow: Int64
    /// The number of its first physical line.
    package let firstLine: Int64

    package init(start: Int64, end: Int64, firstRow: Int64, firstLine: Int64) {
        self.start = start
        self.end = end
        self.firstRow = firstRow
        self.firstLine = firstLine
    }

    /// Where reading the shard begins.
    package var cursor: CrowdCursor { CrowdCursor(offset: start, row: firstRow, line: firstLine) }
}

extension CrowdSurvey {
    /// How a pass is made.
    package struct Settings: Sendable {
        package var reading = CrowdReading()
        /// About how many bytes a shard takes.
        package var shardSize: Int64 = 16 * 1_024 * 1_024
        /// Rows between two points at which the pass can be cancelled.
        package var batchRows = 8_192

        package init() {}
    }

    /// Makes the pass: hashes, counts, and cuts into shards.
    ///
    /// - Parameters:
    ///   - path: where the file is.
    ///   - layout: what its header settled.
    ///   - settings: what is checked, and how large shards are.
    ///   - visit: sees the rows of each batch as it goes by, such as to show progress or write the report.
    /// - Returns: what was found.
    /// - Throws: `CrowdFileError.noRows` when nothing follows the header, `.changed` when the file changes
    ///   meanwhile, `CancellationError` when the task is cancelled.
    package static func make(
        of path: String,
        layout: CrowdLayout,
        settings: Settings = Settings(),
        visit: (CrowdBatch) throws -> Void = { _ in }
    ) async throws -> CrowdSurvey {
        var survey = CrowdSurvey(layout: layout)
        var reader = try CrowdFileReader(path: path, layout: layout, reading: settings.reading)
        var digest = try FileDigest(path: path)
        survey.size = digest.size
        var shardStart = layout.body
        while !reader.isAtEnd {
            try Task.checkCancellation()
            let batch = try reader.nextBatch(maxRows: settings.batchRows)
            try digest.advance(to: batch.end.offset)
            survey.count(batch)
            try visit(batch)
            if batch.end.offset - shardStart.offset >= settings.shardSize || batch.isLast {
                survey.close(shardStart, at: batch.end)
                shardStart = batch.end
            }
            await Task.yield()
        }
        guard survey.rows > 0 else { throw CrowdFileError.noRows }
        survey.sha256 = try digest.finish()
        return survey
    }

    private mutating func count(_ batch: CrowdBatch) {
        good += batch.count
        emptyLines += batch.emptyLines
        repaired += batch.repaired
        lineEnds += batch.lineEnds
        for reject in batch.rejected { rejected[reject.code, default: 0] += 1 }
    }

    private mutating func close(_ start: CrowdCursor, at end: CrowdCursor) {
        shards.append(
            CrowdShardPlan(
                start: start.offset,
                end: end.offset,
                firstRow: start.row,
                firstLine: start.line
            )
        )
    }
}

/// Hashes a file from its beginning, a bit behind whoever reads it, so that its bytes are still in the page cache.
private struct FileDigest: ~Copyable {
    private let path: String
    private let file: FrozenFile
    private var hash = SHA256()
    private var offset: Int64 = 0
    private var piece = [UInt8](repeating: 0, count: 256 * 1_024)

    init(path: String) throws(CrowdFileError) {
        self.path = path
        file = try FrozenFile(path: path)
    }

    var size: Int64 { file.size }

    /// Hashes on up to `end`.
    mutating func advance(to end: Int64) throws(CrowdFileError) {
        while offset < end {
            let wanted = Int(min(Int64(piece.count), end - offset))
            let filled = try file.read(at: offset, into: &piece, count: wanted)
            piece.withUnsafeBytes {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<filled]))
            }
            offset += Int64(filled)
        }
    }

    /// The hash of the whole file as hexadecimal digits.
    mutating func finish() throws(CrowdFileError) -> String {
        try advance(to: file.size)
        let now = try FrozenFile(path: path)
        guard now.size == file.size else { throw .changed }
        return hash.finalize().hexDigits
    }
}
