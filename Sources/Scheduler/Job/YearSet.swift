/// A set of years within the horizon of every schedule.
///
/// The horizon is fixed, so that what can never fire does not depend on the day on which one asks.
struct YearSet: Hashable, Sendable {
    /// The years in which anything can fire at all.
    static let range = 1970...2199

    /// One bit a year, 64 years a word.
    private var words = [BitSet](repeating: BitSet(), count: range.count / 64 + 1)

    init(_ years: some Sequence<Int>) {
        for year in years where Self.range.contains(year) {
            let index = year - Self.range.lowerBound
            words[index / 64].insert(index % 64)
        }
    }

    /// The first member that is `year` or later.
    func first(from year: Int) -> Int? {
        var index = max(0, year - Self.range.lowerBound)
        while index < words.count * 64 {
            if let bit = words[index / 64].first(from: index % 64) {
                return Self.range.lowerBound + index / 64 * 64 + bit
            }
            index = (index / 64 + 1) * 64
        }
        return nil
    }
}
