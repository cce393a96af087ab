/// An instant as a calendar at a fixed distance from UTC shows it; what suppliers write and sign.
package struct CivilTime: Hashable, Sendable {
    /// How far China's clocks are ahead of UTC, all year.
    package static let china = Duration.seconds(8 * 3_600)

    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    /// Reads `moment` off a calendar that is `offset` ahead of UTC (proleptic Gregorian).
    package init(_ moment: Moment, offset: Duration) {
        let seconds = (moment + offset).secondsSinceEpoch
        let days = Int(seconds).flooredQuotient(by: CivilDate.secondsPerDay)
        let ofDay = Int(seconds) - days * CivilDate.secondsPerDay
        let date = CivilDate(dayNumber: days)
        year = date.year
        month = date.month
        day = date.day
        hour = ofDay / 3_600
        minute = ofDay / 60 % 60
        second = ofDay % 60
    }

    /// Reads `yyyy-MM-dd HH:mm:ss`; nil when it is not of that form or names no such day or time.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: " "), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
            let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
            let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        // A day that its month does not have comes back as another one.
        guard CivilTime(moment(offset: .zero), offset: .zero) == self else { return nil }
    }

    /// The instant that a calendar `offset` ahead of UTC shows like this.
    package func moment(offset: Duration) -> Moment {
        let days = CivilDate(year: year, month: month, day: day).dayNumber
        let seconds = days * CivilDate.secondsPerDay + hour * 3_600 + minute * 60 + second
        return Moment(secondsSinceEpoch: Int64(seconds)) - offset
    }

    /// Such as `2023-11-14`.
    package var date: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// Such as `20231114`.
    package var compactDate: String {
        "\(Self.padded(year, 4))\(Self.padded(month, 2))\(Self.padded(day, 2))"
    }

    /// Such as `2023-11-14T22:13:20Z`, of a time in UTC.
    package var iso8601: String {
        "\(date)T\(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))Z"
    }

    /// Such as `2023-11-14 22:13:20`.
    package var text: String {
        "\(date) \(Self.padded(hour, 2)):\(Self.padded(minute, 2)):\(Self.padded(second, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
