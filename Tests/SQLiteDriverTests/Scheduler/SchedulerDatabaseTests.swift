import GRDB
import TestKit
import Testing

@testable import SQLiteDriver

@Suite struct SchedulerDatabaseTests {
    /// SQLite's numbers: 1 is NORMAL, 2 is FULL.
    @Test(arguments: [(true, 2), (false, 1)])
    func `commits wait for the disk when power may fail`(isPowerSafe: Bool, level: Int) async throws {
        let folder = try TemporaryFolder()
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"), isPowerSafe: isPowerSafe)
        let found = try await database.write("ask") {
            try Int.fetchOne($0, sql: "PRAGMA synchronous")
        }
        #expect(found == level)
    }
}
