import Foundation
import Groundwork
import PostgresDriver
import PushEngine
import SQLiteDriver
import Scheduler

/// Copies a data folder's books into those of a cluster, part by part.
struct StoreCopy: Sendable {
    /// Locked for as long as this is there: no server works on it meanwhile.
    private let folder: DataFolder
    private let books: SQLitePushStore
    private let scheduler: SchedulerDatabase
    private let crowds: any CrowdStorage
    private let archive: PostgresArchive
    private let media: any CrowdStorage
    private let targetMedia: any CrowdStorage
    private let sealer: any SecretSealer
    private let sourceSealer: any SecretSealer
    private let targetCrowds: any CrowdStorage

    /// The most rows, and batches, that are held in memory.
    private static let (rowLimit, batchLimit) = (10_000, 50)

    /// Opens both sides; nothing is written but tables.
    ///
    /// - Parameters:
    ///   - path: the data folder.
    ///   - crowds: the folder of its crowd files, when they are not in it.
    ///   - settings: those of a process of the cluster.
    /// - Throws: what says why one of them cannot be used.
    init(from path: String, crowds: String?, to settings: ServeSettings) async throws {
        guard var cluster = settings.cluster else {
            throw SettingsError("postgres.address", "must be set: it names where to copy to")
        }
        // This process's own folder is not the one of any that will read the files.
        guard settings.crowds != .own else { throw CrowdSettings.needed }
        guard FileManager.default.fileExists(atPath: path + "/push.db") else {
            throw CommandError(.noInput, "\(path) is no data folder: it has no push.db")
        }
        folder = try DataFolder(path)
        sourceSealer = try folder.sealer(of: "push.db")
        let clock = SystemClock()
        books = try SQLitePushStore(
            path: folder.file("push.db"),
            clock: clock,
            calendar: BusinessCalendar(zone: settings.zone),
            sealer: sourceSealer
        )
        scheduler = try SchedulerDatabase(path: folder.file("scheduler.db"))
        self.crowds = FolderCrowdStorage(crowds ?? folder.file("crowds"))
        media = FolderCrowdStorage(crowds.map { $0 + "/media" } ?? folder.file("media"))
        targetMedia = settings.crowds.mediaStorage(in: folder.file("media"))
        // Counting and looking at everything is one statement each.
        cluster.postgres.statementLimit = .seconds(3_600)
        archive = try await PostgresArchive(PostgresPool(cluster.postgres))
        sealer = try cluster.sealer
        targetCrowds = settings.crowds.storage(in: folder.file("crowds"))
    }

    /// Copies everything, and lets the cluster in when both sides agree.
    ///
    /// - Returns: how they differ, a line each.
    func run() async throws -> [String] {
        let census = try await census()
        try await archive.begin()
        try await copyCrowds()
        try await copyMedia()
        let accounts = try await books.accounts()
        try await archive.write(accounts, sealedBy: sealer)
        report("accounts", accounts.count)
        for table in ArchiveTable.books {
            try await copy(table, census.rows[table.name] ?? 0) { [books] in
                try await books.archived(table, after: $0, limit: Self.rowLimit)
            }
        }
        try await copyBatches(census.messageCount)
        for table in ArchiveTable.scheduler {
            try await copy(table, census.rows[table.name] ?? 0) { [scheduler] in
                let rows = try await scheduler.archived(table, after: $0, limit: Self.rowLimit)
                return table.name == ArchiveTable.executorGroups ? try rows.map(resealed) : rows
            }
        }
        let differences = census.differences(from: try await archive.census())
        guard differences.isEmpty else { return differences }
        let numbers = try await books.highestNumbers().merging(scheduler.highestNumbers()) { $1 }
        try await archive.finish(installation: books.installation, numbers: numbers)
        Terminal.out(Self.summary(census))
        return []
    }

    private func census() async throws -> BooksCensus {
        var census = try await books.census()
        census.rows.merge(try await scheduler.census()) { $1 }
        return census
    }

    // MARK: Parts

    private func copy(
        _ table: ArchiveTable,
        _ total: Int,
        read: ([ArchiveValue]?) async throws -> [[ArchiveValue]]
    ) async throws {
        var progress = ProgressLine(total: Int64(total))
        var count = 0
        var key: [ArchiveValue]?
        while true {
            let rows = try await read(key)
            guard let last = rows.last else { break }
            try await archive.write(rows, into: table)
            count += rows.count
            progress.show(Int64(count))
            key = Array(last.prefix(table.key.count))
        }
        progress.clear()
        report(table.name, count)
    }

    /// A row whose secrets the cluster's key opens.
    private func resealed(_ row: [ArchiveValue]) throws -> [ArchiveValue] {
        try row.map { value in
            guard case .bytes(let sealed) = value else { return value }
            return .bytes(try sealer.seal(try sourceSealer.open(sealed)))
        }
    }

    private func copyBatches(_ total: Int) async throws {
        var progress = ProgressLine(total: Int64(total))
        var count = 0
        var last: BatchID?
        while true {
            let batches = try await books.archivedBatches(after: last, limit: Self.batchLimit)
            guard let newest = batches.last else { break }
            try await archive.write(batches)
            count += batches.reduce(0) { $0 + $1.members.count }
            progress.show(Int64(count))
            last = newest.id
        }
        progress.clear()
        report("messages", count)
    }

    private func copyCrowds() async throws {
        let known = try await books.archivedCrowds()
        var progress = ProgressLine(total: known.reduce(0) { $0 + $1.byteCount })
        var done: Int64 = 0
        for crowd in known {
            if try await size(of: crowd.digest, in: targetCrowds) != crowd.byteCount {
                try await copyFile(crowd.digest, "crowd file \(crowd.name)", crowds, targetCrowds)
            }
            done += crowd.byteCount
            progress.show(done)
        }
        progress.clear()
        try await archive.write(known)
        report("crowd files", known.count)
    }

    private func copyMedia() async throws {
        var last: MediaID?
        var count = 0
        while case let page = try await books.media(after: last, limit: 200), let newest = page.last {
            for file in page
            where try await size(of: file.draft.digest, in: targetMedia) != file.draft.byteCount {
                try await copyFile(file.draft.digest, "media file \(file.draft.name)", media, targetMedia)
            }
            count += page.count
            last = newest.id
        }
        report("media files", count)
    }

    private func copyFile(
        _ digest: String,
        _ name: String,
        _ storage: any CrowdStorage,
        _ target: any CrowdStorage
    ) async throws {
        let source: any CrowdBytes
        do throws(StoreError) { source = try await storage.open(digest) } catch {
            throw CommandError(.noInput, "the \(name) (\(digest)) cannot be read: \(error)")
        }
        let file = try await target.stage()
        do {
            var offset: Int64 = 0
            while offset < source.size {
                let bytes = try await source.read(1 << 20, at: offset)
                try await file.append(bytes)
                offset += Int64(bytes.count)
            }
            try await target.keep(file, as: digest)
        } catch {
            await file.discard()
            throw error
        }
    }

    private func size(of digest: String, in storage: any CrowdStorage) async throws -> Int64? {
        do throws(StoreError) { return try await storage.open(digest).size } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    // MARK: Words

    private func report(_ part: String, _ count: Int) {
        Terminal.out(part.padded(to: 24) + "\(count)\n")
    }

    private static func summary(_ census: BooksCensus) -> String {
        var states: [Int: Int] = [:]
        for (kind, sum) in census.messages { states[kind.state, default: 0] += sum.count }
        let lines = states.sorted { $0.key < $1.key }
            .map { "  " + (DeliveryState(rawValue: $0.key)?.name ?? "").padded(to: 22) + "\($0.value)" }
        let templates = Set(census.messages.keys.map { [Int64($0.day), $0.template] }).count
        let runs = Set(census.messages.keys.map(\.run)).subtracting([0]).count
        return """
            The books agree: \(census.messageCount) messages, by state in \(templates) pairs of template and day and in \
            \(runs) campaign runs.
            \(lines.joined(separator: "\n"))
            Start the cluster.

            """
    }
}
