import Foundation
import Groundwork
import Scheduler
import TestKit
import Testing

/// Random expressions in real zones against a reference that watches the clock minute by minute.
@Suite struct CronPropertyTests {
    static let zones = [
        "UTC", "Asia/Shanghai", "America/New_York", "Europe/London", "Europe/Dublin", "Africa/Casablanca",
        "Antarctica/Troll", "Australia/Lord_Howe", "America/Havana", "America/Santiago", "Asia/Beirut",
        "America/Sao_Paulo", "Pacific/Apia", "Pacific/Chatham", "America/St_Johns", "Asia/Tehran",
        "Asia/Pyongyang",
        "Asia/Kathmandu", "Africa/Cairo", "America/Caracas",
    ]

    @Test(arguments: zones)
    func `the fires around a clock change are those that watching the clock gives`(name: String) throws {
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) } & 0xFFFF))
        let zone = try #require(ZoneRules.zone(named: name))
        var compared = 0
        for _ in 0..<3 {
            let timeline = Timeline(window: try window(in: zone, &random), zone: zone)
            for _ in 0..<10 {
                let reference = ReferenceCron(using: &random)
                guard let expression = try? CronExpression(reference.text) else {
                    // Only a random date such as 30 February is refused; the syntax tests hold the reasons.
                    continue
                }
                #expect(expression.isInterval == reference.isInterval)
                for policy in DaylightPolicy.allCases where policy != .quartz || timeline.hasOnlyHourGaps {
                    let expected = reference.fires(on: timeline, policy: policy)
                    let found = fires(of: expression, in: zone, policy, timeline.window)
                    #expect(found == expected, "\(reference.text) in \(name), \(policy.rawValue)")
                    compared += expected.count
                }
            }
        }
        #expect(compared > 1_000, "the random expressions fired in the windows")
    }

    @Test(arguments: zones)
    func `between two fires every instant yields the same next fire`(name: String) throws {
        var random = SeededGenerator(seed: UInt64(name.utf8.reduce(3) { $0 &* 33 &+ Int($1) } & 0xFFFF))
        let zone = try #require(ZoneRules.zone(named: name))
        var asked = 0
        for _ in 0..<25 {
            // Only a random date such as 30 February is refused; the syntax tests hold the reasons.
            guard let expression = try? CronExpression(ReferenceCron(using: &random).text) else { continue }
            for policy in [DaylightPolicy.vixie, .skip, .both] {
                var fire = Moment(secondsSinceEpoch: Int64(try window(in: zone, &random).lowerBound))
                for _ in 0..<3 {
                    guard let next = expression.next(after: fire, in: zone, policy: policy) else { break }
                    let between = fire.millisecondsSinceEpoch..<next.millisecondsSinceEpoch
                    try #require(!between.isEmpty, "\(expression) goes back")
                    for _ in 0..<8 {
                        let instant = Moment(millisecondsSinceEpoch: .random(in: between, using: &random))
                        #expect(expression.next(after: instant, in: zone, policy: policy) == next)
                        asked += 1
                    }
                    fire = next
                }
            }
        }
        #expect(asked > 1_000, "the random expressions fired")
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            "0 0 0 L-29W * ?", "0 0 0 L-30W * ?", "0 0 0 31W 4,5 ?", "0 0 0 ? 2 SAT#5", "0 30 2 ? 3 SUN#2",
            "0 0 0 29 2 ?", "0 0 0 29 2 ? 2196", "* * * * * ?", "59 59 23 31 12 ? 2199", "0 30 2 9 3 ? 2025",
            "0 0 0 ? 2 1#5,2#5 1970-2199/2", "0 15 23,0,1 L-30 * ?",
        ]
    )
    func `no expression hangs, in any zone and for any policy`(text: String) throws {
        let expression = try CronExpression(text)
        for name in Self.zones {
            let rules = try #require(ZoneRules(named: name))
            for policy in DaylightPolicy.allCases {
                for start in [Int64.min, 0, 1_741_503_600_000, 4_000_000_000_000, Int64.max] {
                    var last = Moment(millisecondsSinceEpoch: start)
                    for _ in 0..<12 {
                        guard let next = expression.next(after: last, in: rules, policy: policy) else {
                            break
                        }
                        if next <= last { Issue.record("\(name), \(policy): \(last) is followed by \(next)") }
                        last = next
                    }
                }
            }
        }
    }

    /// Four days that hold a clock change in most cases, starting on a whole minute.
    private func window(in zone: TimeZone, _ random: inout SeededGenerator) throws -> ClosedRange<Int> {
        let start = Date(timeIntervalSince1970: .random(in: 946_684_800...1_900_000_000, using: &random))
        let change = zone.nextDaylightSavingTimeTransition(after: start) ?? start
        let before = 86_400 * 2 + Int.random(in: 0...1_440, using: &random) * 60
        let first = Int(change.timeIntervalSince1970) / 60 * 60 - before
        return first...first + 86_400 * 4
    }

    private func fires(
        of expression: CronExpression,
        in zone: TimeZone,
        _ policy: DaylightPolicy,
        _ window: ClosedRange<Int>
    ) -> [Int] {
        var fires: [Int] = []
        var last = Moment(secondsSinceEpoch: Int64(window.lowerBound) - 1)
        while let next = expression.next(after: last, in: zone, policy: policy),
            next.secondsSinceEpoch <= window.upperBound
        {
            fires.append(Int(next.secondsSinceEpoch))
            last = next
        }
        return fires
    }
}
