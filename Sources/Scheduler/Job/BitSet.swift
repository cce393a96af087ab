/// A set of small numbers, 0 to 63, in one machine word.
struct BitSet: Hashable, Sendable {
    private(set) var bits: UInt64

    init(bits: UInt64 = 0) {
        self.bits = bits
    }

    init(_ range: ClosedRange<Int>) {
        self.bits = (~0 << UInt64(range.lowerBound)) & (~0 >> UInt64(63 - range.upperBound))
    }

    var isEmpty: Bool { bits == 0 }

    var first: Int? { bits == 0 ? nil : bits.trailingZeroBitCount }

    var last: Int? { bits == 0 ? nil : 63 - bits.leadingZeroBitCount }

    func contains(_ number: Int) -> Bool { bits >> UInt64(number) & 1 == 1 }

    /// The smallest member that is `number` or more.
    func first(from number: Int) -> Int? {
        guard number < 64 else { return nil }
        return BitSet(bits: bits & (~0 << UInt64(number))).first
    }

    mutating func insert(_ number: Int) { bits |= 1 << UInt64(number) }

    mutating func formUnion(_ other: BitSet) { bits |= other.bits }

    func intersection(_ other: BitSet) -> BitSet { BitSet(bits: bits & other.bits) }
}

extension BitSet: Sequence {
    /// The members, smallest first.
    func makeIterator() -> AnyIterator<Int> {
        var rest = bits
        return AnyIterator {
            guard rest != 0 else { return nil }
            defer { rest &= rest - 1 }
            return rest.trailingZeroBitCount
        }
    }
}
