/// One walk over one record: where it stands, and what it has found so far.
struct CSVPass {
    private enum Ending {
        /// A separator: another field follows.
        case separator
        /// The record is complete.
        case record
        /// The bytes end before the record does.
        case incomplete
    }

    private let text: CSVText
    private let columns: Int
    private let lenientQuotes: Bool
    private let hasWideSeparator: Bool
    private let fields: UnsafeMutablePointer<FieldSlice>
    private var at: Int
    private(set) var record = CSVRecord()

    @inline(__always)
    init(text: CSVText, scanner: CSVScanner, fields: UnsafeMutablePointer<FieldSlice>, at: Int) {
        self.text = text
        columns = scanner.columns
        lenientQuotes = scanner.lenientQuotes
        hasWideSeparator = scanner.separator == .fullWidthComma
        self.fields = fields
        self.at = at
    }

    /// Walks to the record's end; false when the bytes end before that.
    @inline(__always)
    mutating func run() -> Bool {
        var ending = field()
        while ending == .separator { ending = field() }
        guard ending == .record else { return false }
        if record.structureFault == nil, record.fields < columns || record.traits.contains(.surplus) {
            breakOff(.columnCount)
        }
        return true
    }

    // MARK: Fields

    @inline(__always)
    private mutating func field() -> Ending {
        let start = at
        if at < text.stop, text.kinds[Int(text.bytes[at])] == ByteKind.quote {
            at += 1
            return quoted(from: at)
        }
        while at < text.stop {
            let kind = text.kinds[Int(text.bytes[at])]
            if kind == ByteKind.ordinary {
                at += 1
                continue
            }
            if let ending = special(kind, fieldStart: start) { return ending }
        }
        return endOfBytes(fieldStart: start)
    }

    /// Deals with a byte that is not an ordinary character of an unquoted field.
    @inline(__always)
    private mutating func special(_ kind: UInt8, fieldStart start: Int) -> Ending? {
        switch kind {
        case ByteKind.separator:
            close(start, at)
            at += 1
            return .separator
        case ByteKind.lf, ByteKind.cr:
            let end = at
            guard passLineEnd() else { return .incomplete }
            close(start, end)
            record.end = at
            return .record
        case ByteKind.quote: return strayQuote(fieldStart: start)
        case ByteKind.high:
            if isWideSeparator {
                close(start, at)
                at += 3
                return .separator
            }
            return passHigh() ? nil : .incomplete
        default:
            passControl(kind)
            return nil
        }
    }

    /// A quote that does not begin its field: a spreadsheet's `="…"`, or a fault.
    private mutating func strayQuote(fieldStart start: Int) -> Ending? {
        if at == start + 1, text.bytes[start] == UInt8(ascii: "=") {
            at += 1
            return quoted(from: at)
        }
        if lenientQuotes {
            at += 1
            return nil
        }
        return refuseStructure(.quote)
    }

    private mutating func quoted(from start: Int) -> Ending {
        while at < text.stop {
            let kind = text.kinds[Int(text.bytes[at])]
            switch kind {
            case ByteKind.ordinary, ByteKind.separator: at += 1
            case ByteKind.quote:
                guard at + 1 < text.stop || text.isFinal else { return .incomplete }
                guard at + 1 < text.stop, text.bytes[at + 1] == UInt8(ascii: "\"") else {
                    close(start, at)
                    at += 1
                    return afterQuote()
                }
                record.traits.insert(.escaped)
                at += 2
            case ByteKind.lf, ByteKind.cr:
                guard passLineEnd() else { return .incomplete }
                record.traits.insert(.newline)
                record.lines += 1
                if record.firstLineEnd == 0 { record.firstLineEnd = at }
            case ByteKind.high:
                guard passHigh() else { return .incomplete }
            default: passControl(kind)
            }
        }
        return text.isFinal ? refuseStructure(.unterminatedQuote) : .incomplete
    }

    /// After a closing quote only a separator or the record's end may follow.
    private mutating func afterQuote() -> Ending {
        guard at < text.stop else {
            guard text.isFinal else { return .incomplete }
            record.end = at
            return .record
        }
        switch text.kinds[Int(text.bytes[at])] {
        case ByteKind.separator:
            at += 1
            return .separator
        case ByteKind.lf, ByteKind.cr:
            guard passLineEnd() else { return .incomplete }
            record.end = at
            return .record
        case ByteKind.high where isWideSeparator:
            at += 3
            return .separator
        case ByteKind.high where !text.isFinal && at + 3 > text.stop: return .incomplete
        default:
            // The field that was just closed is the one at fault.
            record.fields -= 1
            return refuseStructure(.quote)
        }
    }

    @inline(__always)
    private mutating func endOfBytes(fieldStart start: Int) -> Ending {
        guard text.isFinal else { return .incomplete }
        close(start, at)
        record.end = at
        return .record
    }

    @inline(__always)
    private mutating func close(_ start: Int, _ end: Int) {
        let slice = FieldBlanks.trimmed(text.bytes, start, end)
        if record.fields < columns {
            fields[record.fields] = slice
        } else if slice.count > 0 {
            record.traits.insert(.surplus)
        }
        if end - start > CSVScanner.fieldLimit { note(.fieldTooLong, at: start) }
        record.fields += 1
    }

    // MARK: Bytes

    /// Passes LF, CR or CRLF; false when a CR is the last byte and a LF may follow.
    @inline(__always)
    private mutating func passLineEnd() -> Bool {
        if text.bytes[at] == 0x0A {
            at += 1
            record.lineEnd = .lf
            return true
        }
        if at + 1 < text.stop {
            record.lineEnd = text.bytes[at + 1] == 0x0A ? .crlf : .cr
            at += record.lineEnd == .crlf ? 2 : 1
            return true
        }
        guard text.isFinal else { return false }
        at += 1
        record.lineEnd = .cr
        return true
    }

    private mutating func passControl(_ kind: UInt8) {
        switch kind {
        case ByteKind.tab: record.traits.insert(.tab)
        case ByteKind.nul: note(.nulByte, at: at)
        default: note(.controlCharacter, at: at)
        }
        at += 1
    }

    private var isWideSeparator: Bool {
        hasWideSeparator && at + 3 <= text.stop && text.bytes[at] == 0xEF
            && text.bytes[at + 1] == 0xBC && text.bytes[at + 2] == 0x8C
    }

    /// Passes one character of several bytes; false when the bytes end inside of it.
    private mutating func passHigh() -> Bool {
        let here = text.bytes + at
        let room = text.stop - at
        let width = UTF8Form.width(of: here[0])
        if width > room, !text.isFinal { return false }
        guard width > 0, width <= room, UTF8Form.isWellFormed(here, width) else {
            note(.encodingInvalid, at: at)
            at += 1
            return true
        }
        switch here[0] {
        case 0xC2:
            if here[1] < 0xA0 { note(.controlCharacter, at: at) }
            if here[1] == 0xA0 || here[1] == 0xAD { record.traits.insert(.invisible) }
        case 0xE2, 0xEF:
            if FieldBlanks.isMark(here[0], here[1], here[2]) { record.traits.insert(.invisible) }
        default: break
        }
        at += width
        return true
    }

    // MARK: Faults

    private mutating func note(_ fault: CrowdRowFault, at place: Int) {
        guard record.contentFault == nil else { return }
        record.contentFault = fault
        record.contentColumn = record.fields
        record.contentAt = place
    }

    /// Ends the record as refused for its structure and finds the end of its first line.
    private mutating func refuseStructure(_ fault: CrowdRowFault) -> Ending {
        breakOff(fault)
        if record.firstLineEnd > 0 { return .record }
        while at < text.stop {
            let byte = text.bytes[at]
            if byte == 0x0A || byte == 0x0D {
                guard passLineEnd() else { return .incomplete }
                record.end = at
                return .record
            }
            at += 1
        }
        record.end = at
        return text.isFinal ? .record : .incomplete
    }

    /// Marks the structure as broken; of a record of several lines only the first is refused.
    private mutating func breakOff(_ fault: CrowdRowFault) {
        record.structureColumn = record.fields
        record.structureFault = fault
        guard record.firstLineEnd > 0 else { return }
        if fault == .quote { record.structureFault = .unterminatedQuote }
        record.end = record.firstLineEnd
        record.lines = 1
        // What stands on later lines will be judged with them.
        if record.contentAt >= record.firstLineEnd { record.contentFault = nil }
    }
}

/// Which byte sequences are UTF-8 (Unicode, table 3-7).
enum UTF8Form {
    /// How many bytes a character takes that begins with this byte; 0 when none does.
    @inline(__always)
    static func width(of lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// Whether the bytes after the first continue the character that it begins.
    @inline(__always)
    static func isWellFormed(_ bytes: UnsafePointer<UInt8>, _ width: Int) -> Bool {
        let second = bytes[1]
        let range: ClosedRange<UInt8> =
            switch bytes[0] {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard range.contains(second) else { return false }
        if width > 2, bytes[2] & 0xC0 != 0x80 { return false }
        return width < 4 || bytes[3] & 0xC0 == 0x80
    }
}
