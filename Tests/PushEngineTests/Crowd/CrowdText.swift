import Groundwork

@testable import PushEngine

/// A crowd file of a test's own making.
struct CrowdText: CrowdBytes {
    var bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var size: Int64 { Int64(bytes.count) }

    func read(_ count: Int, at offset: Int64) -> [UInt8] {
        Array(bytes.dropFirst(Int(offset)).prefix(count))
    }

    func layout(separator: CrowdSeparator? = nil) async throws -> CrowdLayout {
        try await CrowdHeader.read(self, separator: separator)
    }

    /// All rows as one batch.
    func batch(_ reading: CrowdReading = CrowdReading()) async throws -> CrowdBatch {
        var reading = reading
        reading.batchBytes = .max
        var reader = try CrowdFileReader(self, layout: await layout(), reading: reading)
        return try await reader.nextBatch(maxRows: .max)
    }

    /// All rows, read in one go.
    func rows(_ reading: CrowdReading = CrowdReading()) async throws -> CrowdRows {
        var rows = CrowdRows()
        rows.add(try await batch(reading))
        return rows
    }
}

/// What reading gave, in a form that can be compared whatever the batches were.
struct CrowdRows: Equatable {
    struct Row: Equatable {
        let number: Int64
        let line: Int64
        let phone: Int64?
        let fields: [String]
    }

    var rows: [Row] = []
    var rejected: [CrowdReject] = []
    var emptyLines = 0
    var repaired = 0
    var lineEnds = CrowdBatch.LineEnds()
    var end: CrowdCursor?

    mutating func add(_ batch: CrowdBatch) {
        for index in 0..<batch.count {
            rows.append(
                Row(
                    number: batch.rows[index],
                    line: batch.lines[index],
                    phone: batch.phones.isEmpty ? nil : batch.phones[index].rawValue,
                    fields: (0..<batch.columns).map { batch.text($0, at: index) }
                )
            )
        }
        rejected += batch.rejected
        emptyLines += batch.emptyLines
        repaired += batch.repaired
        lineEnds += batch.lineEnds
        end = batch.end
    }

    /// The refused rows as `row:code`.
    var faults: [String] { rejected.map { "\($0.row):\($0.code)" } }
}
