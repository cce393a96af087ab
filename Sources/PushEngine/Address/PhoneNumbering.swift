/// The numbering plans: which digits are a mobile number, and of which country.
struct PhoneNumbering {
    let prefixes: PhonePrefixes

    /// The mobile number that the digits are.
    ///
    /// - Parameters:
    ///   - digits: values 0 to 9, at least one.
    ///   - isInternational: whether a `+` stood before them.
    /// - Returns: the number in E.164.
    /// - Throws: `PhoneFault` that says what is wrong.
    func number(_ digits: [UInt8], isInternational: Bool) throws(PhoneFault) -> PhoneNumber {
        if isInternational { return try international(digits[...]) }
        if digits.starts(with: [0, 0]) { return try international(digits.dropFirst(2)) }
        if digits.starts(with: [8, 6]), digits.count > 11 { return try mainland(digits.dropFirst(2)) }
        return try domestic(digits[...])
    }

    private func international(_ digits: ArraySlice<UInt8>) throws(PhoneFault) -> PhoneNumber {
        if digits.starts(with: [8, 6]) { return try mainland(digits.dropFirst(2)) }
        guard let code = CountryCodes.code(of: digits) else { throw .country }
        let width = code >= 100 ? 3 : code >= 10 ? 2 : 1
        var national = digits.dropFirst(width)
        guard digits.count <= 15 else { throw .length }
        switch code {
        case 852:
            try require(national, length: 8, mobile: (4...9).contains(national.first ?? 0))
        case 853:
            try require(national, length: 8, mobile: national.first == 6)
        case 886:
            if national.count == 10, national.first == 0 { national = national.dropFirst() }
            try require(national, length: 9, mobile: national.first == 9)
        case 1:
            guard national.count == 10 else { throw .length }
            // North America: area and exchange begin with 2 to 9; fixed and mobile share all ranges.
            guard national[national.startIndex] >= 2, national[national.startIndex + 3] >= 2 else {
                throw .prefix
            }
        default:
            guard national.count >= 5, digits.count >= 8 else { throw .length }
        }
        return PhoneNumber(rawValue: Int64(code) * power(national.count) + value(national))
    }

    private func require(_ national: ArraySlice<UInt8>, length: Int, mobile: Bool) throws(PhoneFault) {
        guard national.count == length else { throw .length }
        guard mobile else { throw .notMobile }
    }

    /// Digits that follow the mainland's country code.
    private func mainland(_ digits: ArraySlice<UInt8>) throws(PhoneFault) -> PhoneNumber {
        // A country code before a country code, or a long tail, is no spelling of one number.
        guard !(digits.count >= 12 && digits.starts(with: [8, 6])) else { throw .format }
        return try domestic(digits)
    }

    /// Digits as they are dialled inside the mainland.
    private func domestic(_ digits: ArraySlice<UInt8>) throws(PhoneFault) -> PhoneNumber {
        let first = digits.first ?? 0
        let head = value(digits.prefix(3))
        if first == 0 { return try trunk(digits) }
        if digits.count <= 6 { throw digits.count >= 3 && (first == 1 || first == 9) ? .service : .length }
        // Senders of bulk messages have numbers of 8 to 20 digits that begin with 106.
        if head == 106 { throw .service }
        if digits.count == 10, head == 400 || head == 800 { throw .notMobile }
        guard digits.count == 11 else { throw .length }
        guard prefixes.contains(Int(value(digits.prefix(4)))) else { throw .prefix }
        return PhoneNumber(rawValue: 86_00000_000000 + value(digits))
    }

    /// Digits with the 0 of long-distance calls before them.
    private func trunk(_ digits: ArraySlice<UInt8>) throws(PhoneFault) -> PhoneNumber {
        let rest = digits.dropFirst()
        if rest.first == 1, rest.count == 11 { return try domestic(rest) }
        let isAreaCode = rest.starts(with: [1, 0]) || (2...9).contains(rest.first ?? 0)
        guard isAreaCode, (10...12).contains(digits.count) else {
            throw digits.count > 12 ? .format : .length
        }
        throw .notMobile
    }

    private func value(_ digits: ArraySlice<UInt8>) -> Int64 {
        digits.reduce(0) { $0 * 10 + Int64($1) }
    }

    private func power(_ exponent: Int) -> Int64 {
        (0..<exponent).reduce(1) { result, _ in result * 10 }
    }
}

/// The country calling codes of ITU-T E.164, as data.
private enum CountryCodes {
    static let all: Set<Int> = {
        let list = """
            1 7 20 27 30-34 36 39-41 43-49 51-58 60-66 81-82 84 86 90-95 98 211-213 216 218 220-269 290-291 \
            297-299 350-359 370-383 385-387 389 420-421 423 500-509 590-599 670 672-683 685-692 850 852-853 \
            855-856 870 878 880-883 886 888 960-968 970-977 979 992-996 998
            """
        var codes: Set<Int> = []
        for word in list.split(separator: " ") {
            let ends = word.split(separator: "-").compactMap { Int($0) }
            if let first = ends.first, let last = ends.last { codes.formUnion(first...last) }
        }
        return codes
    }()

    /// The calling code that the digits begin with; no code is the beginning of another.
    static func code(of digits: ArraySlice<UInt8>) -> Int? {
        var code = 0
        for digit in digits.prefix(3) {
            code = code * 10 + Int(digit)
            if code > 0, all.contains(code) { return code }
        }
        return nil
    }
}
