import Groundwork
import Synchronization

/// Lets each caller make so many calls a second: one that comes too early waits its turn, and is refused when that is too far
/// away.
///
/// Callers are told apart by their tokens, so there are no more of them than groups.
final class CallPace: Sendable {
    /// From one call to the next, when they come steadily.
    private let interval: Duration
    /// How many may come at once after a rest.
    private let burst: Int
    /// The longest wait.
    private let patience: Duration
    /// When each caller's last turn is, or was.
    private let turns = Mutex<[String: Duration]>([:])

    init(perSecond rate: Int, patience: Duration) {
        interval = .seconds(1) / rate
        burst = rate
        self.patience = patience
    }

    /// Takes the caller's next turn.
    ///
    /// - Parameters:
    ///   - caller: who calls.
    ///   - now: the present, by a stopwatch that is always the same one.
    /// - Returns: how long to wait for it; nil when it is too far away, and none was taken.
    func takeTurn(of caller: String, at now: Duration) -> Duration? {
        turns.withLock { turns in
            let rested = now - interval * burst
            let turn = max(turns[caller] ?? rested, rested) + interval
            guard turn - now <= patience else { return nil }
            turns[caller] = turn
            return max(.zero, turn - now)
        }
    }
}
