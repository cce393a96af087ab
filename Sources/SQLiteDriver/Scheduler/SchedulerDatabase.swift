import GRDB
package import Groundwork
package import PushEngine
import Scheduler

/// The scheduler's file: one writer at a time, readers beside it, the same file for any number of processes
/// of one host.
package struct SchedulerDatabase: Sendable {
    private let database: SQLiteDatabase
    let path: String
    /// Pages of lists that take a while are read beside what is due.
    private static let readers = 5
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
        var settings = SQLiteSettings(durability: isPowerSafe ? .power : .process)
        settings.readers = Self.readers
        database = try SQLiteDatabase(path: path, settings: settings, migrator: SchedulerMigrations.migrator)
    }

    /// Runs `body` in one transaction, which others may share; what it throws undoes all of it.
    ///
    /// `body` may run a second time, when a write that shared its transaction failed: it changes nothing but the file.
    func write<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        try await database.write(operation, body)
    }

    /// Runs `body` on an unchanging view of the file.
    func read<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        try await database.read(operation, body)
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
