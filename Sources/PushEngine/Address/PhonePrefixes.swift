/// Which mainland mobile ranges exist, as data: numbering plans change more often than programs.
package struct PhonePrefixes: Hashable, Sendable {
    /// One bit for each four digits that a number can begin with (1000 to 1999).
    private var bits: [UInt64]

    /// The ranges in use (libphonenumber 9.0.43, probed number by number).
    package static let mainland = PhonePrefixes(
        """
        130-139 145 147 150-153 155-159 1610 162 165-167 170-173 1740 175-178 180-193 195-199
        """
    )

    /// Reads a list such as `130-139 145 1610`: three or four digits each, or a range of two with three digits.
    ///
    /// What is not of that form is left out.
    package init(_ list: String) {
        bits = Array(repeating: 0, count: 16)
        for word in list.split(whereSeparator: \.isWhitespace) {
            let ends = word.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { continue }
            let width = first < 1_000 ? 10 : 1
            for number in first * width..<(last + 1) * width where 1_000..<2_000 ~= number {
                bits[(number - 1_000) / 64] |= 1 << UInt64((number - 1_000) % 64)
            }
        }
    }

    /// Whether mobile numbers begin with these four digits.
    ///
    /// - Parameter number: from 1000 to 1999; anything else is no mobile range.
    /// - Returns: whether the range is in use.
    @inline(__always)
    package func contains(_ number: Int) -> Bool {
        let index = number - 1_000
        guard UInt(bitPattern: index) < 1_000 else { return false }
        return bits[index >> 6] & (1 << UInt64(index & 63)) != 0
    }

    /// Every range of four digits that is in use, in order.
    package var all: [Int] { (1_000..<2_000).filter(contains) }
}
