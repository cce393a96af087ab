import Conformance
import Testing

/// The scheduler's stores keep what their ports promise, in a real database, with and without a pooler between.
@Suite struct PostgresSchedulerStoresTests {
    @Test(arguments: JobStoreConformance.clauses, Way.allCases)
    func `the job store keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: JobHistoryConformance.clauses, Way.allCases)
    func `the job history keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: RunStoreConformance.clauses, Way.allCases)
    func `the run store keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: RunLedgerConformance.clauses, Way.allCases)
    func `the run ledger keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: RegistryStoreConformance.clauses, Way.allCases)
    func `the registry store keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }
}
