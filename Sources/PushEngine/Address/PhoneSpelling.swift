/// The long path of reading a number: everything that people and spreadsheets write instead of eleven digits.
struct PhoneSpelling {
    /// The digits found, without any sign between them.
    private var digits: [UInt8] = []
    private var hasPlus = false
    private var wasRepaired = false

    /// No number is longer than this, whatever stands between its digits.
    private static let longest = 64

    /// Reads a number in any accepted spelling.
    ///
    /// - Throws: `PhoneFault` that says what is wrong.
    static func read(_ bytes: Span<UInt8>, rules: PhoneRules) throws(PhoneFault) -> PhoneReading {
        guard bytes.count <= longest * 4 else { throw .format }
        var spelling = PhoneSpelling()
        var scalars = try spelling.scalars(of: bytes)
        PhoneSpelling.unwrap(&scalars)
        guard !scalars.isEmpty else { throw .empty }
        guard scalars.count <= longest else { throw .format }
        try spelling.cutFraction(&scalars, repairs: rules.repairsExcelFloats)
        try spelling.collect(scalars)
        let number = try PhoneNumbering(prefixes: rules.prefixes)
            .number(spelling.digits, isInternational: spelling.hasPlus)
        return PhoneReading(number: number, wasRepaired: spelling.wasRepaired)
    }

    /// The text with digits and signs of other scripts replaced by ASCII, blank ends cut off.
    private mutating func scalars(of bytes: Span<UInt8>) throws(PhoneFault) -> [Unicode.Scalar] {
        let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        var scalars: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            let plain = PhoneSpelling.plain(scalar)
            if plain != scalar { wasRepaired = true }
            scalars.append(plain)
        }
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" || scalar.isInvisible }
        while let last = scalars.last, isBlank(last) { scalars.removeLast() }
        let body = Array(scalars.drop(while: isBlank))
        if body.contains(where: \.isInvisible) { throw .invisible }
        return body
    }

    /// The ASCII character that means the same in a telephone number.
    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let value = scalar.value
        let zero: UInt32? =
            switch value {
            case 0xFF10...0xFF19: 0xFF10
            case 0x0660...0x0669: 0x0660
            case 0x06F0...0x06F9: 0x06F0
            default: nil
            }
        if let zero { return Unicode.Scalar(UInt8(48 + value - zero)) }
        return switch value {
        case 0xFF0B: "+"
        case 0xFF08: "("
        case 0xFF09: ")"
        case 0x2010...0x2015, 0x2212, 0xFF0D: "-"
        case 0x3000: " "
        default: scalar
        }
    }

    /// Takes off what spreadsheets put around a number to keep it a text: `'138…` and `="138…"`.
    private static func unwrap(_ scalars: inout [Unicode.Scalar]) {
        if scalars.first == "'" {
            scalars.removeFirst()
        } else if scalars.count > 3, scalars.starts(with: ["=", "\""]), scalars.last == "\"" {
            scalars = Array(scalars.dropFirst(2).dropLast())
        }
    }

    /// Deals with what a spreadsheet makes of a number that it takes for an amount.
    private mutating func cutFraction(
        _ scalars: inout [Unicode.Scalar],
        repairs: Bool
    ) throws(PhoneFault) {
        if PhoneSpelling.isPowerOfTen(scalars) { throw .scientific }
        guard let point = scalars.firstIndex(of: "."), point > 0 else { return }
        let fraction = scalars[(point + 1)...]
        guard scalars[..<point].allSatisfy(\.isDigit), fraction.allSatisfy({ $0 == "0" }) else { return }
        guard repairs else { throw .excelFloat }
        wasRepaired = true
        scalars.removeSubrange(point...)
    }

    /// Whether the text has the shape of `1.38E+10`.
    private static func isPowerOfTen(_ scalars: [Unicode.Scalar]) -> Bool {
        guard let mark = scalars.firstIndex(where: { $0 == "e" || $0 == "E" }) else { return false }
        let mantissa = scalars[..<mark]
        var exponent = scalars[(mark + 1)...]
        if exponent.first == "+" || exponent.first == "-" { exponent.removeFirst() }
        return mantissa.contains(where: \.isDigit) && mantissa.allSatisfy { $0.isDigit || $0 == "." }
            && !exponent.isEmpty && exponent.allSatisfy(\.isDigit)
    }

    /// Gathers the digits; between them only signs that people put into telephone numbers may stand.
    private mutating func collect(_ scalars: [Unicode.Scalar]) throws(PhoneFault) {
        var depth = 0
        for scalar in scalars {
            switch scalar {
            case "0"..."9": digits.append(UInt8(scalar.value) - 48)
            case " ", "-": continue
            case "(":
                depth += 1
                guard depth == 1 else { throw .format }
            case ")":
                depth -= 1
                guard depth == 0 else { throw .format }
            case "+":
                guard !hasPlus, digits.isEmpty else { throw .format }
                hasPlus = true
            default: throw .format
            }
        }
        guard depth == 0, !digits.isEmpty else { throw .format }
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }

    /// Whether the character has no shape of its own: zero-width, no-break or direction marks.
    var isInvisible: Bool {
        switch value {
        case 0xA0, 0xAD, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
