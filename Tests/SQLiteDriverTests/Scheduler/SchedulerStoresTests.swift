import Conformance
import Groundwork
import PushEngine
import SQLiteDriver
import Scheduler
import Synchronization
import TestKit
import Testing

/// The scheduler's stores keep what their ports promise, in a real file.
final class SchedulerStoresTests {
    private let folder: TemporaryFolder
    private let stores: SchedulerStores

    init() throws {
        folder = try TemporaryFolder()
        let database = try SchedulerDatabase(
            path: folder.file("scheduler.db"),
            sealer: AESSealer(key: AESSealer.newKey())
        )
        let keeper = SQLiteLeaseKeeper(database)
        stores = SchedulerStores(
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database)
        ) {
            let lease = try await keeper.acquire(
                SchedulerService.leaseName,
                holder: "test",
                for: .seconds(60)
            )
            return try #require(lease).token
        }
    }

    @Test(arguments: JobStoreConformance.clauses)
    func `the job store keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: JobHistoryConformance.clauses)
    func `the job history keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: RunStoreConformance.clauses)
    func `the run store keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: RunLedgerConformance.clauses)
    func `the run ledger keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: GroupStoreConformance.clauses)
    func `the group store keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: IdempotencyConformance.clauses)
    func `calls with keys are kept`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: PullStoreConformance.clauses)
    func `the runs of executors that fetch theirs keep`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }

    @Test(arguments: RegistryStoreConformance.clauses)
    func `the registry store keeps`(clause: Clause<SchedulerStores>) async throws {
        try await clause.check(stores)
    }
}
