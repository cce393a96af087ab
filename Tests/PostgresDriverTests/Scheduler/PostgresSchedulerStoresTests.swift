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

    @Test(arguments: GroupStoreConformance.clauses, Way.allCases)
    func `the group store keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: IdempotencyConformance.clauses, Way.allCases)
    func `calls with keys are kept`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: PullStoreConformance.clauses, Way.allCases)
    func `the runs of executors that fetch theirs keep`(
        clause: Clause<SchedulerStores>,
        way: Way
    ) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }

    @Test(arguments: RegistryStoreConformance.clauses, Way.allCases)
    func `the registry store keeps`(clause: Clause<SchedulerStores>, way: Way) async throws {
        try await clause.check(try await SchedulerRoom(way).stores)
    }
}
