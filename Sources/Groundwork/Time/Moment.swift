/// An instant of the calendar, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Milliseconds are what the wire, the stores and the records speak; nothing in KPush needs a finer grain.
public struct Moment: Hashable, Comparable, Sendable, Codable {
    /// Milliseconds since the epoch; negative before 1970.
    public let millisecondsSinceEpoch: Int64

    /// Makes the instant that is `millisecondsSinceEpoch` milliseconds after the epoch.
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Makes the instant that is `secondsSinceEpoch` whole seconds after the epoch.
    public init(secondsSinceEpoch: Int64) {
        self.init(millisecondsSinceEpoch: secondsSinceEpoch * 1_000)
    }

    /// The instants of the years 1 to 9999: those that text can name.
    ///
    /// No other one is taken from outside, so that adding a delay or a zone's offset to one cannot overflow.
    public static let nameable: ClosedRange<Moment> =
        Moment(secondsSinceEpoch: -62_135_596_800)...Moment(millisecondsSinceEpoch: 253_402_300_799_999)

    /// Makes an instant that somebody else told of; nil when it is before 1970 or after the year 9999.
    public init?(toldInSeconds seconds: Int64) {
        guard (0...253_402_300_799).contains(seconds) else { return nil }
        self.init(secondsSinceEpoch: seconds)
    }

    /// Makes an instant that somebody else told of; nil when it is before 1970 or after the year 9999.
    public init?(toldInMilliseconds milliseconds: Int64) {
        guard (0...253_402_300_799_999).contains(milliseconds) else { return nil }
        self.init(millisecondsSinceEpoch: milliseconds)
    }

    /// Reads a bare number of milliseconds, as the wire and the stores write it.
    ///
    /// - Throws: `DecodingError` when the value is not a whole number.
    public init(from decoder: any Decoder) throws {
        self.init(millisecondsSinceEpoch: try decoder.singleValueContainer().decode(Int64.self))
    }

    /// Whole seconds since the epoch, rounded towards the past.
    public var secondsSinceEpoch: Int64 {
        let (quotient, remainder) = millisecondsSinceEpoch.quotientAndRemainder(dividingBy: 1_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Writes the bare number of milliseconds.
    ///
    /// - Throws: what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(millisecondsSinceEpoch)
    }

    /// Orders by time.
    public static func < (left: Moment, right: Moment) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// The instant `duration` later, cut to whole milliseconds.
    public static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(millisecondsSinceEpoch: moment.millisecondsSinceEpoch + duration.wholeMilliseconds)
    }

    /// The instant `duration` earlier, cut to whole milliseconds.
    public static func - (moment: Moment, duration: Duration) -> Moment {
        Moment(millisecondsSinceEpoch: moment.millisecondsSinceEpoch - duration.wholeMilliseconds)
    }

    /// The time from `right` to `left`.
    public static func - (left: Moment, right: Moment) -> Duration {
        .milliseconds(left.millisecondsSinceEpoch - right.millisecondsSinceEpoch)
    }
}

extension Duration {
    /// The duration in milliseconds, cut towards zero.
    public var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// The duration in seconds, as a fraction.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
