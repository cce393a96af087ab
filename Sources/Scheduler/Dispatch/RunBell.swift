import Groundwork
import Synchronization

/// Wakes whoever hands runs over, and brings along those that were added just now: nobody need look for them.
///
/// What it brings is a hint. The store has every run, and who listens to nothing finds them there.
package final class RunBell: Sendable {
    /// What a bell was rung for.
    struct Ring: Hashable, Sendable {
        /// Runs that were added, and are due.
        var added: [JobRun] = []
        /// Whether others may be handed over, too.
        var isForMore = false
    }

    private struct State {
        var ring = Ring()
        var isHeard = false
    }

    /// The most runs that are brought at once; where there are more they are found together sooner.
    static let most = 64

    private let bell = Bell()
    private let state = Mutex(State())

    /// Makes a bell that nobody hears.
    package init() {}

    /// Tells that runs may be handed over.
    func ring() {
        state.withLock { $0.ring.isForMore = true }
        bell.ring()
    }

    /// Tells that these runs were added, and are due.
    func ring(for added: [JobRun]) {
        state.withLock { state in
            guard state.isHeard, state.ring.added.count + added.count <= Self.most else {
                state.ring.isForMore = true
                return
            }
            state.ring.added += added
        }
        bell.ring()
    }

    /// Keeps runs for who waits while `body` runs, and none before or after it.
    func heard<Result>(while body: () async throws -> Result) async rethrows -> Result {
        state.withLock { $0.isHeard = true }
        defer {
            state.withLock { state in
                state.isHeard = false
                // Whoever hears it next finds them in the store.
                state.ring = Ring(isForMore: state.ring.isForMore || !state.ring.added.isEmpty)
            }
        }
        return try await body()
    }

    /// Returns at the next ring, or when the task is cancelled, which brings nothing.
    func wait() async -> Ring {
        await bell.wait()
        return take()
    }

    /// Returns at the next ring, after `limit` on `clock`, or when the task is cancelled; whichever comes first.
    ///
    /// - Parameters:
    ///   - limit: how long to wait.
    ///   - clock: counts it.
    /// - Returns: what it was rung for; for more when it was not, as others may have been added by who cannot ring.
    func wait(atMost limit: Duration, on clock: any Clock<Duration>) async -> Ring {
        let isRung = await bell.wait(atMost: limit, on: clock)
        var ring = take()
        if !isRung { ring.isForMore = true }
        return ring
    }

    private func take() -> Ring {
        state.withLock { state in
            defer { state.ring = Ring() }
            return state.ring
        }
    }
}
