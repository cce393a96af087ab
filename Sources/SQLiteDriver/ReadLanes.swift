import Dispatch
import GRDB
import Synchronization

/// The readers of a file, each a connection on a thread of its own.
///
/// A read goes to a thread that is idle and stays there to its end: through a pool of GRDB it would wake three, and pass locks and queues that
/// take longer than what most reads are about.
final class ReadLanes: Sendable {
    private struct State {
        /// The one used last is used next, so that few threads do what few can do.
        var idle: [ReadLane]
        var waiting: [@Sendable (ReadLane) -> Void] = []
    }

    private let state: Mutex<State>

    /// Makes lanes that open the file when they are first needed.
    ///
    /// - Parameters:
    ///   - path: the file, in the mode in which readers and a writer do not wait for each other.
    ///   - configuration: that of the writer; of its readers there are as many as it says.
    init(_ path: String, _ configuration: Configuration) {
        let idle = (1...max(1, configuration.maximumReaderCount))
            .map { number in
                var own = configuration
                own.readonly = true
                own.label = "kpush.sqlite.reader.\(number)"
                return ReadLane(path, own)
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
            enqueue { lane in
                continuation.resume(with: Swift.Result { try lane.read(body) })
            }
        }
    }

    private func enqueue(_ work: @escaping @Sendable (ReadLane) -> Void) {
        let lane = state.withLock { state in
            let lane = state.idle.popLast()
            if lane == nil { state.waiting.append(work) }
            return lane
        }
        if let lane { lane.thread.async { [self] in carryOut(work, on: lane) } }
    }

    /// Does what was asked, and then what waits.
    private func carryOut(_ work: @Sendable (ReadLane) -> Void, on lane: ReadLane) {
        work(lane)
        while let next = next(on: lane) { next(lane) }
    }

    private func next(on lane: ReadLane) -> (@Sendable (ReadLane) -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.idle.append(lane)
            return nil
        }
    }
}

/// One reader.
private final class ReadLane: Sendable {
    let thread: DispatchQueue
    private let path: String
    private let configuration: Configuration
    /// Used on the lane's thread alone.
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(_ path: String, _ configuration: Configuration) {
        (self.path, self.configuration) = (path, configuration)
        thread = DispatchQueue(label: configuration.label ?? "kpush.sqlite.reader")
    }

    /// Runs `body` on an unchanging view of the file.
    func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        let connection = try connection.withLock { connection in
            let open = try connection ?? DatabaseQueue(path: path, configuration: configuration)
            connection = open
            return open
        }
        return try connection.unsafeRead { db in
            try db.cachedStatement(sql: "BEGIN DEFERRED").execute()
            do {
                let result = try body(db)
                try db.cachedStatement(sql: "COMMIT").execute()
                return result
            } catch {
                // A failure may have ended the view by itself.
                if db.isInsideTransaction { try db.cachedStatement(sql: "ROLLBACK").execute() }
                throw error
            }
        }
    }
}
