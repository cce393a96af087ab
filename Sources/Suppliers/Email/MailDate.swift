import Groundwork

/// Dates as messages have them (RFC 5322, 3.3), such as `Tue, 14 Nov 2023 22:13:20 +0000`.
enum MailDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(_ moment: Moment) -> String {
        let time = CivilTime(moment, offset: .zero)
        let number = CivilDate(year: time.year, month: time.month, day: time.day).dayNumber
        // The first day of all, the epoch's, was a Thursday.
        let day = days[(number % 7 + 11) % 7]
        return
            "\(day), \(time.day) \(months[time.month - 1]) \(time.text.prefix(4)) \(time.text.suffix(8)) +0000"
    }

    /// Reads a date, with or without its day of the week; nil when it is none.
    static func moment(_ text: String) -> Moment? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "\t" }
        // Where it stands before the first number, it is the day of the week.
        let parts = words.first?.first?.isNumber == true ? words[...] : words.dropFirst()
        guard parts.count >= 5, let day = Int(parts[parts.startIndex]), (1...31).contains(day),
            let month = months.firstIndex(where: {
                $0.lowercased() == parts[parts.startIndex + 1].lowercased()
            }),
            let year = Int(parts[parts.startIndex + 2]), (1_970...9_999).contains(year),
            let offset = offset(parts[parts.startIndex + 4])
        else { return nil }
        let clock = parts[parts.startIndex + 3].split(separator: ":").map { Int($0) ?? -1 }
        guard (2...3).contains(clock.count), (0...23).contains(clock[0]), (0...59).contains(clock[1]) else {
            return nil
        }
        let second = clock.count == 3 ? clock[2] : 0
        guard (0...60).contains(second) else { return nil }
        let days = CivilDate(year: year, month: month + 1, day: day).dayNumber
        let seconds = days * CivilDate.secondsPerDay + clock[0] * 3_600 + clock[1] * 60 + second
        return Moment(secondsSinceEpoch: Int64(seconds - offset))
    }

    /// Seconds that a clock is ahead of UTC; zones by name are taken for it.
    private static func offset(_ zone: Substring) -> Int? {
        guard let sign = zone.first, sign == "+" || sign == "-" else { return 0 }
        guard zone.count == 5, let number = Int(zone.dropFirst()) else { return nil }
        let seconds = number / 100 * 3_600 + number % 100 * 60
        return sign == "-" ? -seconds : seconds
    }
}
