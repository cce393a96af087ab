import Synchronization

/// So many at once; the others wait for their turn in the order in which they came, and can be cancelled.
final class Seats: Sendable {
    private struct State {
        var free: Int
        var next = 0
        var line: [(number: Int, turn: AsyncStream<Never>.Continuation)] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// How many wait.
    var waiting: Int { state.withLock { $0.line.count } }

    /// Returns when there is a seat, which is the caller's until `leave`.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before; there is no seat then.
    func take() async throws {
        let place: (number: Int, turn: AsyncStream<Never>)? = state.withLock { state in
            if state.free > 0 {
                state.free -= 1
                return nil
            }
            let (turn, continuation) = AsyncStream<Never>.makeStream()
            state.next += 1
            state.line.append((state.next, continuation))
            return (state.next, turn)
        }
        guard let place else { return }
        for await _ in place.turn {}
        // Who is still in line was cancelled; who is not has a seat, cancelled or not.
        let isInLine = state.withLock { state in
            guard let index = state.line.firstIndex(where: { $0.number == place.number }) else {
                return false
            }
            state.line.remove(at: index)
            return true
        }
        if isInLine { throw CancellationError() }
    }

    /// Gives a seat back, to who waits longest.
    func leave() {
        let next = state.withLock { state in
            guard state.line.isEmpty else { return Optional(state.line.removeFirst().turn) }
            state.free += 1
            return nil
        }
        next?.finish()
    }
}
