/// Consecutive rows of a crowd file, as arrays side by side: no object and no text per row.
package struct CrowdBatch: Sendable {
    /// How the lines of a file end.
    package struct LineEnds: Hashable, Sendable, Codable {
        package var lf = 0
        package var crlf = 0
        package var cr = 0

        /// Whether more than one kind occurs.
        package var areMixed: Bool { [lf, crlf, cr].count { $0 > 0 } > 1 }

        package static func += (left: inout LineEnds, right: LineEnds) {
            left.lf += right.lf
            left.crlf += right.crlf
            left.cr += right.cr
        }
    }

    /// Fields in each row.
    package let columns: Int
    /// Which field is the recipient.
    package let recipient: Int
    /// Where the batch begins.
    package let start: CrowdCursor
    /// Where the next batch begins: commit it with the batch's effects, and nothing is lost or done twice.
    package internal(set) var end: CrowdCursor
    /// Whether nothing follows in the range that is read.
    package internal(set) var isLast = false

    /// What the fields point into.
    package internal(set) var bytes: [UInt8] = []
    /// The fields of all good rows, `columns` of them a row, quotes taken off and ends trimmed.
    package internal(set) var fields: [FieldSlice] = []
    /// The number of each good row, counted from 1 over the whole file.
    package internal(set) var rows: [Int64] = []
    /// The physical line of each good row.
    package internal(set) var lines: [Int64] = []
    /// The recipient of each good row; empty when recipients are no numbers.
    package internal(set) var phones: [PhoneNumber] = []
    /// The recipient of each good row in its one spelling; empty when recipients are numbers.
    package internal(set) var addresses = ByteTable()
    /// Rows that are not sent to.
    package internal(set) var rejected: [CrowdReject] = []
    /// Blank lines passed over.
    package internal(set) var emptyLines = 0
    /// Recipients whose spelling had to be put right.
    package internal(set) var repaired = 0
    package internal(set) var lineEnds = LineEnds()

    init(columns: Int, recipient: Int, start: CrowdCursor, capacity: Int) {
        self.columns = columns
        self.recipient = recipient
        self.start = start
        end = start
        fields.reserveCapacity(capacity * columns)
        rows.reserveCapacity(capacity)
        lines.reserveCapacity(capacity)
        phones.reserveCapacity(capacity)
    }

    /// Good rows in the batch.
    package var count: Int { rows.count }

    /// The bytes of one field of a good row.
    ///
    /// - Parameters:
    ///   - column: counted from 0.
    ///   - index: the row's place in the batch, counted from 0.
    /// - Returns: the bytes, UTF-8.
    package func field(_ column: Int, at index: Int) -> ArraySlice<UInt8> {
        bytes[fields[index * columns + column].range]
    }

    /// One field of a good row as a text, for what is off the hot path.
    ///
    /// - Parameters:
    ///   - column: counted from 0.
    ///   - index: the row's place in the batch, counted from 0.
    /// - Returns: the field's text.
    package func text(_ column: Int, at index: Int) -> String {
        String(decoding: field(column, at: index), as: UTF8.self)
    }
}
