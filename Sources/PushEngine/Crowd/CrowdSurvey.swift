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
        /// What is checked; nil checks what the layout promises.
        package var reading: CrowdReading?
        /// About how many bytes a shard takes.
        package var shardSize: Int64 = 16 * 1_024 * 1_024
        /// Rows between two points at which the pass can be cancelled.
        package var batchRows = 8_192

        package init() {}
    }

    /// Makes the pass: hashes, counts, and cuts into shards.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - layout: what its header settled.
    ///   - settings: what is checked, and how large shards are.
    ///   - visit: sees the rows of each batch as it goes by, such as to show progress or write the report.
    /// - Returns: what was found.
    /// - Throws: `CrowdFileError.noRows` when nothing follows the header, `.changed` when the file changes
    ///   meanwhile, `CancellationError` when the task is cancelled.
    package static func make(
        of bytes: any CrowdBytes,
        layout: CrowdLayout,
        settings: Settings = Settings(),
        visit: (CrowdBatch) throws -> Void = { _ in }
    ) async throws -> CrowdSurvey {
        var survey = CrowdSurvey(layout: layout)
        survey.size = bytes.size
        var reader = try CrowdFileReader(bytes, layout: layout, reading: settings.reading)
        reader.hash = try await hash(of: bytes, before: layout.body.offset)
        var shardStart = layout.body
        while !reader.isAtEnd {
            try Task.checkCancellation()
            let batch = try await reader.nextBatch(maxRows: settings.batchRows)
            survey.count(batch)
            try visit(batch)
            if batch.end.offset - shardStart.offset >= settings.shardSize || batch.isLast {
                survey.close(shardStart, at: batch.end)
                shardStart = batch.end
            }
            await Task.yield()
        }
        guard survey.rows > 0 else { throw CrowdFileError.noRows }
        survey.sha256 = reader.hash?.finalize().hexDigits ?? ""
        return survey
    }

    /// The hash of what stands before the rows, to be gone on with.
    private static func hash(
        of bytes: any CrowdBytes,
        before end: Int64
    ) async throws(CrowdFileError) -> SHA256 {
        var hash = SHA256()
        do throws(StoreError) { hash.update(data: try await bytes.read(Int(end), at: 0)) } catch {
            throw CrowdFileError(error)
        }
        return hash
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
