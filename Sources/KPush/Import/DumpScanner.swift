/// Reads the bytes of a dump, and what is made of them below the level of statements.
///
/// Holds one piece of the file and the value that is being read, whatever the size of the file and of its
/// statements.
struct DumpScanner {
    /// The longest value that is read: MySQL's `mediumtext`, the longest type of the tables that are read.
    static let longestValue = 1 << 24

    /// The next piece of the file; empty at its end.
    private let read: () throws(DumpError) -> [UInt8]
    private var piece: [UInt8] = []
    private var position = 0
    private var linesBefore = 0
    private var isAtEnd = false

    init(read: @escaping () throws(DumpError) -> [UInt8]) {
        self.read = read
    }

    /// The line that has been reached, counted from 1.
    var line: Int { linesBefore + 1 + piece[..<position].count { $0 == UInt8(ascii: "\n") } }

    func error(_ reason: String) -> DumpError { DumpError(line, reason) }

    // MARK: Bytes

    /// The byte `ahead` bytes from here, without taking it; nil after the end.
    mutating func peek(_ ahead: Int = 0) throws(DumpError) -> UInt8? {
        if position + ahead < piece.count { return piece[position + ahead] }
        while !isAtEnd {
            let more = try read()
            isAtEnd = more.isEmpty
            linesBefore += piece[..<position].count { $0 == UInt8(ascii: "\n") }
            piece = Array(piece[position...]) + more
            position = 0
            if ahead < piece.count { return piece[ahead] }
        }
        return nil
    }

    /// Takes a byte; nil after the end.
    mutating func next() throws(DumpError) -> UInt8? {
        guard let byte = try peek() else { return nil }
        position += 1
        return byte
    }

    /// Takes `byte` if it comes next.
    mutating func take(_ byte: Unicode.Scalar) throws(DumpError) -> Bool {
        guard try peek() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Takes `byte`, which must come next after blanks.
    mutating func expect(_ byte: Unicode.Scalar, _ place: String) throws(DumpError) {
        try skipBlanks()
        guard try take(byte) else { throw error("'\(byte)' is missing \(place)") }
    }

    // MARK: Blanks

    /// Passes over blanks and comments; those that only some versions of MySQL would read are comments too.
    mutating func skipBlanks() throws(DumpError) {
        while let byte = try peek() {
            if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
                position += 1
            } else if try !skipComment(byte) {
                return
            }
        }
    }

    /// Passes over a comment if one begins with `byte`, which comes next.
    private mutating func skipComment(_ byte: UInt8) throws(DumpError) -> Bool {
        switch byte {
        case UInt8(ascii: "#"): break
        case UInt8(ascii: "-"):
            guard try peek(1) == byte, try (peek(2) ?? 10) <= UInt8(ascii: " ") else { return false }
        case UInt8(ascii: "/"):
            guard try peek(1) == UInt8(ascii: "*") else { return false }
            position += 2
            while let byte = try next() {
                if byte == UInt8(ascii: "*"), try take("/") { return true }
            }
            throw error("a comment has no end")
        default: return false
        }
        try skipLine()
        return true
    }

    /// Passes over the rest of the line.
    mutating func skipLine() throws(DumpError) {
        while let byte = try next(), byte != UInt8(ascii: "\n") {}
    }

    // MARK: Words

    /// A word or a number without quotes; empty where none comes next.
    mutating func word() throws(DumpError) -> String {
        var bytes: [UInt8] = []
        while let byte = try peek(), Self.isPartOfWord(byte) {
            guard bytes.count < Self.longestValue else { throw error("a word is too long") }
            bytes.append(byte)
            position += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A name with or without quotes, in lower case.
    mutating func name() throws(DumpError) -> String {
        try skipBlanks()
        guard let quote = try peek(), quote == UInt8(ascii: "`") || quote == UInt8(ascii: "\"") else {
            return try word().lowercased()
        }
        return String(decoding: try quoted(), as: UTF8.self).lowercased()
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "."),
            UInt8(ascii: "+"), UInt8(ascii: "-"), 0x80...:
            true
        default: false
        }
    }

    // MARK: Quotes

    /// What stands between the quotes that begin here, without its escapes.
    mutating func quoted() throws(DumpError) -> [UInt8] {
        var bytes: [UInt8] = []
        let quote = try next()
        while let byte = try next() {
            guard bytes.count < Self.longestValue else { throw error("a value is longer than 16 MiB") }
            if byte == quote {
                // Two quotes stand for one.
                guard try peek() == quote else { return bytes }
                position += 1
                bytes.append(byte)
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`"), let escaped = try next() {
                bytes += Self.unescaped(escaped)
            } else {
                bytes.append(byte)
            }
        }
        throw error("a value in quotes has no end")
    }

    /// The escapes of MySQL's string literals; `\%` and `\_` keep their backslash.
    private static func unescaped(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case UInt8(ascii: "0"): [0]
        case UInt8(ascii: "b"): [8]
        case UInt8(ascii: "n"): [10]
        case UInt8(ascii: "r"): [13]
        case UInt8(ascii: "t"): [9]
        case UInt8(ascii: "Z"): [26]
        case UInt8(ascii: "%"), UInt8(ascii: "_"): [UInt8(ascii: "\\"), byte]
        default: [byte]
        }
    }

    /// Passes over everything up to the `;` that ends the statement; that of a value or a comment does not.
    mutating func skipStatement() throws(DumpError) {
        while let byte = try peek(), byte != UInt8(ascii: ";") { try skipUnit(byte) }
        position = min(position + 1, piece.count)
    }

    /// Passes over a value in quotes, a comment or a byte, which begins with `byte`.
    private mutating func skipUnit(_ byte: UInt8) throws(DumpError) {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): try skipQuoted()
        case UInt8(ascii: "#"), UInt8(ascii: "-"), UInt8(ascii: "/"):
            if try !skipComment(byte) { position += 1 }
        default: position += 1
        }
    }

    /// As `quoted`, of any length: nothing of it is kept.
    private mutating func skipQuoted() throws(DumpError) {
        let quote = try next()
        while let byte = try next() {
            if byte == quote {
                guard try peek() == quote else { return }
                position += 1
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "`") {
                _ = try next()
            }
        }
        throw error("a value in quotes has no end")
    }

    /// Passes over everything up to the `,` or `)` that follows this element of a list, and leaves that.
    mutating func skipElement() throws(DumpError) {
        var depth = 0
        while let byte = try peek() {
            if depth == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: ")") { return }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            try skipUnit(byte)
        }
    }
}
