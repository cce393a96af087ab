import GRDB
import Groundwork
import Scheduler
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

    @Test func `what was counted is not written once runs were removed meanwhile`() async throws {
        let folder = try TemporaryFolder()
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        _ = try await SQLiteRunStore(database).add([.sample(of: JobID(rawValue: 1))])
        let day = try #require(RunDay(text: "2030-03-17"))
        let tally = try await database.read("count") {
            try RunTally(of: day, within: Moment.noon - .seconds(1)..<Moment.noon + .seconds(1), $0)
        }
        // Somebody clears runs between the two steps.
        let removal = "INSERT INTO run_days VALUES (?, 1, 'app', 'open', -1, 1)"
        try await database.write("remove") { try $0.execute(sql: removal, arguments: [day.rawValue]) }
        #expect(try await database.write("count") { try tally.write(unlessChangedIn: $0) } == false)
        try await database.write("restore") { try $0.execute(sql: "DELETE FROM run_days") }
        #expect(try await database.write("count") { try tally.write(unlessChangedIn: $0) })
        let present = try await database.read("ask") {
            try Int.fetchAll($0, sql: "SELECT present FROM run_days")
        }
        #expect(present == [1])
    }
}
