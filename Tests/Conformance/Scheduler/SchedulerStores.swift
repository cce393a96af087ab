package import Groundwork
package import Scheduler

/// A fresh, empty set of the scheduler's stores that share one place.
package struct SchedulerStores: Sendable {
    package let jobs: any JobStore
    package let history: any JobHistory
    package let runs: any RunBooks
    package let ledger: any RunLedger
    package let alarms: any AlarmStore
    package let registry: any RegistryStore
    package let groups: any GroupStore
    package let calls: any IdempotencyStore
    /// Makes another term of the scheduler begin, and gives its token.
    package let mint: @Sendable () async throws -> FencingToken

    package init(
        jobs: any JobStore,
        history: any JobHistory,
        runs: any RunBooks,
        ledger: any RunLedger,
        alarms: any AlarmStore,
        registry: any RegistryStore,
        groups: any GroupStore,
        calls: any IdempotencyStore,
        mint: @escaping @Sendable () async throws -> FencingToken
    ) {
        self.jobs = jobs
        self.history = history
        self.runs = runs
        self.ledger = ledger
        self.alarms = alarms
        self.registry = registry
        self.groups = groups
        self.calls = calls
        self.mint = mint
    }
}
