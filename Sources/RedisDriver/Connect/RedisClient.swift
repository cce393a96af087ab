import Dispatch
package import Logging
import Synchronization

/// One connection to Redis for a whole process: it pipelines by itself, and comes back by itself.
///
/// A thread of its own takes all commands that stand in line, writes them at once, and reads the answers in
/// order; what comes meanwhile is the next pipeline. Nobody waits longer than one and a half times the settings'
/// patience; while the server is away, calls fail at once. It does not matter to a command whether
/// the task that sent it is cancelled.
package final class RedisClient: Sendable {
    private struct State {
        var line: [RedisRequest] = []
        var commands = 0
        var isServing = false
        var isClosed = false
    }

    let settings: RedisSettings
    private let queue = DispatchQueue(label: "kpush.redis")
    private let conversation: RedisConversation
    private let state = Mutex(State())

    /// Makes a client that connects when it is first used.
    package init(_ settings: RedisSettings, logger: Logger) {
        self.settings = settings
        conversation = RedisConversation(settings, logger: logger)
    }

    /// Sends a command.
    ///
    /// - Returns: what Redis answered, never `.error`.
    /// - Throws: `RedisFailure` that says whether the command may have happened.
    package func send(_ command: RedisCommand) async throws(RedisFailure) -> RedisValue {
        try await send([command]).first?.accepted() ?? .none
    }

    /// Sends commands one after the other in one round trip; those of other callers do not come between, but
    /// it is no transaction.
    ///
    /// - Returns: what Redis answered to each; a refusal is `.error`, and those after it are done nevertheless.
    package func send(_ commands: [RedisCommand]) async throws(RedisFailure) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        var wire = RedisWire()
        for command in commands { wire.append(command) }
        return try await perform(commands.count, script: nil, wire.bytes)
    }

    /// Runs a script, which the server is told only once.
    package func eval(
        _ script: RedisScript,
        keys: [String] = [],
        arguments: [RedisArgument] = []
    ) async throws(RedisFailure) -> RedisValue {
        var wire = RedisWire()
        wire.append(.integer(Int64(keys.count)))
        for key in keys { wire.append(.text(key)) }
        for argument in arguments { wire.append(argument) }
        let words = 3 + keys.count + arguments.count
        let values = try await perform(1, script: (script, words), wire.bytes)
        return try values.first?.accepted() ?? .none
    }

    /// Refuses everything from now on and ends the connection once what is on its way is answered.
    package func close() {
        let left = state.withLock { state in
            state.isClosed = true
            state.commands = 0
            defer { state.line = [] }
            return state.line
        }
        for request in left { request.finish(.failure(Self.closed)) }
        queue.async { [conversation] in conversation.end() }
    }

    private static let closed = RedisFailure(.notSent, "the client is closed")

    private func perform(
        _ count: Int,
        script: (RedisScript, words: Int)?,
        _ bytes: [UInt8]
    ) async throws(RedisFailure) -> [RedisValue] {
        let deadline = ContinuousClock.now + settings.patience
        let outcome = await withCheckedContinuation { continuation in
            enqueue(RedisRequest(count, script: script, bytes, until: deadline, continuation))
        }
        return try outcome.get()
    }

    private func enqueue(_ request: RedisRequest) {
        let (refusal, mustServe) = state.withLock { state -> (RedisFailure?, Bool) in
            if state.isClosed { return (Self.closed, false) }
            guard state.commands + request.count <= max(settings.capacity, request.count) else {
                return (RedisFailure(.overloaded, "\(state.commands) commands stand in line"), false)
            }
            state.line.append(request)
            state.commands += request.count
            defer { state.isServing = true }
            return (nil, !state.isServing)
        }
        if let refusal { request.finish(.failure(refusal)) }
        if mustServe { queue.async { self.serve() } }
    }

    /// Serves whoever stands in line, until nobody does; on the queue.
    private func serve() {
        var again: [RedisRequest] = []
        while true {
            let line = state.withLock { state -> [RedisRequest] in
                defer {
                    state.line = []
                    state.commands = 0
                }
                if state.line.isEmpty, again.isEmpty { state.isServing = false }
                return state.line
            }
            let all = again + line
            if all.isEmpty { return }
            again = conversation.exchange(all)
        }
    }
}

/// Somebody's commands, until they are answered.
struct RedisRequest: Sendable {
    /// How many answers are to come.
    let count: Int
    /// The script that it runs, and the number of words of the command that runs it.
    let script: (script: RedisScript, words: Int)?
    /// The commands as they are written; of a script, what comes after its digest.
    let bytes: [UInt8]
    let deadline: ContinuousClock.Instant
    /// Whether it was sent back for the server did not know the script.
    var isRepeated = false
    private let continuation: CheckedContinuation<Result<[RedisValue], RedisFailure>, Never>

    init(
        _ count: Int,
        script: (RedisScript, words: Int)?,
        _ bytes: [UInt8],
        until deadline: ContinuousClock.Instant,
        _ continuation: CheckedContinuation<Result<[RedisValue], RedisFailure>, Never>
    ) {
        self.count = count
        self.script = script.map { ($0.0, $0.words) }
        self.bytes = bytes
        self.deadline = deadline
        self.continuation = continuation
    }

    /// Tells whoever waits; to be called once.
    func finish(_ outcome: Result<[RedisValue], RedisFailure>) {
        continuation.resume(returning: outcome)
    }
}

extension RedisValue {
    /// The value, unless it is a refusal.
    fileprivate func accepted() throws(RedisFailure) -> RedisValue {
        if case .error(let message) = self { throw RedisFailure(.refused, message) }
        return self
    }
}
