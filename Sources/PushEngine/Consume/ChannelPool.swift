import Synchronization

/// The seats of one lane: how many batches are worked on at the same time; the number changes while running.
package final class ChannelPool: Sendable {
    private struct State {
        var width: Int
        var taken = 0
        var nextWaiter = 0
        var waiters: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    /// Makes a pool of `width` seats, at least one.
    package init(width: Int) {
        state = Mutex(State(width: max(1, width)))
    }

    /// How many seats there are; fewer than are taken lets those finish.
    package var width: Int {
        get { state.withLock { $0.width } }
        set {
            let woken = state.withLock { state in
                state.width = max(1, newValue)
                return Self.admit(&state)
            }
            for continuation in woken { continuation.resume(returning: true) }
        }
    }

    /// How many seats are taken.
    package var taken: Int { state.withLock { $0.taken } }

    /// Waits for a seat and takes it.
    ///
    /// - Returns: false when the task was cancelled first; then no seat is taken.
    func take() async -> Bool {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        // A cancellation that came after the answer has nobody left to tell.
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.taken < state.width {
                        state.taken += 1
                        return true
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: false)
        }
    }

    /// Gives a seat back.
    func give() {
        let woken = state.withLock { state in
            state.taken -= 1
            return Self.admit(&state)
        }
        for continuation in woken { continuation.resume(returning: true) }
    }

    private static func admit(_ state: inout State) -> [CheckedContinuation<Bool, Never>] {
        var woken: [CheckedContinuation<Bool, Never>] = []
        while state.taken < state.width, !state.waiters.isEmpty {
            state.taken += 1
            woken.append(state.waiters.removeFirst().continuation)
        }
        return woken
    }
}
