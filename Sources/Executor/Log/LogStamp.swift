import Foundation
import Groundwork

/// Writes instants the way run logs do, in one zone.
struct LogStamp: Sendable {
    let zone: TimeZone

    /// The day, such as `2026-11-25`: the folder in which a run's log is kept.
    func day(_ moment: Moment) -> String {
        let (year, month, day, _) = split(moment)
        return written { digits in
            digits.add(year, width: 4)
            digits.add(month, width: 2, after: "-")
            digits.add(day, width: 2, after: "-")
        }
    }

    /// The instant, such as `2026-11-25 09:00:00.123`.
    func instant(_ moment: Moment) -> String {
        let (year, month, day, milliseconds) = split(moment)
        let seconds = milliseconds / 1_000
        return written { digits in
            digits.add(year, width: 4)
            digits.add(month, width: 2, after: "-")
            digits.add(day, width: 2, after: "-")
            digits.add(seconds / 3_600, width: 2, after: " ")
            digits.add(seconds / 60 % 60, width: 2, after: ":")
            digits.add(seconds % 60, width: 2, after: ":")
            digits.add(milliseconds % 1_000, width: 3, after: ".")
        }
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
        // A journal may hold what no door takes any more.
        let moment = min(max(moment, Moment.nameable.lowerBound), Moment.nameable.upperBound)
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

    private func written(_ body: (inout Digits) -> Void) -> String {
        var digits = Digits()
        body(&digits)
        return String(decoding: digits.bytes, as: UTF8.self)
    }

    /// Numbers of fixed width, one behind the other: a line is written for each step of each run.
    private struct Digits {
        private(set) var bytes: [UInt8] = []

        init() { bytes.reserveCapacity(24) }

        mutating func add(_ number: Int, width: Int, after sign: Unicode.Scalar? = nil) {
            if let sign { bytes.append(UInt8(ascii: sign)) }
            var unit = 1
            for _ in 1..<width { unit *= 10 }
            while unit > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(number / unit % 10))
                unit /= 10
            }
        }
    }
}
