import Synchronization

/// Wakes those who wait for something to happen on a lane.
package final class LaneBell: Sendable {
    /// The most that may listen at a time; who comes later waits by the clock alone.
    private static let capacity = 1_024

    private struct State {
        var next = 0
        var listeners: [Int: Listener] = [:]
    }

    /// Somebody who waits, or is about to.
    private struct Listener {
        let lane: Lane
        var hasRung = false
        var continuation: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Wakes all who wait for one of the lanes.
    package func ring(_ lanes: Set<Lane>) {
        let woken = state.withLock { state in
            var woken: [CheckedContinuation<Void, Never>] = []
            for (number, listener) in state.listeners where lanes.contains(listener.lane) {
                state.listeners[number]?.hasRung = true
                state.listeners[number]?.continuation = nil
                if let continuation = listener.continuation { woken.append(continuation) }
            }
            return woken
        }
        for continuation in woken { continuation.resume() }
    }

    /// Waits until the bell rings for `lane`, the time that `limit` tells is over, or the task is cancelled.
    ///
    /// A ring while `limit` is being found out counts.
    package func wait(
        for lane: Lane,
        by clock: any Clock<Duration>,
        atMost limit: @Sendable () async -> Duration
    ) async {
        let number = listen(for: lane)
        defer { if let number { forget(number) } }
        let limit = await limit()
        guard limit > .zero else { return }
        await withTaskGroup(of: Void.self) { group in
            // A sleep that is cancelled is over as well.
            group.addTask { try? await clock.sleep(for: limit) }
            if let number { group.addTask { await self.ring(of: number) } }
            await group.next()
            group.cancelAll()
        }
    }

    private func listen(for lane: Lane) -> Int? {
        state.withLock { state in
            guard state.listeners.count < Self.capacity else { return nil }
            state.next += 1
            state.listeners[state.next] = Listener(lane: lane)
            return state.next
        }
    }

    private func forget(_ number: Int) {
        state.withLock { $0.listeners[number] = nil }
    }

    /// Returns when the listener's bell has rung, or its task is cancelled.
    private func ring(of number: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard state.listeners[number]?.hasRung == false, !Task.isCancelled else { return true }
                    state.listeners[number]?.continuation = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.listeners[number]?.hasRung = true
                return state.listeners[number]?.continuation.take()
            }
            continuation?.resume()
        }
    }
}
