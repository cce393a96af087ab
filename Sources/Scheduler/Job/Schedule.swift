package import Foundation
package import Groundwork

/// When a job is due.
package enum Schedule: Hashable, Sendable {
    /// At the readings of the clock that an expression names, in a zone, with a policy for its clock changes.
    case cron(CronExpression, zone: TimeZone, daylight: DaylightPolicy)
    /// At `anchor`, `anchor + period`, `anchor + 2 * period` and so on: lateness never moves later triggers.
    case fixedRate(period: Duration, anchor: Moment)
    /// The same time after the end of each run.
    case fixedDelay(Duration)
    /// At one instant, once.
    case once(at: Moment)
    /// Never by itself: only by hand, through the API or after a parent job.
    case none

    /// The first trigger after `instant`; nil when there is none.
    ///
    /// For a fixed delay `instant` is the end of the last run, or the start of the job while it has not run
    /// yet: every other schedule may be asked about any instant.
    package func nextTrigger(after instant: Moment) -> Moment? {
        switch self {
        case .cron(let expression, let zone, let daylight):
            expression.next(after: instant, in: zone, policy: daylight)
        case .fixedRate(let period, let anchor):
            Self.nextTick(after: instant, anchor: anchor, period: period.wholeMilliseconds)
        case .fixedDelay(let delay):
            Self.moment(instant.millisecondsSinceEpoch.addingReportingOverflow(delay.wholeMilliseconds))
        case .once(let moment): moment > instant ? moment : nil
        case .none: nil
        }
    }

    /// Whether the next trigger is known only once the last run has ended.
    package var waitsForRun: Bool {
        if case .fixedDelay = self { true } else { false }
    }

    /// Refuses a schedule that nothing will come of any more.
    ///
    /// - Throws: `ScheduleError` when the schedule has no trigger after `instant` though it is meant to have one.
    package func checkFires(after instant: Moment) throws(ScheduleError) {
        guard self != .none, nextTrigger(after: instant) == nil else { return }
        let zone = if case .cron(_, let zone, _) = self { ZoneRules(of: zone) } else { ZoneRules.utc }
        throw ScheduleError(
            field: "conf",
            reason: "the schedule has ended: nothing is due after \(InstantText.local(instant, in: zone))"
        )
    }

    private static func nextTick(after instant: Moment, anchor: Moment, period: Int64) -> Moment? {
        guard instant >= anchor else { return anchor }
        let (elapsed, tooFar) = instant.millisecondsSinceEpoch.subtractingReportingOverflow(
            anchor.millisecondsSinceEpoch
        )
        guard period > 0, !tooFar else { return nil }
        let (sinceAnchor, overflow) = (elapsed / period + 1).multipliedReportingOverflow(by: period)
        guard !overflow else { return nil }
        return moment(anchor.millisecondsSinceEpoch.addingReportingOverflow(sinceAnchor))
    }

    private static func moment(_ sum: (partialValue: Int64, overflow: Bool)) -> Moment? {
        sum.overflow ? nil : Moment(millisecondsSinceEpoch: sum.partialValue)
    }
}
