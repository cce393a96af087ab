/// How a text is cut into the messages that are charged; suppliers differ, so it is data of the account.
package struct SMSTariff: Hashable, Sendable, Codable {
    /// Which characters count how much.
    package enum Alphabet: String, Hashable, Sendable, Codable {
        /// Mainland China: every UTF-16 unit counts one, Latin letters too.
        case mainland
        /// Elsewhere: GSM 03.38 where the text fits its alphabet, else UCS-2.
        case international
    }

    package var alphabet: Alphabet
    /// Units that fit one message alone, and each part of a longer one, in UCS-2 (in the mainland: in all cases).
    package var wide = Limits(single: 70, part: 67)
    /// The same for texts in the GSM alphabet.
    package var gsm = Limits(single: 160, part: 153)

    /// Units that fit a message.
    package struct Limits: Hashable, Sendable, Codable {
        package var single: Int
        package var part: Int

        package init(single: Int, part: Int) {
            self.single = single
            self.part = part
        }
    }

    package init(_ alphabet: Alphabet) {
        self.alphabet = alphabet
    }

    package static let mainland = SMSTariff(.mainland)
    package static let international = SMSTariff(.international)
}

/// How long a text is and how many messages it is charged as.
package struct SMSLength: Hashable, Sendable {
    /// How the text goes over the air.
    package enum Encoding: String, Hashable, Sendable {
        case mainland
        case gsm7
        case ucs2
    }

    package let encoding: Encoding
    /// Units of the encoding.
    package let units: Int
    /// Messages that are charged.
    package let segments: Int
    /// Messages that a supplier may charge that cuts no character in two; more than `segments` in rare cases.
    package let cautiousSegments: Int

    /// Measures a text, signature and opt-out words included.
    ///
    /// - Returns: nil for an empty text, which is never sent.
    package init?(_ text: String, tariff: SMSTariff) {
        self.init(utf8: Array(text.utf8).span, tariff: tariff)
    }

    /// Measures a text of UTF-8 bytes.
    ///
    /// - Returns: nil for an empty text, which is never sent.
    package init?(utf8 bytes: Span<UInt8>, tariff: SMSTariff) {
        guard bytes.count > 0 else { return nil }
        switch tariff.alphabet {
        case .mainland: self.init(mainland: bytes, limits: tariff.wide)
        case .international: self.init(international: bytes, tariff: tariff)
        }
    }

    private init(mainland bytes: Span<UInt8>, limits: SMSTariff.Limits) {
        let count = SMSLength.units(of: bytes)
        encoding = .mainland
        units = count.units
        segments = SMSLength.segments(count.units, limits)
        cautiousSegments =
            count.pairs == 0 || segments == 1
            ? segments : SMSLength.packed(SMSLength.widths(of: bytes), limits)
    }

    private init(international bytes: Span<UInt8>, tariff: SMSTariff) {
        let text = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let gsm = text.unicodeScalars.map(GSMAlphabet.width)
        let isGSM = !gsm.contains(0)
        let widths = isGSM ? gsm : SMSLength.widths(of: bytes)
        let limits = isGSM ? tariff.gsm : tariff.wide
        encoding = isGSM ? .gsm7 : .ucs2
        units = widths.reduce(0, +)
        segments = SMSLength.packed(widths, limits)
        cautiousSegments = segments
    }

    /// The charge by the mainland's rule, straight from UTF-8 bytes; 0 for an empty text.
    @inline(__always)
    package static func mainlandSegments(_ bytes: Span<UInt8>) -> Int {
        // No text has more UTF-16 units than UTF-8 bytes.
        if bytes.count <= 70 { return bytes.count > 0 ? 1 : 0 }
        return segments(units(of: bytes).units, SMSTariff.mainland.wide)
    }

    /// UTF-16 units of UTF-8 bytes, and how many surrogate pairs are among them.
    @inline(__always)
    private static func units(of bytes: Span<UInt8>) -> (units: Int, pairs: Int) {
        var characters = 0
        var pairs = 0
        for index in bytes.indices {
            let byte = bytes[unchecked: index]
            characters += byte & 0xC0 != 0x80 ? 1 : 0
            pairs += byte >= 0xF0 ? 1 : 0
        }
        return (characters + pairs, pairs)
    }

    private static func widths(of bytes: Span<UInt8>) -> [Int] {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            .unicodeScalars.map { UTF16.width($0) }
    }

    @inline(__always)
    private static func segments(_ units: Int, _ limits: SMSTariff.Limits) -> Int {
        units <= limits.single ? 1 : (units + limits.part - 1) / limits.part
    }

    /// Parts that are needed when no character may be cut in two.
    private static func packed(_ widths: [Int], _ limits: SMSTariff.Limits) -> Int {
        if widths.reduce(0, +) <= limits.single { return 1 }
        var parts = 1
        var filled = 0
        for width in widths {
            if filled + width > limits.part {
                parts += 1
                filled = 0
            }
            filled += width
        }
        return parts
    }
}

/// The GSM 03.38 default alphabet and its extension table.
private enum GSMAlphabet {
    private static let basic = Set(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
            .unicodeScalars
    )
    private static let extended = Set("|^€{}[]~\\\u{0C}".unicodeScalars)

    /// Units that a character takes; 0 when the alphabet lacks it.
    static func width(_ scalar: Unicode.Scalar) -> Int {
        basic.contains(scalar) ? 1 : extended.contains(scalar) ? 2 : 0
    }
}
