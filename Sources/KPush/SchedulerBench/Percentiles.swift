/// Times in microseconds, and the shares of them that kept below something.
struct Percentiles: Hashable, Sendable {
    private let sorted: [Int64]

    /// Takes times in microseconds, in any order.
    init(_ microseconds: [Int64]) {
        sorted = microseconds.sorted()
    }

    var count: Int { sorted.count }

    /// The time in milliseconds that a share of all, from 0 to 1, kept to; zero of none.
    func milliseconds(_ share: Double) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        return Double(sorted[min(last, Int(Double(sorted.count) * share))]) / 1_000
    }
}

extension Double {
    /// Milliseconds with a decimal, or seconds where there are many.
    var asMilliseconds: String {
        self < 1_000 ? "\((self * 100).rounded() / 100) ms" : "\((self / 10).rounded() / 100) s"
    }
}
