/// Periods as people write them: a whole number and a unit, which is seconds when there is none.
package enum DurationText {
    /// The longest period, a bit over 31 years: longer is a mistake in the unit.
    private static let longest: Int64 = 1_000_000_000_000
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("", 1_000),
    ]

    /// Reads a period; nil when `text` is none, or not above 0, or longer than a billion seconds.
    package static func duration(_ text: String) -> Duration? {
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }) else { return nil }
        let digits = text.dropLast(unit.suffix.count)
        guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let count = Int64(digits), count > 0, count <= longest / unit.milliseconds
        else { return nil }
        return .milliseconds(count * unit.milliseconds)
    }

    /// Writes a period as whole seconds where possible, which is all that xxl-job knows.
    package static func text(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : "\(milliseconds)ms"
    }
}
