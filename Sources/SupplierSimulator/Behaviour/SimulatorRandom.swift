/// Chance that follows from a seed and a subject, so that it does not depend on the order of events (SplitMix64).
struct SimulatorRandom {
    private var state: UInt64

    /// The chance that `seed` holds for one subject.
    init(seed: UInt64, _ subject: UInt64, _ ordinal: UInt64 = 0) {
        state = Self.mixed(seed ^ Self.mixed(subject ^ Self.mixed(ordinal)))
    }

    /// A number from 0 up to 1.
    mutating func share() -> Double {
        Double(next() >> 11) / Double(1 << 53)
    }

    /// Whether something that happens in `ratio` of all cases happens in this one.
    mutating func happens(in ratio: Double) -> Bool {
        // The number is drawn in any case, so that one ratio does not change what follows from another.
        share() < ratio
    }

    /// A whole number in `range`.
    mutating func number(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(share() * Double(range.count))
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// A number that looks random but follows from another.
    static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
