/// A mobile number in its one canonical form: the digits of E.164 as a number, such as 8613800138000.
///
/// However a person wrote it, one number has one value; so it is the key by which recipients are told apart.
package struct PhoneNumber: RawRepresentable, Hashable, Comparable, Sendable, Codable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Reads a number as a person or a spreadsheet wrote it.
    ///
    /// - Throws: `PhoneFault` when no message can be sent to what is written.
    package init(_ text: String, rules: PhoneRules = PhoneRules()) throws(PhoneFault) {
        self = try PhoneNumber.read(Array(text.utf8).span, rules: rules).number
    }

    package static func < (left: PhoneNumber, right: PhoneNumber) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Where the number belongs.
    package var region: PhoneRegion {
        switch rawValue {
        case 86_10000_000000...86_19999_999999: .mainland
        case 852_00000000...852_99999999: .hongKong
        case 853_00000000...853_99999999: .macau
        case 886_000000000...886_999999999: .taiwan
        default: .elsewhere
        }
    }

    /// The form that suppliers want: `+` and the digits.
    package var e164: String { "+\(rawValue)" }

    /// The number as its own country writes it, without a country code; for numbers elsewhere all digits.
    package var national: Int64 {
        switch region {
        case .mainland: rawValue - 86_00000_000000
        case .hongKong: rawValue - 852_00000000
        case .macau: rawValue - 853_00000000
        case .taiwan: rawValue - 886_000000000
        case .elsewhere: rawValue
        }
    }

    /// Appends the form that suppliers want, `+` and the digits, to a message under construction.
    @inline(__always)
    package func appendE164(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "+"))
        var divisor: Int64 = 1
        while rawValue / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rawValue / divisor % 10))
            divisor /= 10
        }
    }
}

extension PhoneNumber: CustomStringConvertible {
    /// The number as it may be shown and logged: its middle hidden, such as `138****8000`.
    package var description: String {
        let digits = String(national)
        guard region == .mainland else {
            return "+" + String(rawValue).dropLast(8).prefix(5) + "****" + digits.suffix(4)
        }
        return digits.prefix(3) + "****" + digits.suffix(4)
    }
}

/// Where a number belongs; other regions than the mainland need a supplier with an international route.
package enum PhoneRegion: String, Hashable, Sendable, CaseIterable {
    case mainland = "CN"
    case hongKong = "HK"
    case macau = "MO"
    case taiwan = "TW"
    case elsewhere = "INTL"
}

/// What decides whether a written number is accepted.
package struct PhoneRules: Hashable, Sendable {
    /// The mainland ranges that exist.
    package var prefixes = PhonePrefixes.mainland
    /// Whether `13800138000.0`, as spreadsheets export it, is read as the number it was.
    package var repairsExcelFloats = false

    package init() {}
}

/// A number, and whether its spelling had to be repaired to read it.
package struct PhoneReading: Hashable, Sendable {
    package let number: PhoneNumber
    /// Full-width or Arabic digits, or a spreadsheet's fraction, were put right.
    package let wasRepaired: Bool
}

extension PhoneNumber {
    /// Reads a number from the bytes of a field.
    ///
    /// Eleven ASCII digits, as nearly every row has them, take a short path; all other spellings a long one.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, blanks at the ends allowed.
    ///   - rules: which ranges exist and what is repaired.
    /// - Returns: the number and whether it was repaired.
    /// - Throws: `PhoneFault` when no message can be sent to what is written.
    @inline(__always)
    package static func read(_ bytes: Span<UInt8>, rules: PhoneRules) throws(PhoneFault) -> PhoneReading {
        if let number = readPlain(bytes, prefixes: rules.prefixes) {
            return PhoneReading(number: number, wasRepaired: false)
        }
        return try PhoneSpelling.read(bytes, rules: rules)
    }

    /// The number when the bytes are eleven ASCII digits of a mainland mobile range.
    @inline(__always)
    static func readPlain(_ bytes: Span<UInt8>, prefixes: PhonePrefixes) -> PhoneNumber? {
        guard bytes.count == 11 else { return nil }
        var value: UInt64 = 0
        var strange: UInt8 = 0
        for index in 0..<11 {
            let digit = bytes[unchecked: index] &- UInt8(ascii: "0")
            strange |= digit > 9 ? 1 : 0
            value = value &* 10 &+ UInt64(digit)
        }
        guard strange == 0, prefixes.contains(Int(truncatingIfNeeded: value / 10_000_000)) else { return nil }
        return PhoneNumber(rawValue: 86_00000_000000 + Int64(truncatingIfNeeded: value))
    }
}
