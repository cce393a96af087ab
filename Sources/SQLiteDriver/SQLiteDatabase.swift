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
    /// disk space (64 MB a file) and a longer pause now and then. A campaign of a million rows takes 7 to 9 %
    /// less time with these than with a quarter of them.
    package var checkpointPages = 16_384
    /// How long to wait for another process that writes.
    package var patience = Duration.seconds(5)
    /// How many readers there are beside the writer.
    package var readers = 3
    /// How many short writes may share one commit.
    package var shortGroup = 64
    /// How many writes that are not short may share one commit.
    package var longGroup = 4

    package init(durability: Durability = .power) {
        self.durability = durability
    }
}

/// One file of the data folder: one writer, and readers beside it that see an unchanging view each.
///
/// Writes that wait at the same moment share a commit, so that many small ones cost little more than one;
/// short ones go before long ones, so that one message does not wait for a crowd. A write that was asked for
/// happens, also when the task that asked is cancelled meanwhile: its facts have happened.
final class SQLiteDatabase: Sendable {
    /// How many messages a short write is about at most.
    static let shortCount = 200

    /// Page size of new files: random inserts write whole pages, so small ones.
    private static let pageSize = 4_096

    /// Writes; reads go by `lanes`.
    private let pool: DatabasePool
    private let lanes: ReadLanes
    private let shortGroup: Int
    private let longGroup: Int
    private let waiting = Mutex(WaitingWrites())

    /// Opens the file, makes it if it is not there, and brings its tables up to date.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - settings: how it is kept.
    ///   - migrator: the tables, as numbered steps that are only ever added to.
    /// - Throws: `StoreError` when the file cannot be opened, or is of a later version.
    init(path: String, settings: SQLiteSettings, migrator: DatabaseMigrator) throws(StoreError) {
        shortGroup = max(1, settings.shortGroup)
        longGroup = max(1, settings.longGroup)
        SQLiteMemory.leaveUncounted()
        do {
            let configuration = Self.configuration(settings)
            pool = try DatabasePool(path: path, configuration: configuration)
            // Only now: GRDB sets a level of its own when it switches the log on.
            try pool.writeWithoutTransaction { db in
                try db.execute(
                    sql: "PRAGMA synchronous = \(settings.durability == .power ? "FULL" : "NORMAL")"
                )
            }
            try migrator.migrate(pool)
            lanes = ReadLanes(path, configuration)
        } catch {
            throw StoreError(sqlite: error, during: "open \(path)")
        }
    }

    /// Runs `body` in one transaction; what it throws undoes all of it.
    ///
    /// `body` may run a second time, when a write that shared its transaction failed: it changes nothing but
    /// the file.
    ///
    /// - Parameters:
    ///   - operation: what errors call it.
    ///   - isShort: whether it changes few rows, and so goes before those that change many.
    ///   - body: what is to be done.
    /// - Returns: what `body` returned, once it is committed.
    /// - Throws: `StoreError` when it did not happen.
    func write<Result: Sendable>(
        _ operation: String,
        isShort: Bool = true,
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
                ),
                isShort: isShort
            )
        }
        do { return try outcome.get() } catch { throw StoreError(sqlite: error, during: operation) }
    }

    /// Runs `body` on an unchanging view of the file.
    func read<Result: Sendable>(
        _ operation: String,
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        do { return try await lanes.read(body) } catch { throw StoreError(sqlite: error, during: operation) }
    }

    /// Runs `body` before anybody else uses the file, such as while it is opened.
    func prepare<Result>(
        _ operation: String,
        _ body: (Database) throws -> Result
    ) throws(StoreError) -> Result {
        do { return try pool.write(body) } catch { throw StoreError(sqlite: error, during: operation) }
    }

    // MARK: Shared commits

    private func enqueue(_ write: PendingWrite, isShort: Bool) {
        if waiting.withLock({ $0.add(write, isShort: isShort) }) { announce() }
    }

    private func announce() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let (writes, isMore) = waiting.withLock { $0.take(short: shortGroup, long: longGroup) }
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
                    PRAGMA wal_autocheckpoint = \(settings.checkpointPages);
                    PRAGMA journal_size_limit = \(settings.checkpointPages * pageSize);
                    PRAGMA secure_delete = OFF;
                    """
            )
        }
        return configuration
    }
}

/// Writes that wait for the writer.
struct WaitingWrites {
    private var short: [PendingWrite] = []
    private var long: [PendingWrite] = []
    /// Whether the writer was told and has not yet looked.
    private var isAnnounced = false

    /// Adds a write; true when the writer must be told.
    mutating func add(_ write: PendingWrite, isShort: Bool) -> Bool {
        if isShort { short.append(write) } else { long.append(write) }
        defer { isAnnounced = true }
        return !isAnnounced
    }

    /// Takes the writes of the next commit, and tells whether the writer must be told of others.
    mutating func take(short shortLimit: Int, long longLimit: Int) -> (writes: [PendingWrite], isMore: Bool) {
        let writes = Array(short.prefix(shortLimit) + long.prefix(longLimit))
        short.removeFirst(min(short.count, shortLimit))
        long.removeFirst(min(long.count, longLimit))
        isAnnounced = !short.isEmpty || !long.isEmpty
        return (writes, isAnnounced)
    }
}

/// A write that waits for its commit.
struct PendingWrite: Sendable {
    /// Does it; what comes back tells whoever waits, after the commit.
    let run: @Sendable (Database) throws -> (@Sendable () -> Void)
    /// Tells whoever waits that it did not happen.
    let refuse: @Sendable (any Error) -> Void
}
