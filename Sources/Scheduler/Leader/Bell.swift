import Synchronization

/// Wakes one waiting loop before its time; a ring that nobody waits for is kept, further ones add nothing.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: (id: Int, continuation: CheckedContinuation<Void, Never>)?
        var nextWaiter = 0
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes who waits, or who comes next.
    package func ring() {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil as CheckedContinuation<Void, Never>?
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume()
    }

    /// Returns at the next ring, after `limit` on `clock`, or when the task is cancelled; whichever comes
    /// first.
    package func wait(atMost limit: Duration, on clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForRing() }
            // A sleep ends early only by cancellation, which is how the loser of the two learns that it is
            // over.
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForRing() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    state.waiter = (id, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let waiter = state.waiter, waiter.id == id else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Void, Never>?
                }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume()
        }
        // A cancellation that came together with the ring left its mark.
        state.withLock { _ = $0.cancelled.remove(id) }
    }
}
