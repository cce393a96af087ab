import Foundation

/// One value of a row as a dump spells it.
enum DumpValue: Hashable, Sendable {
    case null
    /// A string, or a literal in hexadecimal digits or bits.
    case bytes([UInt8])
    /// A number in its digits.
    case number(String)
    /// Something that the server would work out, such as `now()`.
    case expression(String)
}

/// One row that a dump inserts into a table.
struct DumpRow: Hashable, Sendable {
    let table: String
    /// By column, in lower case.
    let values: [String: DumpValue]
    /// The line of the dump on which the row ends, counted from 1.
    let line: Int

    /// The text of the first of `columns` that the row has.
    ///
    /// - Parameter columns: the names that the column had over time, the newest first.
    /// - Returns: nil for NULL.
    /// - Throws: `DumpError` when there is no such column, or its value is no text in UTF-8.
    func text(_ columns: String...) throws(DumpError) -> String? {
        guard let (column, value) = first(of: columns) else { throw missing(columns) }
        switch value {
        case .null: return nil
        case .number(let digits): return digits
        case .expression: throw DumpError(line, "\(table).\(column) is no plain value")
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                let way = "dump with --default-character-set=utf8mb4"
                throw DumpError(line, "\(table).\(column) is not in UTF-8: \(way)")
            }
            return text
        }
    }

    /// The whole number of the first of `columns` that the row has.
    ///
    /// - Parameter columns: the names that the column had over time, the newest first.
    /// - Returns: nil for NULL.
    /// - Throws: `DumpError` when there is no such column, or its value is no whole number.
    func number(_ columns: String...) throws(DumpError) -> Int? {
        guard let (column, value) = first(of: columns) else { throw missing(columns) }
        switch value {
        case .null: return nil
        case .number(let digits):
            if let number = Int(digits) { return number }
        case .bytes(let bytes):
            if let number = Int(String(decoding: bytes, as: UTF8.self)) { return number }
        case .expression: break
        }
        throw DumpError(line, "\(table).\(column) is no whole number")
    }

    /// Whether the row has the column at all.
    func has(_ column: String) -> Bool { values[column] != nil }

    private func first(of columns: [String]) -> (String, DumpValue)? {
        for column in columns {
            if let value = values[column] { return (column, value) }
        }
        return nil
    }

    private func missing(_ columns: [String]) -> DumpError {
        DumpError(line, "\(table) has no column \(columns.joined(separator: " or "))")
    }
}

/// Why a dump cannot be read on.
struct DumpError: Error, Hashable, CustomStringConvertible {
    /// The line, counted from 1; 0 where the file as a whole cannot be read.
    let line: Int
    /// What is wrong there, in one line.
    let reason: String

    init(_ line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    var description: String { line == 0 ? reason : "line \(line): \(reason)" }
}
