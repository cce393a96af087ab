import Conformance
import People
import SQLiteDriver
import TestKit
import Testing

/// Users are kept as their port promises, in a real file.
@Suite struct SQLiteUserStoreTests {
    @Test(arguments: UserStoreConformance.clauses)
    func `the user store keeps`(clause: Clause<any UserStore>) async throws {
        let folder = try TemporaryFolder()
        try await clause.check(SQLiteUserStore(try SchedulerDatabase(path: folder.file("scheduler.db"))))
        withExtendedLifetime(folder) {}
    }
}
