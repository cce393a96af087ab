import Foundation
import Groundwork

/// Writes instants the way run logs do, in one zone.
struct LogStamp: Sendable {
    let zone: TimeZone

    /// The day, such as `2026-11-25`: the folder in which a run's log is kept.
    func day(_ moment: Moment) -> String {
        let (year, month, day, _) = split(moment)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// The instant, such as `2026-11-25 09:00:00.123`.
    func instant(_ moment: Moment) -> String {
        let milliseconds = split(moment).millisecondOfDay
        let seconds = milliseconds / 1_000
        let time = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return "\(day(moment)) \(time.joined(separator: ":")).\(padded(milliseconds % 1_000, 3))"
    }

    /// The name of the day that lies `days` days before the one of `moment`.
    func day(_ days: Int, before moment: Moment) -> String {
        day(moment - .seconds(86_400 * Int64(days)))
    }

    /// Whether `name` is written like a day.
    static func isDay(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard bytes.count == 10 else { return false }
        return bytes.indices.allSatisfy { index in
            index == 4 || index == 7
                ? bytes[index] == UInt8(ascii: "-")
                : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index])
        }
    }

    /// Splits the zone's local time by the proleptic Gregorian calendar.
    ///
    /// Without a calendar object, for which a log line must not pay.
    private func split(_ moment: Moment) -> (year: Int, month: Int, day: Int, millisecondOfDay: Int) {
        let date = Date(timeIntervalSince1970: Double(moment.millisecondsSinceEpoch) / 1_000)
        let local = Int(moment.millisecondsSinceEpoch) + zone.secondsFromGMT(for: date) * 1_000
        let dayLength = 86_400_000
        let epochDay = local.flooredQuotient(by: dayLength)
        let civil = CivilDate(dayNumber: epochDay)
        return (
            year: civil.year,
            month: civil.month,
            day: civil.day,
            millisecondOfDay: local - epochDay * dayLength
        )
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
