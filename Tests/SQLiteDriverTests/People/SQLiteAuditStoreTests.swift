import Conformance
import People
import SQLiteDriver
import TestKit
import Testing

/// The audit trail is kept as its port promises, in a real file.
@Suite struct SQLiteAuditStoreTests {
    @Test(arguments: AuditStoreConformance.clauses)
    func `the audit trail keeps`(clause: Clause<any AuditStore>) async throws {
        let folder = try TemporaryFolder()
        try await clause.check(SQLiteAuditStore(try SchedulerDatabase(path: folder.file("scheduler.db"))))
        withExtendedLifetime(folder) {}
    }
}
