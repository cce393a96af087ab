package import Groundwork

/// Instants as people write and read them: ISO 8601, or milliseconds since the epoch.
package enum InstantText {
    /// Reads an instant; nil when `text` is none of the years 1 to 9999.
    ///
    /// Takes `2027-03-14T02:30:00.250-05:00`, a `Z` or no offset at its end, a blank for the `T`, seconds or
    /// the whole time left out; and a bare whole number, which is milliseconds since the epoch. Without an
    /// offset the clocks of `rules` count: of a repeated reading the first showing, for a missing one the end
    /// of the gap.
    package static func moment(_ text: String, in rules: ZoneRules) -> Moment? {
        milliseconds(text, in: rules).map(Moment.init(millisecondsSinceEpoch:))
            .flatMap { moment in
                Moment.nameable.contains(moment) ? moment : nil
            }
    }

    private static func milliseconds(_ text: String, in rules: ZoneRules) -> Int64? {
        if let milliseconds = Int64(text) { return milliseconds }
        var reader = InstantReader(text)
        guard let reading = reader.reading() else { return nil }
        let second =
            reading.offset.map { reading.wall.seconds - $0 } ?? rules.firstSecond(showing: reading.wall)
        return Int64(second) * 1_000 + Int64(reading.millisecond)
    }

    /// `instant` as the clocks of `rules` show it, with the offset; milliseconds only where there are any.
    package static func local(_ instant: Moment, in rules: ZoneRules) -> String {
        let second = Int(instant.secondsSinceEpoch)
        let wall = rules.wall(at: second)
        let millisecond = Int(instant.millisecondsSinceEpoch - instant.secondsSinceEpoch * 1_000)
        let fraction = millisecond == 0 ? "" : "." + digits(millisecond, 3)
        return date(wall) + "T" + time(wall, withSeconds: true) + fraction + offset(wall.seconds - second)
    }

    /// `2027-03-14`.
    static func date(_ wall: WallTime) -> String {
        let date = wall.date
        return digits(date.year, 4) + "-" + digits(date.month, 2) + "-" + digits(date.day, 2)
    }

    /// `02:30`, or `02:30:15` where the second is not 0 or `withSeconds` is true.
    static func time(_ wall: WallTime, withSeconds: Bool = false) -> String {
        let second = wall.secondOfDay
        let shown = digits(second / 3_600, 2) + ":" + digits(second / 60 % 60, 2)
        return withSeconds || second % 60 != 0 ? shown + ":" + digits(second % 60, 2) : shown
    }

    /// `+08:00`, `-00:44:30`, or `Z`.
    static func offset(_ seconds: Int) -> String {
        guard seconds != 0 else { return "Z" }
        let size = abs(seconds)
        let shown = digits(size / 3_600, 2) + ":" + digits(size / 60 % 60, 2)
        return (seconds < 0 ? "-" : "+") + shown + (size % 60 == 0 ? "" : ":" + digits(size % 60, 2))
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}

/// Reads one ISO 8601 date and time.
private struct InstantReader {
    /// What was read: a reading of a clock, and the clock's offset where the text names it.
    struct Reading {
        var wall: WallTime
        var millisecond = 0
        var offset: Int?
    }

    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = text[...].utf8
    }

    mutating func reading() -> Reading? {
        guard let year = number(4), take("-"), let month = number(2, 1...12), take("-"),
            let day = number(2, 1...CivilDate.length(ofMonth: month, year: year))
        else { return nil }
        let dayNumber = CivilDate(year: year, month: month, day: day).dayNumber
        if rest.isEmpty { return Reading(wall: WallTime(dayNumber: dayNumber)) }
        guard take("T") || take("t") || take(" "),
            let hour = number(2, 0...23), take(":"), let minute = number(2, 0...59)
        else { return nil }
        var reading = Reading(wall: WallTime(dayNumber: dayNumber, secondOfDay: hour * 3_600 + minute * 60))
        if take(":") {
            guard let second = number(2, 0...59) else { return nil }
            reading.wall = reading.wall + second
            if take(".") || take(",") {
                guard let millisecond = fraction() else { return nil }
                reading.millisecond = millisecond
            }
        }
        if rest.isEmpty { return reading }
        guard let offset = offset(), rest.isEmpty else { return nil }
        reading.offset = offset
        return reading
    }

    private mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2, 0...23) else { return nil }
        var seconds = hours * 3_600
        if !rest.isEmpty {
            _ = take(":")
            guard let minutes = number(2, 0...59) else { return nil }
            seconds += minutes * 60
        }
        if take(":") {
            guard let more = number(2, 0...59) else { return nil }
            seconds += more
        }
        return isWest ? -seconds : seconds
    }

    /// Reads the digits of a fraction, and cuts it to milliseconds.
    private mutating func fraction() -> Int? {
        var milliseconds = 0
        var count = 0
        while let digit = digit() {
            if count < 3 { milliseconds = milliseconds * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<max(3, count) { milliseconds *= 10 }
        return milliseconds
    }

    private mutating func number(_ width: Int, _ range: ClosedRange<Int> = 0...9_999) -> Int? {
        var number = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return range.contains(number) ? number : nil
    }

    private mutating func digit() -> Int? {
        guard let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        rest.removeFirst()
        return Int(byte - UInt8(ascii: "0"))
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }
}
