import Crypto

/// Reads the rows of a crowd file in batches, from any record boundary on, in memory that does not grow with it.
///
/// The rows, their numbers and what is refused depend on the file's bytes and the options alone: neither on where
/// batches end, nor on how often reading stopped and went on at a committed cursor.
package struct CrowdFileReader: ~Copyable, Sendable {
    private let layout: CrowdLayout
    private let scanner: CSVScanner
    private let gate: RowGate
    private let batchBytes: Int
    /// Records that begin here or later are somebody else's.
    private let end: Int64
    private var window: ByteWindow
    /// Where the next record begins.
    package private(set) var cursor: CrowdCursor
    /// Room for the fields of the record at hand.
    private var scratch: [FieldSlice]
    /// Takes in the bytes as they are read, when somebody wants to know their hash.
    var hash: SHA256?

    /// Begins to read a crowd file.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - layout: what its header settled.
    ///   - reading: what is checked and how strictly; nil checks what the layout promises.
    ///   - cursor: where to begin; nil begins with the first row.
    ///   - end: where the records of others begin; nil reads to the end of the file.
    /// - Throws: `CrowdFileError` when the file is shorter than the cursor says.
    package init(
        _ bytes: any CrowdBytes,
        layout: CrowdLayout,
        reading: CrowdReading? = nil,
        from cursor: CrowdCursor? = nil,
        to end: Int64? = nil
    ) throws(CrowdFileError) {
        let reading = reading ?? CrowdReading(layout)
        let cursor = cursor ?? layout.body
        let end = end ?? bytes.size
        guard cursor.offset <= bytes.size, end <= bytes.size else { throw .changed }
        scanner = CSVScanner(
            separator: layout.separator,
            columns: layout.columns.count,
            lenientQuotes: reading.lenientQuotes
        )
        gate = RowGate(reading: reading, recipient: layout.recipient)
        batchBytes = max(1, reading.batchBytes)
        let ahead = ReadAhead(bytes, from: cursor.offset, to: end, pieceSize: max(16, reading.chunk))
        window = ByteWindow(ahead, offset: cursor.offset)
        scratch = Array(repeating: FieldSlice(start: 0, end: 0), count: layout.columns.count)
        self.end = end
        self.layout = layout
        self.cursor = cursor
    }

    /// Whether every record of the range has been read.
    package var isAtEnd: Bool { cursor.offset >= end }

    /// Bytes of memory in use for the part of the file at hand; they do not grow with it.
    var memory: Int { window.storage.count }

    /// Reads on: up to `maxRows` rows, good and refused ones together, and never much more than the byte limit.
    ///
    /// - Returns: the rows; `isLast` when nothing follows.
    /// - Throws: `CrowdFileError` when the file cannot be read or has become shorter.
    package mutating func nextBatch(maxRows: Int) async throws(CrowdFileError) -> CrowdBatch {
        var batch = CrowdBatch(
            columns: layout.columns.count,
            recipient: layout.recipient,
            start: cursor,
            capacity: min(maxRows, 4_096)
        )
        reading: while !isAtEnd {
            switch scanWindow(into: &batch, maxRows: max(1, maxRows)) {
            case .batchFull: break reading
            case .needsBytes: try await refill()
            case .lineTooLong: try await skipLine()
            }
        }
        batch.end = cursor
        batch.isLast = isAtEnd
        return batch
    }

    private mutating func refill() async throws(CrowdFileError) {
        let fresh = try await window.refill()
        window.storage.withUnsafeBytes { bytes in
            hash?.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[fresh]))
        }
    }

    /// Takes every whole record of the window.
    private mutating func scanWindow(into batch: inout CrowdBatch, maxRows: Int) -> RowScan.Pause {
        // Both move out of self for the time of the scan, so that their memory can be used in place.
        var storage: [UInt8] = []
        var fields: [FieldSlice] = []
        swap(&storage, &window.storage)
        swap(&fields, &scratch)
        defer {
            swap(&storage, &window.storage)
            swap(&fields, &scratch)
        }
        var scan = RowScan(cursor: cursor, head: window.head, tail: window.tail, isFinal: window.isFinal)
        scan.rangeEnd = window.head + Int(min(end - cursor.offset, Int64(Int.max / 2)))
        scan.maxRows = maxRows
        scan.batchBytes = batchBytes
        let pause = storage.withUnsafeMutableBufferPointer { bytes in
            fields.withUnsafeMutableBufferPointer { fields in
                scan.run(bytes: bytes, fields: fields, scanner: scanner, gate: gate, batch: &batch)
            }
        }
        window.head = scan.head
        cursor = scan.cursor
        return pause
    }

    /// Passes over the rest of a line of which the beginning was refused as too long.
    private mutating func skipLine() async throws(CrowdFileError) {
        while true {
            let found = window.storage[window.head..<window.head + window.count]
                .firstIndex { $0 == 0x0A || $0 == 0x0D }
            guard let found else {
                window.head += window.count
                if window.isFinal { break }
                try await refill()
                continue
            }
            window.head = found
            // Whether a CR has a LF after it must be seen before the line is left.
            if window.count < 2, !window.isFinal { try await refill() }
            let isPair =
                window.count > 1 && window.storage[window.head] == 0x0D
                && window.storage[window.head + 1] == 0x0A
            window.head += isPair ? 2 : 1
            break
        }
        cursor.offset = window.offset
    }
}
