import Groundwork
import Synchronization

/// A bounded number of connections, lent one transaction at a time.
///
/// So it works behind a proxy that pools by transaction, such as PgBouncer: nothing is left on a connection, no setting and no lock; and a
/// compiled statement only where the connection is the server's own.
package final class PostgresPool: Sendable {
    private struct State {
        /// The one used last is lent first, so that few connections do what few can do.
        var free: [PostgresConnection] = []
        var made = 0
        var nextWaiter = 0
        var waiters: [(id: Int, continuation: CheckedContinuation<PostgresConnection?, Never>)] = []
        /// Those who wait, or are about to.
        var patient: Set<Int> = []
        /// Those of them who gave up before they stood in line.
        var gone: Set<Int> = []
    }

    private let settings: PostgresSettings
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    /// Makes a pool that has no connection yet.
    package init(_ settings: PostgresSettings, clock: any Clock<Duration> = ContinuousClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// Runs `body` in one transaction; what it throws undoes all of it.
    ///
    /// It happens also when the task that asked is cancelled meanwhile. When the answer to the commit is lost, the
    /// server is asked what became of the transaction. `body` runs again when it stood in another's way.
    ///
    /// - Parameters:
    ///   - operation: what errors call it.
    ///   - body: what is to be done; it changes nothing but the database.
    /// - Returns: what `body` returned, once it is committed.
    /// - Throws: `StoreError` when it did not happen, or `.unavailable` when nobody can tell.
    func write<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (PostgresLink) throws -> Result
    ) async throws(StoreError) -> Result {
        try await untilAlone(operation) { try await self.writeOnce(body) }
    }

    /// Runs a transaction in two round trips: what it reads decides what it writes, and that leaves together with its commit; in all
    /// else as `write(_:_:)`.
    ///
    /// - Parameters:
    ///   - operation: what errors call it.
    ///   - first: what is read or locked before anything is decided; each is kept.
    ///   - decide: says how it goes on, by what they brought.
    /// - Returns: the result, once it is committed.
    /// - Throws: `StoreError` when it did not happen, or `.unavailable` when nobody can tell.
    func write<Result: Sendable>(
        _ operation: String,
        reading first: [PostgresStatement],
        _ decide: @escaping @Sendable ([PostgresRows]) throws -> PostgresStep<Result>
    ) async throws(StoreError) -> Result {
        try await untilAlone(operation) { try await self.decideOnce(first, decide) }
    }

    /// Runs statements as one transaction in a single round trip; the first that fails undoes all of it.
    ///
    /// What ends it has left before its first lock is taken: the server holds nothing while it waits for us. Other than
    /// with `write(_:_:)`, nobody finds out what became of it when the answer is lost, because what the
    /// statements brought is lost as well.
    ///
    /// - Parameters:
    ///   - operation: what errors call it.
    ///   - statements: what is to be done; it can be asked for again when nobody knows whether it happened.
    ///   - read: makes the result of what each statement brought.
    /// - Returns: what `read` returned.
    /// - Throws: `StoreError` when it did not happen, or `.unavailable` when nobody can tell.
    func write<Result: Sendable>(
        _ operation: String,
        _ statements: [PostgresStatement],
        _ read: @escaping @Sendable ([PostgresRows]) throws -> Result
    ) async throws(StoreError) -> Result {
        try await untilAlone(operation) {
            try await self.lend { connection in
                try await connection.use { link in try link.limited { try read($0.runAll(statements)) } }
            }
        }
    }

    /// Runs `body` on one unchanging view of the database.
    func read<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (PostgresLink) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await lend { connection in
                try await connection.use { link in
                    try link.runScript(self.begin("ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                    do {
                        let result = try body(link)
                        try link.runScript("COMMIT")
                        return result
                    } catch {
                        // The connection shows by itself when it is broken.
                        _ = try? link.runScript("ROLLBACK")
                        throw error
                    }
                }
            }
        } catch { throw StoreError(postgres: error, during: operation) }
    }

    /// Runs `body` on a connection where each of its calls is a transaction of its own, which the server limits.
    func single<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (PostgresLink) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await lend { connection in try await connection.use { try $0.limited(body) } }
        } catch { throw StoreError(postgres: error, during: operation) }
    }

    /// A pool of one connection to the same database, whose statements may take longer.
    func patient(for length: Duration) -> PostgresPool {
        var settings = settings
        settings.connections = 1
        settings.statementLimit = length
        return PostgresPool(settings, clock: clock)
    }

    /// Closes all connections that nobody uses.
    package func close() async {
        let free = state.withLock { $0.free }
        for connection in free { await connection.close() }
    }

    // MARK: Transactions

    /// How often a transaction is tried that stands in others' way.
    private static let attempts = 8

    /// Does it again when it stood in another's way.
    private func untilAlone<Result: Sendable>(
        _ operation: String,
        _ body: () async throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            var attempt = 1
            while true {
                do { return try await body() } catch let failure as PostgresFailure
                    where failure.isCollision && attempt < Self.attempts
                { attempt += 1 }
            }
        } catch { throw StoreError(postgres: error, during: operation) }
    }

    /// How a transaction ended.
    private enum Ending<Result: Sendable, Lost: Sendable>: Sendable {
        case committed(Result)
        /// The commit was sent and no answer came; the transaction's number.
        case unknown(Lost, String, PostgresFailure)
    }

    private func writeOnce<Result: Sendable>(
        _ body: @escaping @Sendable (PostgresLink) throws -> Result
    ) async throws -> Result {
        let ending = try await lend { connection in
            try await connection.use { link -> Ending<Result, Result> in
                let transaction: String
                let result: Result
                do {
                    transaction = try link.begin()
                    result = try body(link)
                } catch {
                    // The connection shows by itself when it is broken.
                    _ = try? link.runScript("ROLLBACK")
                    throw error
                }
                do { try link.runScript("COMMIT") } catch let failure as PostgresFailure
                    where failure.isBroken
                {
                    return .unknown(result, transaction, failure)
                }
                return .committed(result)
            }
        }
        switch ending {
        case .committed(let result): return result
        case .unknown(let result, let transaction, let failure):
            guard try await isCommitted(transaction, failure) else { throw failure }
            return result
        }
    }

    private func decideOnce<Result: Sendable>(
        _ first: [PostgresStatement],
        _ decide: @escaping @Sendable ([PostgresRows]) throws -> PostgresStep<Result>
    ) async throws -> Result {
        let ending = try await lend { connection in
            try await connection.use { link -> Ending<Result, PostgresLast<Result>> in
                do {
                    let (transaction, brought) = try link.begin(first)
                    switch try decide(brought) {
                    case .over(let result):
                        try link.runScript("ROLLBACK")
                        return .committed(result)
                    case .last(let last):
                        do {
                            return .committed(try last.read(link.commit(last.statements)[0]))
                        } catch let failure as PostgresFailure where failure.isBroken {
                            return .unknown(last, transaction, failure)
                        }
                    }
                } catch {
                    // The connection shows by itself when it is broken.
                    _ = try? link.runScript("ROLLBACK")
                    throw error
                }
            }
        }
        switch ending {
        case .committed(let result): return result
        case .unknown(let last, let transaction, let failure):
            guard try await isCommitted(transaction, failure) else { throw failure }
            return try await lend { connection in
                try await connection.use { link in try link.limited { try last.read($0.run(last.again)) } }
            }
        }
    }

    /// Finds out whether a transaction happened whose commit was not answered.
    ///
    /// It takes no longer than a server needs to start, and not so long that who ends this process would end it by force.
    private func isCommitted(_ transaction: String, _ failure: PostgresFailure) async throws -> Bool {
        let limit = min(settings.statementLimit, .seconds(20))
        let waited = Stopwatch(clock)
        while true {
            do {
                let patience = min(settings.patience, max(.zero, limit - waited.elapsed))
                let word = try await lend(within: patience) { connection in
                    try await connection.use { link in
                        try link.limited(to: .seconds(1)) { link in
                            let ask = "SELECT pg_xact_status($1::text::xid8)::text"
                            return try link.run(ask, .text(transaction)).first?.optionalText(0)
                        }
                    }
                }
                switch word {
                case "committed": return true
                case "aborted": return false
                default: break
                }
            } catch is PostgresFailure {
                // Whatever kept the question from its answer, be it that all connections are busy, says nothing of the fate.
            }
            guard waited.elapsed < limit else {
                throw PostgresFailure("\(failure.message); the commit's fate is not known")
            }
            // The transaction's fate is worth knowing also to a task that is cancelled.
            await pause(.milliseconds(200))
        }
    }

    private func pause(_ length: Duration) async {
        let clock = clock
        await Task { try? await clock.sleep(for: length) }.value
    }

    /// What begins a transaction: nothing in it waits forever, neither for the server nor for us; and no statement is
    /// compiled first, which takes longer than any of ours.
    private func begin(_ mode: String) -> String {
        let limit = Int(settings.statementLimit.inSeconds * 1_000)
        return """
            BEGIN \(mode); SET LOCAL statement_timeout = \(limit); \
            SET LOCAL lock_timeout = \(limit / 2); SET LOCAL idle_in_transaction_session_timeout = \(limit); \
            SET LOCAL jit = off
            """
    }

    // MARK: Lending

    private func lend<Result>(
        within patience: Duration? = nil,
        _ body: (PostgresConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await take(within: patience ?? settings.patience)
        defer { give(connection) }
        return try await body(connection)
    }

    private func take(within patience: Duration) async throws -> PostgresConnection {
        let (ready, id) = state.withLock { state -> (PostgresConnection?, Int) in
            if let connection = state.free.popLast() { return (connection, 0) }
            if state.made < settings.connections {
                state.made += 1
                return (PostgresConnection(settings, number: state.made), 0)
            }
            state.nextWaiter += 1
            state.patient.insert(state.nextWaiter)
            return (nil, state.nextWaiter)
        }
        if let ready { return ready }
        let clock = clock
        // It ends with the wait: whoever gets a connection cancels it.
        let alarm = Task {
            do { try await clock.sleep(for: patience) } catch { return }
            self.giveUp(id)
        }
        defer { alarm.cancel() }
        let connection = await withCheckedContinuation { continuation in
            let now: PostgresConnection?? = state.withLock { state in
                if state.gone.remove(id) != nil { return .some(nil) }
                if let connection = state.free.popLast() { return connection }
                state.waiters.append((id, continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
        state.withLock { state in
            state.patient.remove(id)
            state.gone.remove(id)
        }
        guard let connection else {
            throw PostgresFailure(
                state: PostgresFailure.poolIsBusy,
                "all \(settings.connections) connections were busy for \(patience)"
            )
        }
        return connection
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<PostgresConnection?, Never>? in
            guard let place = state.waiters.firstIndex(where: { $0.id == id }) else {
                if state.patient.contains(id) { state.gone.insert(id) }
                return nil
            }
            return state.waiters.remove(at: place).continuation
        }
        waiter?.resume(returning: nil)
    }

    private func give(_ connection: PostgresConnection) {
        let waiter = state.withLock { state -> CheckedContinuation<PostgresConnection?, Never>? in
            guard !state.waiters.isEmpty else {
                state.free.append(connection)
                return nil
            }
            return state.waiters.removeFirst().continuation
        }
        waiter?.resume(returning: connection)
    }
}

/// How a transaction goes on once it is known what it read.
enum PostgresStep<Result: Sendable>: Sendable {
    /// It changes nothing, and this came of it.
    case over(Result)
    case last(PostgresLast<Result>)
}

/// What a transaction runs together with its commit.
struct PostgresLast<Result: Sendable>: Sendable {
    /// At least one, each of them kept.
    let statements: [PostgresStatement]
    /// Brings what the first of them does, once it is committed.
    let again: PostgresStatement
    /// Makes the result of it.
    let read: @Sendable (PostgresRows) throws -> Result

    init(
        _ statements: [PostgresStatement],
        again: PostgresStatement,
        read: @escaping @Sendable (PostgresRows) throws -> Result
    ) {
        self.statements = statements
        self.again = again
        self.read = read
    }
}
