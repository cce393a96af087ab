import Groundwork
import Synchronization

/// How many of the runs that this process planned become due when: where many do at once, what has to be written before
/// their calls is written earlier, so that the calls go out at the instant.
///
/// Who leads plans nearly all that becomes due; of what another process planned nothing is known here, and it is
/// taken up as ever.
final class Rush: Sendable {
    /// How long it takes to write one hand-over down, on two cores that do all else too.
    private static let perRun = Duration.microseconds(200)
    /// The earliest that a run is taken up before it is due, however many are due with it.
    static let longest = Duration.milliseconds(2_500)
    /// What is due later than this is no rush yet: what schedules spread over a day is not counted.
    private static let reach = Duration.seconds(6)
    /// Those that become due within as long as this count together, in milliseconds.
    private static let grain: Int64 = 10

    /// How many become due, by the instant.
    private let counts = Mutex<[Int64: Int]>([:])

    /// Notes that runs were planned at `now`.
    func note(_ runs: [JobRun], at now: Moment) {
        counts.withLock { counts in
            for run in runs {
                guard case .planned(let due) = run.state, due - now < Self.reach else { continue }
                counts[due.millisecondsSinceEpoch / Self.grain, default: 0] += 1
            }
        }
    }

    /// Up to which instant runs are taken up at `now`, and how long it is until that has to be asked again.
    ///
    /// Half of the head start is for those that become due meanwhile: they go together.
    ///
    /// - Parameters:
    ///   - now: the present instant.
    ///   - headStart: how long before its instant a run is taken up that is due alone.
    /// - Returns: the instant; the wait, nil when nothing more is known.
    func horizon(at now: Moment, headStart: Duration) -> (until: Moment, next: Duration?) {
        let start = now.millisecondsSinceEpoch / Self.grain
        return counts.withLock { counts in
            if counts.keys.contains(where: { $0 < start }) { counts = counts.filter { $0.key >= start } }
            var until = now + headStart
            var next: Duration?
            var before = 0
            for (slot, count) in counts.sorted(by: { $0.key < $1.key }) {
                before += count
                let due = Moment(millisecondsSinceEpoch: (slot + 1) * Self.grain - 1)
                let left = due - now - min(headStart + Self.perRun * before, Self.longest)
                if left <= .zero { until = max(until, due) } else { next = min(next ?? left, left) }
            }
            return (until, next.map { $0 + headStart / 2 })
        }
    }
}
