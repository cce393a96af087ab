import Synchronization

/// Wakes one waiting loop before its time; a ring that nobody waits for is kept, further ones add nothing.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: (id: Int, continuation: CheckedContinuation<Bool, Never>)?
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
                return nil as CheckedContinuation<Bool, Never>?
            }
            state.waiter = nil
            return waiter.continuation
        }
        waiter?.resume(returning: true)
    }

    /// Whether it was rung since it woke somebody last; asking takes the ring.
    package func takeRing() -> Bool {
        state.withLock { state in
            defer { state.isRung = false }
            return state.isRung
        }
    }

    /// Returns at the next ring, after `limit` on `clock`, or when the task is cancelled; whichever comes
    /// first.
    ///
    /// - Parameters:
    ///   - limit: how long to wait.
    ///   - clock: counts it.
    /// - Returns: whether it was rung, also when the time was over at the same moment.
    @discardableResult
    package func wait(atMost limit: Duration, on clock: any Clock<Duration>) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            // A sleep ends early only by cancellation, which is how the loser of the two learns that it is
            // over.
            group.addTask {
                try? await clock.sleep(for: limit)
                return false
            }
            var isRung = false
            for await isRing in group {
                isRung = isRung || isRing
                group.cancelAll()
            }
            return isRung
        }
    }

    /// Returns at the next ring, or when the task is cancelled; says which.
    @discardableResult
    package func wait() async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let isRung = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ring: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.isRung {
                        state.isRung = false
                        return true
                    }
                    state.waiter = (id, continuation)
                    return nil
                }
                if let ring { continuation.resume(returning: ring) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                guard let waiter = state.waiter, waiter.id == id else {
                    state.cancelled.insert(id)
                    return nil as CheckedContinuation<Bool, Never>?
                }
                state.waiter = nil
                return waiter.continuation
            }
            waiter?.resume(returning: false)
        }
        // A cancellation that came together with the ring left its mark.
        state.withLock { _ = $0.cancelled.remove(id) }
        return isRung
    }
}
