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
        let civil = CivilDate(dayNumber: Int(local).flooredQuotient(by: CivilDate.secondsPerDay))
        return civil.year * 10_000 + civil.month * 100 + civil.day
    }
}
