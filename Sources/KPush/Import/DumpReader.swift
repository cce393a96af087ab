/// Reads the rows of some tables out of what `mysqldump` writes.
///
/// Takes `INSERT` and `REPLACE` with and without column names (those of the `CREATE TABLE` before count then),
/// many rows a statement, and every kind of literal. Whatever else the dump holds is passed over.
struct DumpReader {
    /// A statement that is being read row by row.
    private struct Insertion {
        let table: String
        let columns: [String]
    }

    private var scanner: DumpScanner
    private let tables: Set<String>
    private var columns: [String: [String]] = [:]
    private var insertion: Insertion?

    /// Reads from the beginning.
    ///
    /// - Parameters:
    ///   - tables: which tables' rows are wanted, in lower case.
    ///   - read: gives the next piece of the file, and an empty one at its end.
    init(tables: Set<String>, read: @escaping () throws(DumpError) -> [UInt8]) {
        self.tables = tables
        self.scanner = DumpScanner(read: read)
    }

    /// The next row; nil after the last.
    ///
    /// - Throws: `DumpError` naming the line at which the file is no dump that makes sense.
    mutating func next() throws(DumpError) -> DumpRow? {
        while true {
            if let current = insertion {
                if let row = try row(of: current) { return row }
                insertion = nil
            }
            try scanner.skipBlanks()
            guard try scanner.peek() != nil else { return nil }
            try readStatement()
        }
    }

    private mutating func readStatement() throws(DumpError) {
        switch try scanner.word().uppercased() {
        case "INSERT", "REPLACE": try readInsert()
        case "CREATE": try readCreate()
        case "DELIMITER": try skipRoutines()
        default: try scanner.skipStatement()
        }
    }

    /// Passes over stored routines, which stand between two changes of the delimiter: their statements are not
    /// the dump's.
    private mutating func skipRoutines() throws(DumpError) {
        while try scanner.peek() != nil {
            while try scanner.take(" ") {}
            if try scanner.take(";"), try scanner.peek() != UInt8(ascii: ";") { return }
            try scanner.skipLine()
            while try scanner.peek() != nil, try scanner.word().uppercased() != "DELIMITER" {
                try scanner.skipLine()
            }
        }
    }

    // MARK: INSERT

    private mutating func readInsert() throws(DumpError) {
        var table = try scanner.name()
        while ["low_priority", "delayed", "high_priority", "ignore", "into"].contains(table) {
            table = try scanner.name()
        }
        table = try lastPart(table)
        guard tables.contains(table) else { return try scanner.skipStatement() }
        try scanner.skipBlanks()
        let named = try scanner.peek() == UInt8(ascii: "(") ? try names() : nil
        let verb = try scanner.name()
        guard verb == "values" || verb == "value" else {
            throw scanner.error("VALUES is missing in an INSERT into \(table)")
        }
        guard let columns = named ?? columns[table] else {
            let way = "dump with --complete-insert, or with the table definitions"
            throw scanner.error("an INSERT into \(table) names no columns: \(way)")
        }
        insertion = Insertion(table: table, columns: columns)
    }

    /// The name of a table without that of its database.
    private mutating func lastPart(_ name: String) throws(DumpError) -> String {
        try scanner.skipBlanks()
        if try scanner.take(".") { return try scanner.name() }
        return name.split(separator: ".").last.map(String.init) ?? name
    }

    /// A list of names in parentheses.
    private mutating func names() throws(DumpError) -> [String] {
        var names: [String] = []
        try scanner.expect("(", "before column names")
        repeat {
            names.append(try scanner.name())
            try scanner.skipBlanks()
        } while try scanner.take(",")
        try scanner.expect(")", "after column names")
        return names
    }

    /// The next row of the statement; nil after its last.
    private mutating func row(of insertion: Insertion) throws(DumpError) -> DumpRow? {
        try scanner.skipBlanks()
        _ = try scanner.take(",")
        try scanner.skipBlanks()
        guard try scanner.take("(") else {
            // The end, or what is to be done about a row that is there already.
            try scanner.skipStatement()
            return nil
        }
        var values: [String: DumpValue] = [:]
        var count = 0
        repeat {
            let value = try value()
            if count < insertion.columns.count { values[insertion.columns[count]] = value }
            count += 1
            try scanner.skipBlanks()
        } while try scanner.take(",")
        try scanner.expect(")", "after a row")
        guard count == insertion.columns.count else {
            let reason =
                "a row of \(insertion.table) has \(count) values for \(insertion.columns.count) columns"
            throw scanner.error(reason)
        }
        return DumpRow(table: insertion.table, values: values, line: scanner.line)
    }

    // MARK: Values

    private mutating func value() throws(DumpError) -> DumpValue {
        try scanner.skipBlanks()
        if try isAtQuote() { return .bytes(try scanner.quoted()) }
        let word = try scanner.word()
        guard !word.isEmpty else { throw scanner.error("a value is missing") }
        if word.hasPrefix("_") { try scanner.skipBlanks() }
        if try isAtQuote() { return try literal(after: word) }
        if word.hasPrefix("0x") { return .bytes(try hexadecimal(word.dropFirst(2).utf8)) }
        if word.hasPrefix("0b") { return try bits(word.dropFirst(2)) }
        if word.uppercased() == "NULL" { return .null }
        if Double(word) != nil { return .number(word) }
        try scanner.skipElement()
        return .expression(word)
    }

    private mutating func isAtQuote() throws(DumpError) -> Bool {
        let byte = try scanner.peek()
        return byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"")
    }

    /// A string with something before it: `x'4a'`, `b'1'`, `_binary 'a'`, `N'a'`.
    private mutating func literal(after word: String) throws(DumpError) -> DumpValue {
        let bytes = try scanner.quoted()
        switch word.lowercased() {
        case "x": return .bytes(try hexadecimal(bytes))
        case "b": return try bits(Substring(decoding: bytes, as: UTF8.self))
        default: return .bytes(bytes)
        }
    }

    private func hexadecimal(_ digits: some Collection<UInt8>) throws(DumpError) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: UInt8? = digits.count % 2 == 1 ? 0 : nil
        for digit in digits {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init) else {
                throw scanner.error("a hexadecimal literal has a digit that is none")
            }
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        return bytes
    }

    private func bits(_ digits: Substring) throws(DumpError) -> DumpValue {
        guard let number = UInt64(digits, radix: 2) else {
            throw scanner.error("a bit literal is none, or longer than 64 bits")
        }
        return .number(String(number))
    }

    // MARK: CREATE TABLE

    private mutating func readCreate() throws(DumpError) {
        guard try scanner.name() == "table" else { return try scanner.skipStatement() }
        var table = try scanner.name()
        while ["if", "not", "exists"].contains(table) { table = try scanner.name() }
        table = try lastPart(table)
        try scanner.skipBlanks()
        guard tables.contains(table), try scanner.take("(") else { return try scanner.skipStatement() }
        var columns: [String] = []
        repeat {
            try scanner.skipBlanks()
            let isQuoted = try scanner.peek() == UInt8(ascii: "`")
            let name = try scanner.name()
            if isQuoted || !Self.isClause(name) { columns.append(name) }
            try scanner.skipElement()
        } while try scanner.take(",")
        self.columns[table] = columns
        try scanner.skipStatement()
    }

    /// Whether an element of a table's definition that begins with `word` is no column.
    private static func isClause(_ word: String) -> Bool {
        [
            "primary", "key", "unique", "index", "constraint", "fulltext", "spatial", "foreign", "check",
            "period", "",
        ]
        .contains(word)
    }
}
