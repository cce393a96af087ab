package import Foundation
package import Groundwork

/// The installation's days: the zone by which messages are counted.
package struct BusinessCalendar: Sendable {
    package let zone: TimeZone

    package init(zone: TimeZone) {
        self.zone = zone
    }

    /// The day of `moment` as `yyyyMMdd`.
    package func day(of moment: Moment) -> Int {
        let date = Date(timeIntervalSince1970: Double(moment.millisecondsSinceEpoch) / 1_000)
        let local = moment.secondsSinceEpoch + Int64(zone.secondsFromGMT(for: date))
        // Civil date from days since the epoch: Howard Hinnant, "chrono-compatible low-level date algorithms".
        let shifted = (local >= 0 ? local : local - 86_399) / 86_400 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return Int(year * 10_000 + month * 100 + day)
    }
}
