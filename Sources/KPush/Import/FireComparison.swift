import Groundwork
import Scheduler

/// How the fires of a cron expression under Quartz's rule for clock changes differ from those under Debian cron's.
struct FireComparison: Hashable, Sendable {
    /// How many fires under Quartz's rule were compared.
    let compared: Int
    /// How many instants have a fire under one of the rules alone.
    let differing: Int
    /// The first of them.
    let first: Moment?

    /// Compares the next `count` fires after `instant`; nil for a schedule that is no cron expression.
    ///
    /// - Parameters:
    ///   - schedule: the schedule; its own policy does not matter.
    ///   - instant: where to begin.
    ///   - count: how many fires under Quartz's rule to look at.
    init?(of schedule: ScheduleText, after instant: Moment, count: Int) {
        guard case .cron(let expression, let zone, _) = try? Schedule(schedule) else { return nil }
        let rules = ZoneRules(of: zone)
        func fires(_ policy: DaylightPolicy) -> [Moment] {
            var fires: [Moment] = []
            while fires.count < count,
                let next = expression.next(after: fires.last ?? instant, in: rules, policy: policy)
            {
                fires.append(next)
            }
            return fires
        }
        let quartz = fires(.quartz)
        let vixie = fires(.vixie)
        // Beyond the shorter of the two lists there is nothing to compare with.
        let ends = [quartz, vixie].filter { $0.count == count }.compactMap(\.last)
        let end = ends.min() ?? Moment(millisecondsSinceEpoch: .max)
        let differences = Set(quartz).symmetricDifference(vixie).filter { $0 <= end }
        compared = quartz.count
        differing = differences.count
        first = differences.min()
    }
}
