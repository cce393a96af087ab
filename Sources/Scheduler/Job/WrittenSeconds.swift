extension Duration {
    /// A number of seconds that somebody wrote, to the nearest millisecond; nil unless it is from 0 to 1,000,000,000.
    ///
    /// `Duration.seconds(2.3)` is a little less than 2.3 s, and ends the process for what is not finite.
    package init?(written seconds: Double) {
        guard (0...1e9).contains(seconds) else { return nil }
        self = .milliseconds(Int64((seconds * 1_000).rounded()))
    }
}

extension KeyedDecodingContainer {
    /// The seconds under `key` as a file spells them, whole or not; nil when there are none.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - unit: how many seconds one stands for.
    /// - Returns: the duration, to the nearest millisecond.
    /// - Throws: `DecodingError` for what is no number, and for one that makes no duration.
    func secondsIfPresent(_ key: Key, each unit: Double = 1) throws -> Duration? {
        guard let number = try decodeIfPresent(Double.self, forKey: key) else { return nil }
        guard let duration = Duration(written: number * unit) else {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "must be a number from 0 to \(1e9 / unit)"
            )
        }
        return duration
    }
}
