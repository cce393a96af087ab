import Groundwork

/// How many messages of a type the same person may get in several days, the day of the message among them.
package struct QuotaSpan: Hashable, Sendable {
    package let type: MessageType
    package let limit: Int
    package let days: Int

    /// The most days; what was counted is kept for as long.
    package static let mostDays = 31

    /// Makes a rule; nil when it counts no days, more than are kept, or lets nothing through.
    package init?(_ type: MessageType, limit: Int, days: Int) {
        guard limit >= 1, 1...Self.mostDays ~= days else { return nil }
        self.type = type
        self.limit = limit
        self.days = days
    }

    /// The first day that counts for a message of `day`; both as `yyyyMMdd`.
    package func firstDay(for day: Int) -> Int { Self.day(day, plus: 1 - days) }

    /// The last day for which a message of `day` counts.
    package func lastDay(of day: Int) -> Int { Self.day(day, plus: days - 1) }

    /// The first day for which a message of `day` does not count any more.
    package func dayAgain(after day: Int) -> Int { Self.day(day, plus: days) }

    /// The day so many days after another, as `yyyyMMdd`.
    static func day(_ day: Int, plus days: Int) -> Int {
        let number = CivilDate(year: day / 10_000, month: day / 100 % 100, day: day % 100).dayNumber
        let civil = CivilDate(dayNumber: number + days)
        return civil.year * 10_000 + civil.month * 100 + civil.day
    }
}
