/// A field of a batch: where its bytes begin and end.
package struct FieldSlice: Hashable, Sendable {
    package var start: UInt32
    package var end: UInt32

    @inline(__always)
    package init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }

    /// The number of bytes.
    package var count: Int { Int(end - start) }

    /// The field's place among the bytes.
    package var range: Range<Int> { Int(start)..<Int(end) }
}

/// What scanning one record found; the fields themselves are in the scanner's scratch.
struct CSVRecord {
    /// What a record holds besides plain fields; each of these needs a second look.
    struct Traits: OptionSet {
        let rawValue: UInt8

        /// A quoted field with doubled quotes.
        static let escaped = Traits(rawValue: 1)
        /// A zero-width, no-break or direction mark somewhere.
        static let invisible = Traits(rawValue: 2)
        /// A TAB that is no separator.
        static let tab = Traits(rawValue: 4)
        /// A line break inside a quoted field.
        static let newline = Traits(rawValue: 8)
        /// A field beyond the header's columns that is not blank.
        static let surplus = Traits(rawValue: 16)
    }

    /// How the record's last line ends.
    enum LineEnd {
        case lf
        case crlf
        case cr
        case none
    }

    /// Where the next record begins.
    var end = 0
    /// Physical lines that the record takes.
    var lines = 1
    /// Where the second physical line begins, 0 for a record of one line.
    var firstLineEnd = 0
    /// Fields found, those beyond the header's columns included.
    var fields = 0
    var traits: Traits = []
    var lineEnd = LineEnd.none
    /// The first thing wrong with the record's characters.
    var contentFault: CrowdRowFault?
    /// The field in which that is, counted from 0.
    var contentColumn = 0
    /// Where that is.
    var contentAt = 0
    /// What is wrong with the record's structure: only its first line is refused, reading goes on after it.
    var structureFault: CrowdRowFault?
    /// The field in which that is, counted from 0.
    var structureColumn = 0
}
