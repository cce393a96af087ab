import GRDB
import Groundwork
import Synchronization

/// How a file of the data folder is kept.
package struct SQLiteSettings: Hashable, Sendable {
    /// What a commit survives.
    package enum Durability: Hashable, Sendable {
        /// The death of the process: commits wait for the disk only now and then.
        case process
        /// The death of the machine as well: every commit waits for the disk.
        case power
    }

    package var durability: Durability
    /// What the writer's page cache may take; readers take a quarter of it each.
    package var cacheBytes = 8 << 20
    /// How many pages the log takes before it is folded into the file.
    ///
    /// A page that is written a hundred times in between is folded once: many pages spare the disk, and cost
    /// disk space and a longer pause now and then.
    package var checkpointPages = 16_384
    /// How long to wait for another process that writes.
    package var patience = Duration.seconds(5)
    /// How many readers there are beside the writer.
    package var readers = 3
    /// How many writes may share one commit.
    package var groupLimit = 16

    package init(durability: Durability = .power) {
        self.durability = durability
    }
}

/// One file of the data folder: one writer, and readers beside it that see an unchanging view each.
///
/// Writes that wait at the same moment share a commit, so that many small ones cost little more than one. A
/// write that was asked for happens, also when the task that asked is cancelled meanwhile: its facts have
/// happened.
final class SQLiteDatabase: Sendable {
    /// Page size of new files: random inserts write whole pages, so small ones.
    private static let pageSize = 4_096

    private let pool: DatabasePool
    private let groupLimit: Int
    private let waiting = Mutex(Waiting())

    /// Writes that wait for the writer.
    private struct Waiting {
        var writes: [PendingWrite] = []
        /// Whether the writer was told and has not yet looked.
        var isAnnounced = false
    }

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - settings: how it is kept.
    ///   - migrator: the tables, as numbered steps that are only ever added to.
    /// - Throws: `StoreError` when the file cannot be opened, or is of a later version.
    init(path: String, settings: SQLiteSettings, migrator: DatabaseMigrator) throws(StoreError) {
        groupLimit = max(1, settings.groupLimit)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration(settings))
            try migrator.migrate(pool)
        } catch {
            throw StoreError(sqlite: error, during: "open \(path)")
        }
    }

    /// Runs `body` in one transaction; what it throws undoes all of it.
    ///
    /// `body` may run a second time, when a write that shared its transaction failed: it changes nothing but
    /// the file.
    func write<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        let outcome: Swift.Result<Result, any Error> = await withCheckedContinuation { continuation in
            enqueue(
                PendingWrite(
                    run: { db in
                        let result = try body(db)
                        return { continuation.resume(returning: .success(result)) }
                    },
                    refuse: { continuation.resume(returning: .failure($0)) }
                )
            )
        }
        do { return try outcome.get() } catch { throw StoreError(sqlite: error, during: operation) }
    }

    /// Runs `body` on an unchanging view of the file.
    func read<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        do { return try await pool.read(body) } catch { throw StoreError(sqlite: error, during: operation) }
    }

    /// Runs `body` before anybody else uses the file, such as while it is opened.
    func prepare<Result>(
        _ operation: String,
        _ body: (Database) throws -> Result
    ) throws(StoreError) -> Result {
        do { return try pool.write(body) } catch { throw StoreError(sqlite: error, during: operation) }
    }

    // MARK: Shared commits

    private func enqueue(_ write: PendingWrite) {
        let mustAnnounce = waiting.withLock { waiting in
            waiting.writes.append(write)
            defer { waiting.isAnnounced = true }
            return !waiting.isAnnounced
        }
        if mustAnnounce { announce() }
    }

    private func announce() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let (writes, isMore) = waiting.withLock { waiting in
                let writes = Array(waiting.writes.prefix(groupLimit))
                waiting.writes.removeFirst(writes.count)
                waiting.isAnnounced = !waiting.writes.isEmpty
                return (writes, waiting.isAnnounced)
            }
            if isMore { announce() }
            commit(writes, db)
        }
    }

    /// Commits writes together; when one of them fails, each by itself, so that it fails alone.
    private func commit(_ writes: [PendingWrite], _ db: Database) {
        if writes.count > 1, failure(of: writes, db) == nil { return }
        for write in writes {
            if let failure = failure(of: [write], db) { write.refuse(failure) }
        }
    }

    /// Runs writes in one transaction and answers them; when it does not come about, tells why and answers
    /// nobody.
    private func failure(of writes: [PendingWrite], _ db: Database) -> (any Error)? {
        var answers: [@Sendable () -> Void] = []
        do {
            try db.inTransaction(.immediate) {
                for write in writes { answers.append(try write.run(db)) }
                return .commit
            }
        } catch { return error }
        for answer in answers { answer() }
        return nil
    }

    private static func configuration(_ settings: SQLiteSettings) -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(settings.patience.inSeconds)
        configuration.maximumReaderCount = settings.readers
        configuration.prepareDatabase { db in
            let share = db.configuration.readonly ? 4 : 1
            try db.execute(sql: "PRAGMA cache_size = -\(settings.cacheBytes / 1_024 / share)")
            if db.configuration.readonly { return }
            try db.execute(
                sql: """
                    PRAGMA page_size = \(pageSize);
                    PRAGMA synchronous = \(settings.durability == .power ? "FULL" : "NORMAL");
                    PRAGMA wal_autocheckpoint = \(settings.checkpointPages);
                    PRAGMA journal_size_limit = \(settings.checkpointPages * pageSize);
                    PRAGMA secure_delete = OFF;
                    """
            )
        }
        return configuration
    }
}

/// A write that waits for its commit.
private struct PendingWrite: Sendable {
    /// Does it; what comes back tells whoever waits, after the commit.
    let run: @Sendable (Database) throws -> (@Sendable () -> Void)
    /// Tells whoever waits that it did not happen.
    let refuse: @Sendable (any Error) -> Void
}

extension StoreError {
    /// Why SQLite, or a store's own check, refused.
    init(sqlite error: any Error, during operation: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.unavailable, during: operation, detail: "\(error)")
            return
        }
        let code: Code =
            switch error.resultCode {
            case .SQLITE_CONSTRAINT: .conflict
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupted
            default: .unavailable
            }
        self.init(code, during: operation, detail: error.message ?? "\(error.resultCode)")
    }
}
