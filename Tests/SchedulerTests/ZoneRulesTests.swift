import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// The table of a zone's offsets against Foundation's answer for the same instant.
@Suite struct ZoneRulesTests {
    @Test func `every known zone has the offsets that Foundation names`() throws {
        var random = SeededGenerator(seed: 1_970)
        for name in TimeZone.knownTimeZoneIdentifiers {
            let zone = try #require(TimeZone(identifier: name))
            let rules = ZoneRules(of: zone)
            let wrong = (0..<200).map { _ in Int.random(in: 0..<7_258_118_400, using: &random) }
                .filter { rules.wall(at: $0).seconds - $0 != offset(zone, $0) }
            #expect(wrong.isEmpty, "\(name)")
        }
    }

    @Test(arguments: CronPropertyTests.zones)
    func `no change of the offset is missed, however short it lasts`(name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        let rules = ZoneRules(of: zone)
        var changes: [Int] = []
        var last = offset(zone, 0)
        for second in stride(from: 0, to: 2_524_608_000, by: 21_600) {
            let present = offset(zone, second)
            if present != last { changes.append(second) }
            last = present
        }
        let known = rules.spans.dropFirst().map(\.start).filter { $0 > 0 && $0 <= 2_524_608_000 - 21_600 }
        #expect(known.map { ($0 + 21_599) / 21_600 * 21_600 } == changes)
    }

    @Test(arguments: CronPropertyTests.zones)
    func `the offset changes at the very second that the table names`(name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        for (before, after) in zip(ZoneRules(of: zone).spans, ZoneRules(of: zone).spans.dropFirst()) {
            #expect(before.end == after.start)
            #expect(offset(zone, after.start) == after.offset)
            #expect(offset(zone, after.start - 1) == before.offset)
            #expect(before.offset != after.offset)
        }
    }

    @Test func `a missing day is a gap and a repeated hour an overlap`() throws {
        let apia = try #require(ZoneRules(named: "Pacific/Apia"))
        let gap = try #require(apia.spans.first { $0.followsGap && $0.start == 1_325_239_200 })
        #expect(gap.wallStart.seconds - gap.front.seconds == 86_400)
        let newYork = try #require(ZoneRules(named: "America/New_York"))
        let overlap = try #require(newYork.spans.first { $0.start == 1_762_063_200 })
        #expect(overlap.followsOverlap)
        #expect(overlap.front.seconds - overlap.wallStart.seconds == 3_600)
    }

    @Test(arguments: [
        "", "Mars/Olympus", "../../etc/passwd", "utc ", "America/New_York\u{0}", "Asia/\u{4E0A}\u{6D77}",
    ])
    func `a name that the zone data do not have is no zone`(name: String) {
        #expect(ZoneRules(named: name) == nil)
    }

    @Test func `dates agree with Foundation's calendar`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let wrong = (-800...84_100)
            .filter { day in
                let date = CivilDate(dayNumber: day)
                let shown = calendar.dateComponents(
                    [.year, .month, .day, .weekday],
                    from: Date(timeIntervalSince1970: Double(day) * 86_400)
                )
                let agrees = date.year == shown.year && date.month == shown.month && date.day == shown.day
                return !agrees || date.weekday != shown.weekday || date.dayNumber != day
            }
        #expect(wrong.isEmpty)
    }

    private func offset(_ zone: TimeZone, _ second: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
    }
}
