import Foundation
import TestKit

@testable import PushEngine

/// A crowd file of a test's own making.
struct CrowdText {
    var bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Hands the file's path to a closure.
    func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = try TemporaryFolder()
        let path = folder.file("crowd.csv")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return try body(path)
    }

    func layout(separator: CrowdSeparator? = nil) throws -> CrowdLayout {
        try withFile { try CrowdHeader.read(path: $0, separator: separator) }
    }

    /// All rows as one batch.
    func batch(_ reading: CrowdReading = CrowdReading()) throws -> CrowdBatch {
        try withFile { path in
            var reading = reading
            reading.batchBytes = .max
            let layout = try CrowdHeader.read(path: path)
            var reader = try CrowdFileReader(path: path, layout: layout, reading: reading)
            return try reader.nextBatch(maxRows: .max)
        }
    }

    /// All rows, read in one go.
    func rows(_ reading: CrowdReading = CrowdReading()) throws -> CrowdRows {
        var rows = CrowdRows()
        rows.add(try batch(reading))
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

/// A crowd file in a folder of its own, for as long as somebody holds on to it.
final class CrowdFolder: Sendable {
    private let folder: TemporaryFolder
    let path: String

    init(_ text: CrowdText) throws {
        folder = try TemporaryFolder()
        path = folder.file("crowd.csv")
        try Data(text.bytes).write(to: URL(fileURLWithPath: path))
    }
}
