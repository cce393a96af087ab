package import Groundwork
import Synchronization

/// A waiting clock, and a calendar beside it, that move only when a test moves them.
package final class ManualClock: Clock, Sendable {
    /// What the clock shows as calendar time.
    package struct Calendar: WallClock {
        let clock: ManualClock

        package var now: Moment { clock.state.withLock { $0.start + $0.elapsed } }
    }

    /// A point on the manual time line.
    package struct Instant: InstantProtocol {
        package let sinceStart: Swift.Duration

        package func advanced(by duration: Swift.Duration) -> Instant {
            Instant(sinceStart: sinceStart + duration)
        }

        package func duration(to other: Instant) -> Swift.Duration {
            other.sinceStart - sinceStart
        }

        package static func < (left: Instant, right: Instant) -> Bool {
            left.sinceStart < right.sinceStart
        }
    }

    private struct State {
        var start: Moment
        var elapsed = Swift.Duration.zero
        var nextSleeper = 0
        var sleepers: [Int: (deadline: Instant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// Makes a clock whose calendar shows `start`.
    package init(_ start: Moment) {
        state = Mutex(State(start: start))
    }

    /// The calendar that moves with this clock; hand it to whoever wants a `WallClock`.
    package var calendar: Calendar { Calendar(clock: self) }

    package var minimumResolution: Swift.Duration { .milliseconds(1) }

    package var now: Instant {
        state.withLock { Instant(sinceStart: $0.elapsed) }
    }

    /// Moves time forward and wakes whoever waits for a point that is now past.
    package func advance(by duration: Swift.Duration) {
        let due = state.withLock { state in
            state.elapsed += duration
            let now = Instant(sinceStart: state.elapsed)
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Moves the calendar alone, as an operator or NTP would; nobody who waits is woken.
    package func setCalendar(to moment: Moment) {
        state.withLock { $0.start = moment - $0.elapsed }
    }

    /// How many tasks wait on this clock now.
    package var waiting: Int { state.withLock { $0.sleepers.count } }

    /// Returns once at least `count` tasks wait on this clock.
    package func sleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if ready { continuation.resume() }
        }
    }

    package func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let key = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enroll(key, deadline, continuation)
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                if let sleeper = state.sleepers.removeValue(forKey: key) {
                    return Optional(sleeper.continuation)
                }
                state.cancelled.insert(key)
                return nil
            }
            sleeper?.resume(throwing: CancellationError())
        }
    }

    private func enroll(
        _ key: Int,
        _ deadline: Instant,
        _ continuation: CheckedContinuation<Void, any Error>
    ) {
        enum Fate {
            case sleeps([CheckedContinuation<Void, Never>])
            case past
            case cancelled
        }
        let fate: Fate = state.withLock { state in
            if state.cancelled.remove(key) != nil { return .cancelled }
            if deadline <= Instant(sinceStart: state.elapsed) { return .past }
            state.sleepers[key] = (deadline, continuation)
            let count = state.sleepers.count
            let satisfied = state.watchers.filter { $0.count <= count }.map(\.continuation)
            state.watchers.removeAll { $0.count <= count }
            return .sleeps(satisfied)
        }
        switch fate {
        case .sleeps(let watchers): for watcher in watchers { watcher.resume() }
        case .past: continuation.resume()
        case .cancelled: continuation.resume(throwing: CancellationError())
        }
    }
}
