import Groundwork
import Synchronization

/// A search for a token that one caller makes and others wait for.
final class TokenFlight: Sendable {
    /// How a search ended for those who wait.
    enum Landing: Sendable {
        case found(AccessToken)
        case failed(TokenError)
        /// Whoever searched did not end it, or what was found is rejected already: one of those who wait begins anew.
        case abandoned
    }

    private struct State {
        var landing: Landing?
        var next = 0
        var waiters: [Int: CheckedContinuation<Landing?, Never>] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    /// How many wait.
    var waiters: Int { state.withLock { $0.waiters.count } }

    /// Tells all who wait, and who comes late.
    func land(_ landing: Landing) {
        let waiters = state.withLock { state in
            state.landing = landing
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: landing) }
    }

    /// How the search ended; nil when `limit` is over on `clock` or the task is cancelled before.
    func landing(within limit: Duration, on clock: any Clock<Duration>) async -> Landing? {
        await withTaskGroup(of: Landing?.self) { group in
            group.addTask { await self.landing() }
            group.addTask {
                // A sleep ends early only by cancellation, which is how the loser of the two learns that it is over.
                try? await clock.sleep(for: limit)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? nil
        }
    }

    private func landing() async -> Landing? {
        let key = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.landing == nil, state.cancelled.remove(key) == nil else { return true }
                    state.waiters[key] = continuation
                    return false
                }
                if isOver { continuation.resume(returning: state.withLock(\.landing)) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                if let waiter = state.waiters.removeValue(forKey: key) { return Optional(waiter) }
                state.cancelled.insert(key)
                return nil
            }
            waiter?.resume(returning: nil)
        }
    }
}
