/// Strings, numbers and words: what one lexeme has to look like.
extension JSONScanner {
    /// Takes `true`, `false` or `null`.
    mutating func scanWord(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard offset < bytes.count else { throw JSONError(.endsEarly, at: offset) }
            guard bytes[offset] == word.utf8Start[index] else { throw JSONError(.unexpectedByte, at: offset) }
            offset += 1
        }
    }

    /// Takes a string whose opening quote is the next byte.
    mutating func scanText() throws(JSONError) -> JSONText {
        let start = offset + 1
        let isEscaped = try scanString()
        let range = start..<(offset - 1)
        guard !isEscaped else { return JSONText(escaped: range, text: JSONEscapes.resolved(bytes[range])) }
        return bytes.withUnsafeBufferPointer { JSONText(plain: range, of: $0) }
    }

    /// Goes over a string whose opening quote is the next byte; tells whether it holds escapes.
    mutating func scanString() throws(JSONError) -> Bool {
        let start = offset + 1
        var position = endOfPlainWords(from: start)
        var isEscaped = false
        var seen: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            seen |= byte
            if byte == UInt8(ascii: "\"") {
                if seen >= 0x80, String(validating: bytes[start..<position], as: UTF8.self) == nil {
                    throw JSONError(.badString, at: start)
                }
                offset = position + 1
                return isEscaped
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                position += try JSONEscapes.length(at: position, in: bytes)
            } else if byte < 0x20 {
                throw JSONError(.badString, at: position)
            } else {
                position += 1
            }
        }
        throw JSONError(.endsEarly, at: bytes.count)
    }

    /// Goes on by eight bytes at a time as long as they are printable ASCII other than quote and backslash.
    private func endOfPlainWords(from start: Int) -> Int {
        let low: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        return bytes.withUnsafeBytes { raw in
            var position = start
            while position + 8 <= raw.count {
                let word = raw.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                // A byte's top bit stays set where it is 0x80 or more, where it is below 0x20 (subtracting borrows),
                // and where xor makes it zero, that is, where it is the byte looked for.
                let quote = (word ^ (low &* UInt64(UInt8(ascii: "\"")))) &- low
                let backslash = (word ^ (low &* UInt64(UInt8(ascii: "\\")))) &- low
                let control = word &- (low &* 0x20)
                guard (word | quote | backslash | control) & high == 0 else { return position }
                position += 8
            }
            return position
        }
    }

    /// Takes a number; tells whether it has neither fraction nor exponent.
    mutating func scanNumber() throws(JSONError) -> Bool {
        if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
            offset += 1
            if offset < bytes.count, Self.isDigit(bytes[offset]) {
                throw JSONError(.unexpectedByte, at: offset)
            }
        } else {
            try scanDigits()
        }
        var isWhole = true
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isWhole = false
            offset += 1
            try scanDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")
            {
                offset += 1
            }
            try scanDigits()
        }
        return isWhole
    }

    /// The number that an optional minus and decimal digits write; nil when it is none or does not fit.
    static func wholeNumber(_ text: some Collection<UInt8>) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = text.dropFirst(isNegative ? 1 : 0)
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard isDigit(digit) else { return nil }
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let step = Int64(digit - UInt8(ascii: "0"))
            let (sum, isTooLargeStill) =
                isNegative
                ? product.subtractingReportingOverflow(step) : product.addingReportingOverflow(step)
            guard !isTooLarge, !isTooLargeStill else { return nil }
            value = sum
        }
        return value
    }

    mutating func scanDigits() throws(JSONError) {
        guard offset < bytes.count else { throw JSONError(.endsEarly, at: offset) }
        guard Self.isDigit(bytes[offset]) else { throw JSONError(.unexpectedByte, at: offset) }
        while offset < bytes.count, Self.isDigit(bytes[offset]) { offset += 1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
