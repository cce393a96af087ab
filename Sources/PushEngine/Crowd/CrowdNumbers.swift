/// Distinct mobile numbers by index, in an order that looks random: any of them can be had again without being kept.
struct CrowdNumbers: Sendable {
    /// A bijection of the numbers below a bound.
    struct Shuffle: Sendable {
        private let bound: UInt64
        private let factor: UInt64
        private let shift: UInt64

        init(bound: Int, random: inout SeededRandom) {
            let bound = UInt64(max(1, bound))
            // The factor stays below 2³¹, so that its product with an index of at most 2³² cannot overflow.
            var factor = random.next() % min(bound, 1 << 31) | 1
            while Shuffle.divisor(factor, bound) != 1 { factor += 2 }
            self.bound = bound
            self.factor = factor
            shift = random.next() % bound
        }

        func callAsFunction(_ index: Int) -> Int {
            Int((UInt64(index) * factor + shift) % bound)
        }

        /// The greatest common divisor.
        private static func divisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
            right == 0 ? left : divisor(right, left % right)
        }
    }

    /// The ending digits of the numbers.
    private let endings: Range<Int>
    /// The four digits that the numbers begin with.
    private let prefixes: [Int]
    private let shuffle: Shuffle

    /// How many numbers there are.
    var count: Int { prefixes.count * 1_000 * endings.count }

    init(prefixes: [Int], endings: Range<Int>, random: inout SeededRandom) {
        self.prefixes = prefixes
        self.endings = endings
        shuffle = Shuffle(bound: prefixes.count * 1_000 * endings.count, random: &random)
    }

    /// The number at an index, eleven digits.
    func callAsFunction(_ index: Int) -> Int {
        let place = shuffle(index)
        let (rest, ending) = place.quotientAndRemainder(dividingBy: endings.count)
        let (prefix, middle) = rest.quotientAndRemainder(dividingBy: 1_000)
        return prefixes[prefix] * 10_000_000 + middle * 10_000 + endings.lowerBound + ending
    }
}
