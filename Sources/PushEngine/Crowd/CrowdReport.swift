/// The file that tells an operator which rows were not sent to, and why: CSV that is safe to open in a spreadsheet.
package enum CrowdReport {
    /// Appends the header line.
    package static func appendHeader(to out: inout [UInt8]) {
        out.append(contentsOf: "line,row,column,code,reason,text\n".utf8)
    }

    /// Appends one refused row.
    package static func append(_ reject: CrowdReject, to out: inout [UInt8]) {
        let column = reject.column.map(String.init) ?? ""
        out.append(contentsOf: "\(reject.line),\(reject.row),\(column),\(reject.code),".utf8)
        appendCell(reject.fault.hint, to: &out)
        out.append(UInt8(ascii: ","))
        appendCell(reject.text, to: &out)
        out.append(UInt8(ascii: "\n"))
    }

    /// Appends the header line of a report on an occurrence's refused rows.
    package static func appendStoredHeader(to out: inout [UInt8]) {
        out.append(contentsOf: "line,row,column,code,text\n".utf8)
    }

    /// Appends one refused row of an occurrence.
    package static func append(_ reject: RowReject, to out: inout [UInt8]) {
        out.append(contentsOf: "\(reject.line),\(reject.row),".utf8)
        appendCell(reject.column, to: &out)
        out.append(contentsOf: ",\(reject.code),".utf8)
        appendCell(reject.text, to: &out)
        out.append(UInt8(ascii: "\n"))
    }

    /// Appends a cell in quotes; what a spreadsheet would run as a formula gets an apostrophe before it.
    package static func appendCell(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        if let first = text.utf8.first, formulaStarts.contains(first) { out.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { out.append(byte) }
            // A NUL ends the file for many programs.
            out.append(contentsOf: byte == 0 ? Array("\u{FFFD}".utf8) : [byte])
        }
        out.append(UInt8(ascii: "\""))
    }

    private static let formulaStarts: Set<UInt8> = Set("=+-@\t\r".utf8)
}
