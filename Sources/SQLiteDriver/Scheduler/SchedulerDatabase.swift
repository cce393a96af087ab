import GRDB
package import Groundwork
package import PushEngine
import Scheduler

/// The scheduler's file: one writer at a time, readers beside it, the same file for any number of processes
/// of one host.
package struct SchedulerDatabase: Sendable {
    private let pool: DatabasePool
    private let lanes: ReadLanes
    let path: String
    /// Seals the tokens of executor groups; without one no group can have its own.
    let sealer: (any SecretSealer)?

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// Commits survive the death of the process; with `isPowerSafe` also that of the machine, at several
    /// times the cost of a commit.
    ///
    /// - Parameters:
    ///   - path: the file, usually `scheduler.db` in the data folder.
    ///   - isPowerSafe: whether every commit waits for the disk.
    ///   - sealer: seals the tokens of executor groups; without one no group can have its own.
    /// - Throws: `StoreError` when the file cannot be opened or is of a later version.
    package init(
        path: String,
        isPowerSafe: Bool = false,
        sealer: (any SecretSealer)? = nil
    ) throws(StoreError) {
        self.path = path
        self.sealer = sealer
        var configuration = Configuration()
        configuration.label = "scheduler"
        configuration.busyMode = .timeout(5)
        let synchronous = isPowerSafe ? "FULL" : "NORMAL"
        SQLiteMemory.leaveUncounted()
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            // Only now: switching the write-ahead log on sets the level to NORMAL, whatever it was before.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = \(synchronous)") }
            try SchedulerMigrations.migrator.migrate(pool)
            lanes = ReadLanes(pool)
        } catch {
            throw StoreError(sqlite: error, during: "open \(path)")
        }
    }

    /// Runs `body` in one transaction that begins as a writing one; what it throws undoes all of it.
    func write<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await pool.write(body)
        } catch {
            throw StoreError(sqlite: error, during: operation)
        }
    }

    /// Runs `body` on an unchanging view of the file.
    func read<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        do {
            return try await lanes.read(body)
        } catch {
            throw StoreError(sqlite: error, during: operation)
        }
    }
}

extension Database {
    /// Passes when `token` is nil or the newest that was minted for the scheduler.
    func check(_ token: FencingToken?, during operation: String) throws {
        guard let token else { return }
        let newest = try Int64.fetchOne(
            cachedStatement(sql: Self.newestToken),
            arguments: [SchedulerService.leaseName]
        )
        guard token.rawValue == newest else { throw StoreError(.staleToken, during: operation) }
    }

    private static let newestToken = "SELECT token FROM leases WHERE name = ?"
}
