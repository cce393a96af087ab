/// Why one row of a crowd file is not sent to; the other rows go on.
package enum CrowdRowFault: Error, Hashable, Sendable {
    /// Bytes that are not UTF-8, such as GBK.
    case encodingInvalid
    /// A NUL byte.
    case nulByte
    /// A control character other than a TAB at the ends of a field.
    case controlCharacter
    /// A zero-width, no-break or direction mark inside a field.
    case invisibleCharacter
    /// A quote in the middle of an unquoted field, or something else than a separator after a closing quote.
    case quote
    /// A quoted field that is opened on this line and never closed as it should be.
    case unterminatedQuote
    /// A quoted field with a line break in it, where the target cannot carry one.
    case fieldNewline
    /// Another number of fields than the header has.
    case columnCount
    /// A field of more than 64 KiB.
    case fieldTooLong
    /// A line of more than 1 MiB.
    case lineTooLong
    /// No recipient.
    case recipientEmpty
    /// A variable that the template needs is empty.
    case variableEmpty
    /// The recipient is no mobile number.
    case phone(PhoneFault)
    /// Nobody can be reached under the recipient's address.
    case address(AddressFault)
    /// The recipient stands in an earlier row, with the same variables.
    case duplicate(ofRow: Int64)
    /// The recipient stands in an earlier row, with other variables.
    case duplicateConflict(withRow: Int64)

    /// The code that reports show.
    package var code: String {
        switch self {
        case .encodingInvalid: "ENCODING_INVALID"
        case .nulByte: "NUL_BYTE"
        case .controlCharacter: "CONTROL_CHAR"
        case .invisibleCharacter: "INVISIBLE_CHAR"
        case .quote: "CSV_QUOTE"
        case .unterminatedQuote: "CSV_QUOTE_UNTERMINATED"
        case .fieldNewline: "FIELD_NEWLINE"
        case .columnCount: "COLUMN_COUNT"
        case .fieldTooLong: "FIELD_TOO_LONG"
        case .lineTooLong: "LINE_TOO_LONG"
        case .recipientEmpty: "RECIPIENT_EMPTY"
        case .variableEmpty: "VAR_EMPTY"
        case .phone(let fault): fault.rawValue
        case .address(let fault): fault.code
        case .duplicate: "DUPLICATE"
        case .duplicateConflict: "DUPLICATE_CONFLICT"
        }
    }

    /// What is wrong or would be right, in one sentence.
    package var hint: String {
        switch self {
        case .encodingInvalid: "the row is not UTF-8; save the file as UTF-8"
        case .nulByte: "the row holds a NUL byte"
        case .controlCharacter: "the row holds a control character"
        case .invisibleCharacter: "remove the invisible character inside the field"
        case .quote: "put the whole field into quotes and double the quotes inside it"
        case .unterminatedQuote: "the quote that opens the field is never closed"
        case .fieldNewline: "the field holds a line break"
        case .columnCount: "the row has another number of fields than the header"
        case .fieldTooLong: "the field is longer than 64 KiB"
        case .lineTooLong: "the line is longer than 1 MiB"
        case .recipientEmpty: "the recipient is empty"
        case .variableEmpty: "a variable of the template is empty"
        case .phone(let fault): fault.hint
        case .address(let fault): "the recipient \(fault.hint)"
        case .duplicate(let row): "same recipient as row \(row)"
        case .duplicateConflict(let row): "same recipient as row \(row), with other variables"
        }
    }
}

/// One row that is not sent to, as the report shows it.
package struct CrowdReject: Hashable, Sendable {
    /// The physical line on which the row begins, counted from 1.
    package let line: Int64
    /// The data row, counted from 1; blank lines have no number.
    package let row: Int64
    /// The column at fault, counted from 1, when one can be named.
    package let column: Int?
    package let fault: CrowdRowFault
    /// The line as it stands in the file, at most 200 characters; bytes that are no text show as U+FFFD.
    package let text: String

    package init(line: Int64, row: Int64, column: Int?, fault: CrowdRowFault, text: String) {
        self.line = line
        self.row = row
        self.column = column
        self.fault = fault
        self.text = text
    }

    /// The code that reports show.
    package var code: String { fault.code }

    /// The name of the column at fault among the file's columns, when one can be named.
    package func columnName(_ columns: [String]) -> String? {
        column.flatMap { columns.indices.contains($0 - 1) ? columns[$0 - 1] : nil }
    }

    /// The most characters of a line that a report repeats.
    static let textLimit = 200

    /// The beginning of a line as text, whatever its bytes are.
    static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        // No character needs more than 4 bytes, unless marks are stacked on it: 1 KiB shows 200 of any sane line.
        String(String(decoding: bytes.prefix(1_024), as: UTF8.self).prefix(textLimit))
    }
}
