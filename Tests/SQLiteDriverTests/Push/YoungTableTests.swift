import GRDB
import TestKit
import Testing

@testable import SQLiteDriver

/// Rows that grow up: none is lost, none is twice, and the young part stays small.
final class YoungTableTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase
    private let table = YoungTable("row", capacity: 100, stretch: 10)

    init() throws {
        folder = try TemporaryFolder()
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: YoungTable.schema)
            for name in ["row", "young_row"] {
                try db.execute(
                    sql:
                        "CREATE TABLE \(name) (key INTEGER, place INTEGER PRIMARY KEY)"
                )
            }
        }
        database = try SQLiteDatabase(
            path: folder.file("test.db"),
            settings: SQLiteSettings(),
            migrator: migrator
        )
    }

    @Test(arguments: [7, 1_000_000])
    func `every row is in exactly one part`(keys: Int64) async throws {
        var random = SeededGenerator(seed: 5)
        for place in 0..<2_000 {
            let key = Int64.random(in: 0..<keys, using: &random)
            try await insert(key, place)
            let young = try await count("young_row")
            // The last stretch of a round may be short.
            #expect(young < table.capacity + table.stretch)
        }
        let all = try await database.read("read") { db in
            try Int.fetchAll(
                db,
                sql: "SELECT place FROM young_row UNION ALL SELECT place FROM row ORDER BY place"
            )
        }
        #expect(all == Array(0..<2_000))
    }

    @Test func `the rows of the young part are counted right`() async throws {
        var random = SeededGenerator(seed: 6)
        for place in 0..<500 { try await insert(Int64.random(in: 0..<10_000, using: &random), place) }
        let counted = try await database.read("read") { db in
            try Int.fetchOne(db, sql: "SELECT count FROM young WHERE name = 'row'")
        }
        #expect(try await count("young_row") == counted)
        #expect(try await count("row") == 500 - (counted ?? 0))
    }

    @Test func `many rows with one key do not stop the folding`() async throws {
        for place in 0..<500 { try await insert(3, place) }
        #expect(try await count("young_row") < 100)
    }

    private func insert(_ key: Int64, _ place: Int) async throws {
        try await database.write("insert") { [table] db in
            try db.execute(sql: "INSERT INTO young_row VALUES (?, ?)", arguments: [key, place])
            try table.grow(by: 1, db)
        }
    }

    private func count(_ name: String) async throws -> Int {
        try await database.read("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(name)") } ?? -1
    }
}
