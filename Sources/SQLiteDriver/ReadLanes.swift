import Dispatch
import GRDB
import Synchronization

/// The readers of a file, each on a thread of its own.
///
/// A read goes to a thread that is idle and stays there to its end: through the pool's own asynchronous way it would wake three, which
/// takes longer than what most reads are about.
final class ReadLanes: Sendable {
    private struct State {
        /// The one used last is used next, so that few threads do what few can do.
        var idle: [DispatchQueue]
        var waiting: [@Sendable () -> Void] = []
    }

    private let pool: DatabasePool
    private let state: Mutex<State>

    /// Makes as many as the pool has readers, so that none waits for one.
    init(_ pool: DatabasePool) {
        self.pool = pool
        let idle = (1...max(1, pool.configuration.maximumReaderCount))
            .map {
                DispatchQueue(label: "kpush.sqlite.reader.\($0)")
            }
        state = Mutex(State(idle: idle))
    }

    /// Runs `body` on an unchanging view of the file.
    ///
    /// - Throws: `CancellationError` in a task that was cancelled before it was asked; what `body` throws.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            enqueue { [pool] in
                continuation.resume(with: Swift.Result { try pool.read(body) })
            }
        }
    }

    private func enqueue(_ work: @escaping @Sendable () -> Void) {
        let lane = state.withLock { state in
            let lane = state.idle.popLast()
            if lane == nil { state.waiting.append(work) }
            return lane
        }
        if let lane { lane.async { [self] in carryOut(work, on: lane) } }
    }

    /// Does what was asked, and then what waits.
    private func carryOut(_ work: @Sendable () -> Void, on lane: DispatchQueue) {
        work()
        while let next = next(on: lane) { next() }
    }

    private func next(on lane: DispatchQueue) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.idle.append(lane)
            return nil
        }
    }
}
