package import Groundwork

/// Why a crowd file as a whole is refused, or can be read no further.
package enum CrowdFileError: Error, Hashable, Sendable {
    /// The file cannot be opened or read.
    case unreadable(StoreError)
    /// The file is not what it was when it was frozen.
    case changed
    /// Another kind of file.
    case unsupported(CrowdFileKind)
    /// No bytes but blanks.
    case empty
    /// A header and nothing else.
    case noRows
    /// Not one row can be sent to: the first of them, and what is wrong with it.
    case noGoodRows(CrowdReject)
    /// The first line is data: it holds a mobile number.
    case headerMissing
    /// The first line is no readable header row.
    case headerUnreadable(CrowdRowFault)
    /// Two columns mean the same.
    case headerDuplicate([String])
    /// More columns than a crowd may have.
    case tooManyColumns(Int)
    /// No column is the recipient's.
    case recipientMissing(columns: [String])
    /// Variables of the template that no column holds.
    case variablesMissing([String])

    /// The code that people and programs see.
    package var code: String {
        switch self {
        case .unreadable: "FILE_UNREADABLE"
        case .changed: "FILE_CHANGED"
        case .unsupported: "FILE_UNSUPPORTED"
        case .empty: "FILE_EMPTY"
        case .noRows: "NO_ROWS"
        case .noGoodRows: "NO_GOOD_ROWS"
        case .headerMissing: "HEADER_MISSING"
        case .headerUnreadable: "HEADER_UNREADABLE"
        case .headerDuplicate: "HEADER_DUPLICATE"
        case .tooManyColumns: "TOO_MANY_COLUMNS"
        case .recipientMissing: "RECIPIENT_MISSING"
        case .variablesMissing: "VARIABLE_MISSING"
        }
    }
}

extension CrowdFileError {
    /// What it means that a file's bytes cannot be had.
    init(_ error: StoreError) {
        self = error.code == .conflict ? .changed : .unreadable(error)
    }
}

extension CrowdFileError: CustomStringConvertible {
    package var description: String { "crowd file: \(code): \(detail)" }

    private var detail: String {
        switch self {
        case .unreadable(let error): "\(error.operation): \(error.detail)"
        case .changed: "the file changed while it was read"
        case .unsupported(let kind): "this is \(kind.rawValue); export it as CSV in UTF-8"
        case .empty: "the file is empty"
        case .noRows: "the file has a header and no rows"
        case .noGoodRows(let first):
            "not one row can be sent to; row \(first.row), line \(first.line): \(first.code): \(first.fault.hint)"
        case .headerMissing: "line 1 holds a recipient; the first line must name the columns"
        case .headerUnreadable(let fault): "line 1: \(fault.code): \(fault.hint)"
        case .headerDuplicate(let names): "columns that mean the same: \(names.joined(separator: ", "))"
        case .tooManyColumns(let count): "\(count) columns; at most \(CrowdHeader.columnLimit)"
        case .recipientMissing(let columns):
            "no recipient column (userId, phone, …) among: \(columns.joined(separator: ", "))"
        case .variablesMissing(let names): "no column for: \(names.joined(separator: ", "))"
        }
    }
}

/// What a file that is no CSV in UTF-8 really is; the raw value names it for people.
package enum CrowdFileKind: String, Hashable, Sendable, CaseIterable {
    case gzip = "a gzip archive"
    case zip = "a zip archive"
    case xlsx = "an Excel workbook (xlsx)"
    case xls = "an old Excel workbook (xls)"
    case html = "an HTML page"
    case utf16LittleEndian = "UTF-16 text (little-endian)"
    case utf16BigEndian = "UTF-16 text (big-endian)"
    case legacyChinese = "text in GBK or GB18030"

    /// What the first bytes of a file show it to be; nil when it may be CSV in UTF-8.
    static func detect(_ head: UnsafeBufferPointer<UInt8>) -> CrowdFileKind? {
        func begins(_ magic: [UInt8]) -> Bool { head.prefix(magic.count).elementsEqual(magic) }
        if begins([0x1F, 0x8B]) { return .gzip }
        if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) {
            return isWorkbook(head) ? .xlsx : .zip
        }
        if begins([0xD0, 0xCF, 0x11, 0xE0]) { return .xls }
        if begins([0xFF, 0xFE]) { return .utf16LittleEndian }
        if begins([0xFE, 0xFF]) { return .utf16BigEndian }
        if isHTML(head) { return .html }
        return utf16WithoutMark(head)
    }

    private static func isWorkbook(_ head: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = String(decoding: head.prefix(8_192), as: UTF8.self)
        return text.contains("[Content_Types].xml") || text.contains("xl/")
    }

    private static func isHTML(_ head: UnsafeBufferPointer<UInt8>) -> Bool {
        let text = String(decoding: head.prefix(512), as: UTF8.self).lowercased()
            .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        return ["<html", "<!doctype", "<table", "<?xml"].contains { text.hasPrefix($0) }
    }

    /// ASCII in UTF-16 has a NUL in every other byte.
    private static func utf16WithoutMark(_ head: UnsafeBufferPointer<UInt8>) -> CrowdFileKind? {
        guard head.count >= 8 else { return nil }
        let pairs = (0..<4).map { (head[$0 * 2], head[$0 * 2 + 1]) }
        if pairs.allSatisfy({ $0.0 != 0 && $0.1 == 0 }) { return .utf16LittleEndian }
        if pairs.allSatisfy({ $0.0 == 0 && $0.1 != 0 }) { return .utf16BigEndian }
        return nil
    }
}
