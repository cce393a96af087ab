import Synchronization

/// The port a server listens on, for whoever must wait until it is known.
package final class BoundPort: Sendable {
    private enum State {
        case unknown([CheckedContinuation<Int?, Never>])
        case known(Int?)
    }

    private let state = Mutex(State.unknown([]))

    package init() {}

    /// The port; nil when the server ended before it was bound.
    package var value: Int? {
        get async {
            await withCheckedContinuation { continuation in
                let known: Int?? = state.withLock { state in
                    switch state {
                    case .known(let port): return .some(port)
                    case .unknown(let waiters):
                        state = .unknown(waiters + [continuation])
                        return nil
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }

    /// Tells everybody; only the first word counts.
    package func announce(_ port: Int?) {
        let waiters: [CheckedContinuation<Int?, Never>] = state.withLock { state in
            guard case .unknown(let waiters) = state else { return [] }
            state = .known(port)
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: port) }
    }
}
