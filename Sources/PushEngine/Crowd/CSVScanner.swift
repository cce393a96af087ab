/// What stands between the fields of a row.
package enum CrowdSeparator: String, Hashable, Sendable, CaseIterable, Codable {
    case comma = ","
    case semicolon = ";"
    case tab = "\t"
    /// U+FF0C, which Chinese input methods write.
    case fullWidthComma = "，"
}

/// Finds one record at a time in bytes by RFC 4180; it holds no position and does no I/O.
///
/// A record whose structure is broken costs its first line only: reading goes on at the second, so that a quote
/// which is never closed swallows no other row.
struct CSVScanner: Sendable {
    /// The most bytes of a field.
    static let fieldLimit = 64 * 1_024
    /// The most bytes of a record, its line breaks included.
    static let recordLimit = 1_024 * 1_024

    let separator: CrowdSeparator
    /// How many columns the header has; fields beyond it must be blank.
    let columns: Int
    /// Whether a quote inside an unquoted field is taken as a character.
    let lenientQuotes: Bool
    /// For each byte what kind of byte it is.
    let kinds: [UInt8]

    init(separator: CrowdSeparator, columns: Int, lenientQuotes: Bool = false) {
        self.separator = separator
        self.columns = columns
        self.lenientQuotes = lenientQuotes
        kinds = (0...UInt8.max).map { ByteKind.of($0, separator: separator) }
    }

    /// Scans the record that begins at `start`.
    ///
    /// - Parameters:
    ///   - text: the bytes and where they end.
    ///   - start: where the record begins, before the end of the bytes.
    ///   - fields: room for `columns` fields; filled with places among the bytes.
    ///   - record: what was found; of an incomplete record only `firstLineEnd` is of use.
    /// - Returns: false when the bytes end before the record does.
    @inline(__always)
    func scan(
        _ text: CSVText,
        from start: Int,
        fields: UnsafeMutablePointer<FieldSlice>,
        record: inout CSVRecord
    ) -> Bool {
        var pass = CSVPass(text: text, scanner: self, fields: fields, at: start)
        let isComplete = pass.run()
        record = pass.record
        return isComplete
    }
}

/// The bytes that a scan may look at.
struct CSVText {
    let bytes: UnsafePointer<UInt8>
    /// The kind of each byte value.
    let kinds: UnsafePointer<UInt8>
    /// Where the bytes end.
    let stop: Int
    /// Whether the file ends there too.
    let isFinal: Bool
}

/// The kinds of bytes that a scan tells apart.
enum ByteKind {
    static let ordinary: UInt8 = 0
    static let separator: UInt8 = 1
    static let lf: UInt8 = 2
    static let cr: UInt8 = 3
    static let quote: UInt8 = 4
    static let tab: UInt8 = 5
    static let nul: UInt8 = 6
    static let control: UInt8 = 7
    static let high: UInt8 = 8

    static func of(_ byte: UInt8, separator: CrowdSeparator) -> UInt8 {
        if separator.rawValue.utf8.elementsEqual([byte]) { return Self.separator }
        return switch byte {
        case 0: nul
        case 0x09: tab
        case 0x0A: lf
        case 0x0D: cr
        case 0x22: quote
        case 0x01..<0x20, 0x7F: control
        case 0x80...: high
        default: ordinary
        }
    }
}

/// Blanks at the ends of fields: spaces, TABs, and marks that have no shape.
enum FieldBlanks {
    /// The field without the blanks at its ends.
    @inline(__always)
    static func trimmed(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> FieldSlice {
        var start = start
        var end = end
        while start < end {
            let width = leading(bytes + start, end - start)
            if width == 0 { break }
            start += width
        }
        while start < end {
            let width = trailing(bytes + start, end - start)
            if width == 0 { break }
            end -= width
        }
        return FieldSlice(start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end))
    }

    /// The width of the blank that the bytes begin with, 0 when they begin with none.
    @inline(__always)
    private static func leading(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let first = bytes[0]
        if first == 0x20 || first == 0x09 { return 1 }
        if first < 0xC2 { return 0 }
        if count >= 2, first == 0xC2, bytes[1] == 0xA0 || bytes[1] == 0xAD { return 2 }
        return count >= 3 && isBlank(first, bytes[1], bytes[2]) ? 3 : 0
    }

    /// The width of the blank that the bytes end with, 0 when they end with none.
    @inline(__always)
    private static func trailing(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let last = bytes[count - 1]
        if last == 0x20 || last == 0x09 { return 1 }
        if last < 0x80 { return 0 }
        if count >= 2, bytes[count - 2] == 0xC2, last == 0xA0 || last == 0xAD { return 2 }
        return count >= 3 && isBlank(bytes[count - 3], bytes[count - 2], last) ? 3 : 0
    }

    /// Whether three bytes are U+3000, a byte order mark, or a mark that `isMark` knows.
    @inline(__always)
    static func isBlank(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        switch (first, second) {
        case (0xE3, 0x80): third == 0x80
        case (0xE2, 0x80): third == 0x8C || third == 0x8D || isMark(first, second, third)
        default: isMark(first, second, third)
        }
    }

    /// Whether three bytes are a zero-width or direction mark that has no business inside a field.
    ///
    /// The joiners U+200C and U+200D are not among them: names and emoji need them.
    @inline(__always)
    static func isMark(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        switch (first, second) {
        case (0xE2, 0x80): third == 0x8B || third == 0x8E || third == 0x8F || 0xAA...0xAE ~= third
        case (0xE2, 0x81): 0xA0...0xA4 ~= third || 0xA6...0xA9 ~= third
        case (0xEF, 0xBB): third == 0xBF
        default: false
        }
    }
}
