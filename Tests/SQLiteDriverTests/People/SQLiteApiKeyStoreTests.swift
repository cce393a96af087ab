import Conformance
import People
import SQLiteDriver
import TestKit
import Testing

/// API keys are kept as their port promises, in a real file.
@Suite struct SQLiteApiKeyStoreTests {
    @Test(arguments: ApiKeyStoreConformance.clauses)
    func `the store of API keys keeps`(clause: Clause<KeyStores>) async throws {
        let folder = try TemporaryFolder()
        let database = try SchedulerDatabase(path: folder.file("scheduler.db"))
        let users = SQLiteUserStore(database)
        try await clause.check(KeyStores(keys: SQLiteApiKeyStore(database), users: users))
        withExtendedLifetime(folder) {}
    }
}
