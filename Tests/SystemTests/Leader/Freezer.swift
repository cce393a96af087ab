import Synchronization
import TestKit

/// Stops everything a node does at its next step, as a stopped process would; the world goes on meanwhile.
final class Freezer: Sendable {
    private struct State {
        var gate: Gate?
        var isArmed = false
    }

    private let state = Mutex(State())

    var isFrozen: Bool { state.withLock { $0.gate != nil } }

    func freeze() { state.withLock { $0.gate = $0.gate ?? Gate() } }

    /// Freezes the node the next time it comes to the failpoint.
    func freezeAtFailpoint() { state.withLock { $0.isArmed = true } }

    func thaw() {
        let gate = state.withLock { state in
            defer { state.gate = nil }
            return state.gate
        }
        gate?.open()
    }

    /// Goes on when the node is not frozen; every step of it begins with this.
    func step() async throws {
        if let gate = state.withLock({ $0.gate }) { try await gate.pass() }
    }

    /// The place where the failpoint is.
    func failpoint() async throws {
        state.withLock { state in
            guard state.isArmed else { return }
            (state.isArmed, state.gate) = (false, Gate())
        }
        try await step()
    }
}

/// The host's monotonic clock as a process that can be stopped has it: time passes, and nobody wakes.
struct FreezableClock: Clock {
    let freezer: Freezer

    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        try await ContinuousClock().sleep(until: deadline, tolerance: tolerance)
        try await freezer.step()
    }
}
