import Conformance
import People
import Testing

@testable import PostgresDriver

/// The audit trail is kept as its port promises, in a real database, with and without a pooler between.
@Suite struct PostgresAuditStoreTests {
    @Test(arguments: AuditStoreConformance.clauses, Way.allCases)
    func `the audit trail keeps`(clause: Clause<any AuditStore>, way: Way) async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await way.database()))
        try await clause.check(PostgresAuditStore(try await PostgresSchedulerDatabase(pool)))
    }
}
