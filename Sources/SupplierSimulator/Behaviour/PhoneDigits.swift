/// Reads numbers as the suppliers do.
enum PhoneDigits {
    /// The digits of a number in E.164 form, as a number; nil when it is none.
    ///
    /// Without a country's code eleven digits from 13 to 19 on are a mainland mobile; `86`, `0086` and `+86` say the
    /// same. Anything else needs a code, with or without the `+`.
    static func e164(_ text: ArraySlice<UInt8>) -> UInt64? {
        var digits = text
        let hasPlus = digits.first == UInt8(ascii: "+")
        if hasPlus {
            digits.removeFirst()
        } else if digits.starts(with: "00".utf8) {
            digits.removeFirst(2)
        }
        guard (7...15).contains(digits.count), digits.first != UInt8(ascii: "0") else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + UInt64(digit - UInt8(ascii: "0"))
        }
        if digits.count == 11, !hasPlus, isMainlandMobile(number) { return 86 * mainland + number }
        if digits.starts(with: "86".utf8) { return isMainland(number) ? number : nil }
        return number
    }

    /// Whether an E.164 number is a mainland one.
    static func isMainland(_ number: UInt64) -> Bool {
        number / mainland == 86 && isMainlandMobile(number % mainland)
    }

    /// What a mainland number's country code is multiplied by.
    private static let mainland: UInt64 = 100_000_000_000

    private static func isMainlandMobile(_ number: UInt64) -> Bool {
        (13_000_000_000...19_999_999_999).contains(number)
    }
}
