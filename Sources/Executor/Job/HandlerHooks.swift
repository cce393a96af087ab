import Synchronization

/// Has each handler get ready before its first run, and clean up at the end: once each, by the name it has.
final class HandlerHooks: Sendable {
    private enum Readiness {
        /// Somebody's run is at it; the others wait for that.
        case preparing([AsyncStream<Never>.Continuation])
        case ready(any JobHandler)
    }

    /// What a run has to do before its handler is ready.
    private enum Step {
        case nothing
        case wait(AsyncStream<Never>)
        case prepare
    }

    private let states = Mutex<[String: Readiness]>([:])

    /// Returns when the handler is ready.
    ///
    /// - Parameters:
    ///   - name: the handler's name.
    ///   - handler: gets ready, unless it did before.
    /// - Throws: `PrepareError` when it could not, which the next run tries again; `CancellationError` when the run was
    ///   cancelled meanwhile.
    func prepare(_ name: String, _ handler: any JobHandler) async throws {
        while true {
            switch step(name) {
            case .nothing: return
            case .wait(let end):
                for await _ in end {}
                try Task.checkCancellation()
            case .prepare:
                do {
                    try await handler.prepare()
                } catch {
                    settle(name, nil)
                    try Task.checkCancellation()
                    throw PrepareError(cause: error)
                }
                settle(name, .ready(handler))
                return
            }
        }
    }

    /// Has each handler clean up that was ready, in the order of their names.
    func dispose() async {
        let ready = states.withLock { states in
            defer { states = [:] }
            return states.sorted { $0.key < $1.key }
        }
        for case (_, .ready(let handler)) in ready { await handler.dispose() }
    }

    private func step(_ name: String) -> Step {
        states.withLock { states in
            switch states[name] {
            case .ready: return .nothing
            case .preparing(let waiting):
                let (end, continuation) = AsyncStream<Never>.makeStream()
                states[name] = .preparing(waiting + [continuation])
                return .wait(end)
            case nil:
                states[name] = .preparing([])
                return .prepare
            }
        }
    }

    private func settle(_ name: String, _ readiness: Readiness?) {
        let before = states.withLock { states in
            defer { states[name] = readiness }
            return states[name]
        }
        guard case .preparing(let waiting) = before else { return }
        for one in waiting { one.finish() }
    }
}

/// Why a handler is not ready.
struct PrepareError: Error, CustomStringConvertible {
    let cause: any Error

    var description: String { "the handler could not be prepared: \(cause)" }
}
