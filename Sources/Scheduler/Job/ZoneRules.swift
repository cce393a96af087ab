package import Foundation
import Groundwork
import Synchronization

/// The offsets of one time zone throughout the horizon of every schedule, laid out for look-ups in nanoseconds.
///
/// Built once per zone from Foundation's `TimeZone` and shared by the whole process; the zone data are read
/// again only when the process starts again.
package struct ZoneRules: Sendable {
    /// A stretch of time with one offset from UTC.
    struct Span: Hashable, Sendable {
        /// The first second (UTC, since the epoch) of the stretch.
        var start: Int
        /// The first second after it.
        var end: Int
        /// Seconds to add to UTC to get what clocks show.
        var offset: Int
        /// The reading that clocks had reached before the stretch began: readings below it are repeats.
        var front: WallTime

        /// What clocks show at `start`.
        var wallStart: WallTime { WallTime(seconds: start + offset) }
        /// What clocks would show at `end` if the offset stayed.
        var wallEnd: WallTime { WallTime(seconds: end + offset) }
        /// Whether clocks were put forward at `start`: the readings from `front` up to `wallStart` are missing.
        var followsGap: Bool { front < wallStart }
        /// Whether clocks were put back at `start`: the readings from `wallStart` up to `front` come again.
        var followsOverlap: Bool { wallStart < front }
    }

    /// Coordinated universal time, which never changes its offset.
    package static let utc = ZoneRules(of: .gmt)

    private static let known = Mutex<[String: ZoneRules]>([:])

    /// Two days before the horizon: no zone is further from UTC than that.
    private static let earliest = -2 * CivilDate.secondsPerDay
    /// Two days after the horizon's end.
    private static let latest = WallTime.horizonEnd.seconds + 2 * CivilDate.secondsPerDay

    /// The zone's name.
    package let identifier: String
    /// Without holes, oldest first; the first and the last reach far beyond the horizon.
    let spans: [Span]

    /// The rules of `zone`.
    package init(of zone: TimeZone) {
        self = Self.known.withLock { known in
            if let rules = known[zone.identifier] { return rules }
            let rules = ZoneRules(reading: zone)
            known[zone.identifier] = rules
            return rules
        }
    }

    /// The rules of the zone called `identifier`; nil where the zone data know no such name.
    package init?(named identifier: String) {
        let rules = Self.known.withLock { known -> ZoneRules? in
            if let rules = known[identifier] { return rules }
            guard let zone = Self.zone(named: identifier) else { return nil }
            let rules = ZoneRules(reading: zone)
            known[identifier] = rules
            return rules
        }
        guard let rules else { return nil }
        self = rules
    }

    private init(reading zone: TimeZone) {
        var spans: [Span] = []
        var start = Self.earliest
        var front = WallTime(seconds: .min / 2)
        while true {
            let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(start)))
            let end = Self.change(in: zone, after: start, from: offset) ?? .max / 4
            let isFirst = spans.isEmpty
            let span = Span(
                start: isFirst ? .min / 4 : start,
                end: end,
                offset: offset,
                front: isFirst ? WallTime(seconds: .min / 4 + offset) : front
            )
            spans.append(span)
            front = max(front, span.wallEnd)
            guard end < Self.latest else { break }
            start = end
        }
        self.identifier = zone.identifier
        self.spans = spans
    }

    /// The first instant after `start` at which the offset is another than `offset`.
    ///
    /// Foundation also names changes of the daylight-saving flag alone (Istanbul 2016); those are passed over.
    private static func change(in zone: TimeZone, after start: Int, from offset: Int) -> Int? {
        var date = Date(timeIntervalSince1970: Double(start))
        while let next = zone.nextDaylightSavingTimeTransition(after: date), next > date {
            let second = Int(next.timeIntervalSince1970.rounded())
            guard second < latest else { return nil }
            if zone.secondsFromGMT(for: next) != offset { return second }
            date = next
        }
        return nil
    }

    /// The zone called `identifier`; names are taken as the zone data spell them.
    package static func zone(named identifier: String) -> TimeZone? {
        let isPlain = identifier.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: "/"):
                true
            default: false
            }
        }
        return isPlain ? TimeZone(identifier: identifier) : nil
    }

    /// The index of the stretch that `second` lies in.
    func index(at second: Int) -> Int {
        // The first stretch starts before every second there is, so the search ends at 1 or above.
        firstIndex { second < $0.start } - 1
    }

    /// What clocks show at `second`.
    func wall(at second: Int) -> WallTime {
        WallTime(seconds: second + spans[index(at: second)].offset)
    }

    /// The second at which clocks show `wall` for the first time, or the end of the gap that it lies in.
    func firstSecond(showing wall: WallTime) -> Int {
        let span = spans[min(firstIndex { wall < $0.wallEnd }, spans.count - 1)]
        return max(span.start, wall.seconds - span.offset)
    }

    /// The second that Java's calendar finds for `wall`.
    ///
    /// Of a repeated reading the last showing; a missing reading is taken as if the change had not happened
    /// yet, and so lies after the gap by as much as it lay after the gap's beginning.
    func lenientSecond(showing wall: WallTime) -> Int {
        wall.seconds - spans[firstIndex { wall < $0.wallStart } - 1].offset
    }

    /// The index of the first stretch for which `isBeyond` holds, which from then on must hold for all.
    private func firstIndex(where isBeyond: (Span) -> Bool) -> Int {
        var low = 0
        var high = spans.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(spans[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
