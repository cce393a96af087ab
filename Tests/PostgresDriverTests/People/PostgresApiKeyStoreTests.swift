import Conformance
import People
import Testing

@testable import PostgresDriver

/// API keys are kept as their port promises, in a real database, with and without a pooler between.
@Suite struct PostgresApiKeyStoreTests {
    @Test(arguments: ApiKeyStoreConformance.clauses, Way.allCases)
    func `the store of API keys keeps`(clause: Clause<KeyStores>, way: Way) async throws {
        let pool = PostgresPool(try PostgresSettings(address: try await way.database()))
        let database = try await PostgresSchedulerDatabase(pool)
        let users = PostgresUserStore(database)
        try await clause.check(KeyStores(keys: PostgresApiKeyStore(database), users: users))
    }
}
