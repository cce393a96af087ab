package import Foundation
package import Groundwork

extension CronExpression {
    /// The first whole second after `instant` at which the expression fires; nil when it has ended.
    ///
    /// Bounded: the work depends on the expression and the zone alone, never on how far away the answer is
    /// beyond the years 1970 to 2199.
    package func next(after instant: Moment, in zone: TimeZone, policy: DaylightPolicy) -> Moment? {
        next(after: instant, in: ZoneRules(of: zone), policy: policy)
    }

    /// The first whole second after `instant` at which the expression fires; nil when it has ended.
    package func next(after instant: Moment, in rules: ZoneRules, policy: DaylightPolicy) -> Moment? {
        let second = max(instant.secondsSinceEpoch, -2 * Int64(CivilDate.secondsPerDay))
        guard second < WallTime.horizonEnd.seconds + 2 * CivilDate.secondsPerDay else { return nil }
        let earliest = Int(second) + 1
        let found =
            policy == .quartz
            ? QuartzWalk(expression: self, rules: rules).firstFire(from: earliest)
            : firstFire(from: earliest, in: rules, policy: policy)
        return found.map { Moment(secondsSinceEpoch: Int64($0)) }
    }

    /// The first second at or after `earliest` at which the expression fires.
    ///
    /// Goes from stretch to stretch of the zone's time. Within one, readings and seconds differ by a constant;
    /// stretches in which the clock shows no matching reading are passed over without a second search.
    private func firstFire(from earliest: Int, in rules: ZoneRules, policy: DaylightPolicy) -> Int? {
        let firstPassOnly = policy.firesOnFirstPassOnly(interval: isInterval)
        let catchesUp = policy.catchesUpAfterGap(interval: isInterval)
        var index = rules.index(at: earliest)
        while index < rules.spans.count {
            let span = rules.spans[index]
            if catchesUp, span.followsGap, earliest <= span.start,
                let missed = nextReading(from: span.front), missed < span.wallStart
            {
                return span.start
            }
            var from = WallTime(seconds: max(earliest, span.start) + span.offset)
            if firstPassOnly { from = max(from, span.front) }
            let found = nextReading(from: from)
            if let found, found < span.wallEnd { return found.seconds - span.offset }
            index += 1
            while index < rules.spans.count,
                rules.spans[index].showsOnly(from: from, upTo: found ?? .never)
            {
                index += 1
            }
        }
        return nil
    }
}

extension WallTime {
    /// Later than every reading that any zone shows.
    fileprivate static let never = WallTime(seconds: .max)
}

extension ZoneRules.Span {
    /// Whether every reading of the stretch, and of the gap before it, lies within the given bounds.
    fileprivate func showsOnly(from: WallTime, upTo: WallTime) -> Bool {
        from <= wallStart && from <= front && wallEnd <= upTo
    }
}
