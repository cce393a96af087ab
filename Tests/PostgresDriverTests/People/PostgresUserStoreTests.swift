import Conformance
import People
import Testing

@testable import PostgresDriver

/// Users are kept as their port promises, in a real database, with and without a pooler between.
@Suite struct PostgresUserStoreTests {
    @Test(arguments: UserStoreConformance.clauses, Way.allCases)
    func `the user store keeps`(clause: Clause<any UserStore>, way: Way) async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await way.database()))
        try await clause.check(PostgresUserStore(try await PostgresSchedulerDatabase(pool)))
    }
}
