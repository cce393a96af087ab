/// The escapes of JSON strings.
enum JSONEscapes {
    /// The length of the escape at `position`, a surrogate pair counting as one.
    ///
    /// Throws when it is cut short, not one of JSON's, or half a surrogate pair.
    static func length(at position: Int, in bytes: [UInt8]) throws(JSONError) -> Int {
        guard position + 1 < bytes.count else { throw JSONError(.endsEarly, at: bytes.count) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            switch try codeUnit(at: position, in: bytes) {
            case 0xD800..<0xDC00:
                guard position + 7 < bytes.count, bytes[position + 6] == UInt8(ascii: "\\"),
                    bytes[position + 7] == UInt8(ascii: "u"),
                    (0xDC00..<0xE000).contains(try codeUnit(at: position + 6, in: bytes))
                else { throw JSONError(.badString, at: position) }
                return 12
            case 0xDC00..<0xE000: throw JSONError(.badString, at: position)
            default: return 6
            }
        default: throw JSONError(.badString, at: position)
        }
    }

    /// The UTF-16 unit that a `\u` escape with its four hex digits at `position` writes.
    private static func codeUnit(at position: Int, in bytes: [UInt8]) throws(JSONError) -> UInt32 {
        guard position + 6 <= bytes.count else { throw JSONError(.endsEarly, at: bytes.count) }
        let digits = bytes[(position + 2)..<(position + 6)]
        guard digits.allSatisfy({ hexValue($0) != nil }) else { throw JSONError(.badString, at: position) }
        return hexNumber(digits)
    }

    /// The text that `raw` writes, whose escapes have been found to be whole.
    static func resolved(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var position = raw.startIndex
        while position < raw.endIndex {
            guard raw[position] == UInt8(ascii: "\\") else {
                text.append(raw[position])
                position += 1
                continue
            }
            let letter = raw[position + 1]
            position += 2
            guard letter == UInt8(ascii: "u") else {
                text.append(plain(letter))
                continue
            }
            var code = hexNumber(raw[position..<(position + 4)])
            position += 4
            if code >= 0xD800, code < 0xDC00 {
                let low = hexNumber(raw[(position + 2)..<(position + 6)])
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                position += 6
            }
            if let scalar = Unicode.Scalar(code) { text.append(contentsOf: String(scalar).utf8) }
        }
        return text
    }

    private static func plain(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    private static func hexNumber(_ digits: ArraySlice<UInt8>) -> UInt32 {
        digits.reduce(0) { $0 << 4 | UInt32(hexValue($1) ?? 0) }
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
