import Conformance
import Foundation
import GRDB
import Groundwork
import Synchronization
import TestKit
import Testing

@testable import SQLiteDriver

/// Writers that share commits, and what happens to each when one of them fails.
final class SQLiteDatabaseTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase

    init() throws {
        folder = try TemporaryFolder()
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: "CREATE TABLE number (value INTEGER PRIMARY KEY) STRICT")
        }
        database = try SQLiteDatabase(
            path: folder.file("test.db"),
            settings: SQLiteSettings(),
            migrator: migrator
        )
    }

    @Test func `writes that wait together are answered each by itself`() async throws {
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { [database] in
                    do {
                        try await database.write("insert") { db in
                            try db.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number])
                            // Every tenth thinks better of it after it has written.
                            if number.isMultiple(of: 10) { throw StoreError(.conflict, during: "insert") }
                        }
                        return false
                    } catch let error as StoreError {
                        #expect(error.code == .conflict)
                        return true
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 20)
        #expect(try await count() == 180)
    }

    @Test func `a write that was asked for happens, also when the task is cancelled`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { [database] in
                    try await database.write("insert") { db in
                        try db.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number])
                    }
                }
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await count() == 20)
    }

    @Test func `what SQLite refuses is told in the store's own words`() async throws {
        let insert: @Sendable (Database) throws -> Void = { db in
            try db.execute(sql: "INSERT INTO number VALUES (1)")
        }
        try await database.write("insert", insert)
        await expectStoreError(.conflict) { try await self.database.write("insert", insert) }
        await expectStoreError(.full) {
            try await self.database.write("fill") { db in
                try db.execute(sql: "PRAGMA max_page_count = 8")
                try db.execute(
                    sql: """
                        WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                        INSERT INTO number SELECT i FROM n
                        """
                )
            }
        }
        #expect(try await count() == 1)
    }

    @Test func `a file that is no database, or of a later version, is refused`() async throws {
        let path = folder.file("no.db")
        try String(repeating: "no database at all. ", count: 100)
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: StoreError.self) {
            try SQLiteDatabase(path: path, settings: SQLiteSettings(), migrator: DatabaseMigrator())
        }
    }

    @Test func `commits wait for the disk when power may fail`() async throws {
        for (durability, level) in [(SQLiteSettings.Durability.power, 2), (.process, 1)] {
            let database = try SQLiteDatabase(
                path: folder.file("level-\(level).db"),
                settings: SQLiteSettings(durability: durability),
                migrator: DatabaseMigrator()
            )
            let found = try await database.write("ask") { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            #expect(found == level)
            let mode = try await database.write("ask") { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == "wal")
        }
    }

    @Test func `short writes go before long ones, each kind in its order`() {
        var waiting = WaitingWrites()
        let order = Mutex<[Int]>([])
        func write(_ number: Int) -> PendingWrite {
            PendingWrite(run: { _ in {} }, refuse: { _ in order.withLock { $0.append(number) } })
        }
        let told = (1...4).map { waiting.add(write($0), isShort: $0 == 3) }
        #expect(told == [true, false, false, false])
        let first = waiting.take(short: 5, long: 2)
        #expect(first.isMore)
        // The writer is told of the rest by whoever took the first ones.
        let toldAgain = waiting.add(write(5), isShort: true)
        #expect(!toldAgain)
        let second = waiting.take(short: 5, long: 2)
        #expect(!second.isMore)
        for write in first.writes + second.writes { write.refuse(CancellationError()) }
        #expect(order.withLock { $0 } == [3, 1, 2, 5, 4])
        let toldLater = waiting.add(write(6), isShort: true)
        #expect(toldLater)
    }

    private func count() async throws -> Int {
        try await database.read("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM number") } ?? -1
    }
}
