package import Foundation
package import Groundwork

/// The hours of each day in which messages may be sent, by the clocks of one time zone.
///
/// A window opens at the first minute and closes just before the last one. Where clocks are put back or forward
/// across one of the two, it opens later rather than earlier and closes earlier rather than later.
package struct SendingWindow: Hashable, Sendable {
    /// A time of the day, in minutes since midnight.
    package struct TimeOfDay: Hashable, Comparable, Sendable {
        package let minutes: Int

        /// Makes a time of the day; nil when it is not from 00:00 to 24:00.
        package init?(hour: Int, minute: Int = 0) {
            let minutes = hour * 60 + minute
            guard hour >= 0, 0..<60 ~= minute, 0...1_440 ~= minutes else { return nil }
            self.minutes = minutes
        }

        /// Reads a text such as `08:00`.
        package init?(_ text: String) {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ $0.count == 2 && $0.allSatisfy(\.isASCII) }),
                let hour = Int(parts[0]), let minute = Int(parts[1])
            else { return nil }
            self.init(hour: hour, minute: minute)
        }

        package static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.minutes < right.minutes }

        private init(minutes: Int) {
            self.minutes = minutes
        }

        /// When windows open that nobody has set.
        package static let morning = TimeOfDay(minutes: 480)
        /// When windows close that nobody has set: the strictest hour that operators and suppliers ask for.
        package static let evening = TimeOfDay(minutes: 1_200)
    }

    package let opens: TimeOfDay
    package let closes: TimeOfDay
    package let zone: TimeZone

    /// Makes a window; one that opens after it closes spans midnight, one that does both at once is always open.
    package init(
        opens: TimeOfDay = .morning,
        closes: TimeOfDay = .evening,
        zone: TimeZone
    ) {
        self.opens = opens
        self.closes = closes
        self.zone = zone
    }

    /// A stretch of time in which nothing changes.
    package struct Span: Hashable, Sendable {
        /// Whether messages may be sent.
        package let isOpen: Bool
        /// Where the stretch begins.
        package let start: Moment
        /// Where the next stretch begins: when it is closed, the moment at which the window opens.
        package let end: Moment

        /// Whether the moment lies in the stretch.
        package func contains(_ moment: Moment) -> Bool { start <= moment && moment < end }
    }

    /// The stretch that a moment lies in.
    package func span(at moment: Moment) -> Span {
        let day = localDay(of: moment)
        guard opens != closes else {
            return Span(isOpen: true, start: moment, end: moment + .seconds(86_400))
        }
        // A window can begin on the day before and span midnight; the next can begin two days on.
        var previousEnd = moment - .seconds(4 * 86_400)
        for day in (day - 2)...(day + 3) {
            let opening = instant(day, opens, gap: .later, overlap: .later)
            let last = opens < closes ? day : day + 1
            let closing = instant(last, closes, gap: .earlier, overlap: .earlier)
            guard opening < closing else { continue }
            if moment < opening { return Span(isOpen: false, start: previousEnd, end: opening) }
            if moment < closing { return Span(isOpen: true, start: opening, end: closing) }
            previousEnd = closing
        }
        preconditionFailure("a zone whose clocks skip three windows in a row")
    }

    // MARK: Local time

    private enum Side {
        case earlier
        case later
    }

    private func offset(at seconds: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }

    /// Days since 1970-01-01 by the zone's calendar.
    private func localDay(of moment: Moment) -> Int64 {
        let seconds = moment.secondsSinceEpoch
        let local = seconds + offset(at: seconds)
        return local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    }

    /// The instant at which the zone's clocks show a time of a day.
    ///
    /// - Parameters:
    ///   - day: days since 1970-01-01.
    ///   - time: what the clocks show.
    ///   - gap: when they never show it: `later` keeps the distance from the time before, so that 02:30 becomes
    ///     03:30; `earlier` takes the moment at which they are put forward.
    ///   - overlap: when they show it twice, which of the two.
    /// - Returns: the instant.
    private func instant(_ day: Int64, _ time: TimeOfDay, gap: Side, overlap: Side) -> Moment {
        let local = day * 86_400 + Int64(time.minutes) * 60
        let before = offset(at: local - offset(at: local) - 86_400)
        let after = offset(at: local - offset(at: local) + 86_400)
        let candidates = [local - before, local - after]
        let shown = candidates.filter { offset(at: $0) == local - $0 }
        if let first = shown.min(), let last = shown.max() {
            return Moment(secondsSinceEpoch: overlap == .earlier ? first : last)
        }
        guard gap == .earlier else { return Moment(secondsSinceEpoch: local - before) }
        return Moment(secondsSinceEpoch: change(after: local - after, to: after))
    }

    /// The first second with the new offset, at or after `start` and at most two days on.
    private func change(after start: Int64, to new: Int64) -> Int64 {
        var low = start
        var high = start + 2 * 86_400
        while low < high {
            let middle = low + (high - low) / 2
            if offset(at: middle) == new { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
