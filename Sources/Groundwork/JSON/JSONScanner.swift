/// Reads JSON from bytes, piece by piece, as the caller asks for it: nothing is built that is not wanted.
///
/// Strict in form (RFC 8259): what it accepts is JSON, with no comments, no trailing commas, no lone surrogates. It
/// keeps the order of keys and does not look for repeated ones. For the hot paths; elsewhere `Codable` reads better.
///
/// ```swift
/// var scanner = JSONScanner(body)
/// try scanner.beginObject()
/// while let key = try scanner.nextKey() {
///     switch key {
///     case "Code": code = try scanner.string()
///     case "Fee": fee = try scanner.integer()
///     default: try scanner.skip()
///     }
/// }
/// try scanner.finish()
/// ```
package struct JSONScanner: Sendable {
    /// What a value is, told by its first byte.
    package enum Kind: Sendable {
        case object
        case array
        case string
        case number
        case bool
        case null
    }

    let bytes: [UInt8]
    private let depthLimit: Int
    private var depth = 0
    /// Whether the innermost container was just opened, so that its first member takes no comma.
    private var isAtStart = false
    /// The position of the next byte to be read.
    package internal(set) var offset = 0

    /// Starts at the first byte.
    ///
    /// - Parameters:
    ///   - bytes: the document.
    ///   - depthLimit: how deep containers may be nested.
    package init(_ bytes: [UInt8], depthLimit: Int = 64) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    /// Starts at the first byte of somebody's document whose texts need not all be UTF-8: what is not is read as `�`, so
    /// that one such text does not cost the others.
    package init(mending bytes: [UInt8]) { self.init(bytes.mended) }

    /// Tells what the next value is without taking it.
    package mutating func peek() throws(JSONError) -> Kind {
        switch try nextByte() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw JSONError(.unexpectedByte, at: offset)
        }
    }

    /// Enters an object; `nextKey()` then goes through it.
    package mutating func beginObject() throws(JSONError) {
        try open(.object)
    }

    /// Takes the next key of the object, up to where its value begins; nil once the object has ended.
    package mutating func nextKey() throws(JSONError) -> JSONText? {
        guard try hasNext(before: UInt8(ascii: "}")) else { return nil }
        guard try nextByte() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: offset) }
        let key = try scanText()
        guard try nextByte() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: offset) }
        offset += 1
        return key
    }

    /// Enters an array; `nextElement()` then goes through it.
    package mutating func beginArray() throws(JSONError) {
        try open(.array)
    }

    /// Moves to the next element of the array; false once the array has ended.
    package mutating func nextElement() throws(JSONError) -> Bool {
        try hasNext(before: UInt8(ascii: "]"))
    }

    /// Takes a string without copying it.
    package mutating func text() throws(JSONError) -> JSONText {
        try expect(.string)
        return try scanText()
    }

    /// Takes a string.
    package mutating func string() throws(JSONError) -> String {
        try expect(.string)
        let start = offset + 1
        let isEscaped = try scanString()
        return string(in: start..<(offset - 1), isEscaped: isEscaped)
    }

    /// The text of a string found earlier.
    package func string(of text: JSONText) -> String {
        string(in: text.range, isEscaped: text.isEscaped)
    }

    /// The bytes of the text of a string found earlier, in UTF-8.
    package func utf8(of text: JSONText) -> ArraySlice<UInt8> {
        text.isEscaped ? JSONEscapes.resolved(bytes[text.range])[...] : bytes[text.range]
    }

    /// Takes a whole number; one with a fraction or an exponent is out of range.
    package mutating func integer() throws(JSONError) -> Int64 {
        try expect(.number)
        let start = offset
        let isWhole = try scanNumber()
        guard isWhole, let value = Self.wholeNumber(bytes[start..<offset]) else {
            throw JSONError(.outOfRange, at: start)
        }
        return value
    }

    /// Takes a whole number written as a number or as a string of digits; suppliers mix the two.
    package mutating func lenientInteger() throws(JSONError) -> Int64 {
        guard try peek() == .string else { return try integer() }
        let start = offset
        guard let value = Self.wholeNumber(try string().utf8) else {
            throw JSONError(.outOfRange, at: start)
        }
        return value
    }

    /// Takes any number.
    package mutating func number() throws(JSONError) -> Double {
        try expect(.number)
        let start = offset
        _ = try scanNumber()
        guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite
        else {
            throw JSONError(.outOfRange, at: start)
        }
        return value
    }

    /// Takes `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        try expect(.bool)
        guard bytes[offset] == UInt8(ascii: "t") else {
            try scanWord("false")
            return false
        }
        try scanWord("true")
        return true
    }

    /// Takes a `null`, if that is what comes next.
    package mutating func takeNull() throws(JSONError) -> Bool {
        guard try peek() == .null else { return false }
        try scanWord("null")
        return true
    }

    /// Takes the next value, whatever it is, and checks its form.
    package mutating func skip() throws(JSONError) {
        switch try peek() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skip() }
        case .array:
            try beginArray()
            while try nextElement() { try skip() }
        case .string: _ = try scanString()
        case .number: _ = try scanNumber()
        case .bool: _ = try bool()
        case .null: try scanWord("null")
        }
    }

    /// Takes the next value, whatever it is, as it is written.
    package mutating func written() throws(JSONError) -> ArraySlice<UInt8> {
        skipBlanks()
        let start = offset
        try skip()
        return bytes[start..<offset]
    }

    /// Makes sure that nothing but white space follows.
    package mutating func finish() throws(JSONError) {
        skipBlanks()
        guard offset == bytes.count else { throw JSONError(.trailingBytes, at: offset) }
    }

    private func string(in range: Range<Int>, isEscaped: Bool) -> String {
        isEscaped
            ? String(decoding: JSONEscapes.resolved(bytes[range]), as: UTF8.self)
            : String(decoding: bytes[range], as: UTF8.self)
    }

    // Containers.

    private mutating func open(_ kind: Kind) throws(JSONError) {
        try expect(kind)
        guard depth < depthLimit else { throw JSONError(.tooDeep, at: offset) }
        depth += 1
        offset += 1
        isAtStart = true
    }

    /// Moves to the next member, over the comma; false when `end` closes the container.
    private mutating func hasNext(before end: UInt8) throws(JSONError) -> Bool {
        let byte = try nextByte()
        if byte == end {
            offset += 1
            depth -= 1
            isAtStart = false
            return false
        }
        if isAtStart {
            isAtStart = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: offset) }
        offset += 1
        guard try nextByte() != end else { throw JSONError(.unexpectedByte, at: offset) }
        return true
    }

    // Bytes.

    private mutating func expect(_ kind: Kind) throws(JSONError) {
        guard try peek() == kind else { throw JSONError(.otherKind, at: offset) }
    }

    private mutating func skipBlanks() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    /// The next byte that is no white space; it is not taken.
    @inline(__always)
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        if offset < bytes.count, bytes[offset] > 0x20 { return bytes[offset] }
        skipBlanks()
        guard offset < bytes.count else { throw JSONError(.endsEarly, at: offset) }
        return bytes[offset]
    }
}

extension [UInt8] {
    /// The same as UTF-8, with `�` for what is none.
    package var mended: [UInt8] {
        String(validating: self, as: UTF8.self) == nil
            ? Array(String(decoding: self, as: UTF8.self).utf8) : self
    }
}
