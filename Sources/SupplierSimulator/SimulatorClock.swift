import Groundwork
import Synchronization

/// The simulated suppliers' clock: the host's, moved by whoever tries what happens at another time.
final class SimulatorClock: WallClock {
    private let base: any WallClock
    private let shift = Mutex(Duration.zero)

    init(base: any WallClock) {
        self.base = base
    }

    var now: Moment {
        base.now + shift.withLock { $0 }
    }

    /// Moves the clock.
    func advance(by duration: Duration) {
        shift.withLock { $0 += duration }
    }

    /// Sets the clock; it goes on from there.
    func set(to moment: Moment) {
        let distance = moment.millisecondsSinceEpoch - base.now.millisecondsSinceEpoch
        shift.withLock { $0 = .milliseconds(distance) }
    }

    /// Shows the host's time again.
    func reset() {
        shift.withLock { $0 = .zero }
    }
}
