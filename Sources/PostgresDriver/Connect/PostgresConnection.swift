import Dispatch
import Groundwork

/// One connection on a thread of its own, opened when it is first needed and again when it broke.
actor PostgresConnection {
    private let executor: ConnectionExecutor
    private let settings: PostgresSettings
    private var link: PostgresLink?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ settings: PostgresSettings, number: Int) {
        self.settings = settings
        executor = ConnectionExecutor(label: "kpush.postgres.\(number)")
    }

    /// Runs `body` on the connection; what it throws as broken ends the connection.
    func use<Result: Sendable>(_ body: @Sendable (PostgresLink) throws -> Result) throws -> Result {
        let link = try standing()
        do { return try body(link) } catch {
            if (error as? PostgresFailure)?.isBroken == true || !link.isAlive { self.link = nil }
            throw error
        }
    }

    /// Closes it; the next use opens it again.
    func close() {
        link = nil
    }

    private func standing() throws -> PostgresLink {
        if let link, link.isAlive { return link }
        link = nil
        let made = try PostgresLink(settings)
        link = made
        return made
    }
}

/// Runs a connection's work on a queue of its own, because every call of libpq blocks.
private final class ConnectionExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
