import Groundwork
import Logging
import People
import PushEngine
import Scheduler
import ServiceLifecycle

/// The forms of all stores that a process works on: the embedded ones, or those of the cluster size.
struct Forms: Sendable {
    let books: any PushBooks
    /// Tells the receipts of our calls from others'.
    let installation: UInt32
    let queue: any SendQueue
    let quotas: any QuotaStore
    let limiter: any RateLimiter
    let tokens: any AccessTokenStore
    let jobs: any JobStore
    let history: any JobHistory
    let runs: any RunBooks
    let ledger: any RunLedger
    let alarms: any AlarmStore
    let registry: any RegistryStore
    let groups: any GroupStore
    let calls: any IdempotencyStore
    let users: any UserStore
    let keys: any ApiKeyStore
    let trail: any AuditStore
    let keeper: any LeaseKeeper
    /// Wakes whoever leads in another process; nil where there is none.
    let wakeLine: (any WakeLine)?
    /// What time it is for all who share the stores.
    let clock: any WallClock
    let secrets: SharedSecrets
    /// What keeps the stores going: starts before and ends after everything that uses them.
    let upkeep: [any Service]

    /// Opens the stores that the settings name.
    ///
    /// - Throws: what says why a store, the folder or a setting cannot be used.
    static func open(_ settings: ServeSettings, _ folder: DataFolder, logger: Logger) async throws -> Forms {
        guard let cluster = settings.cluster else { return try .embedded(settings, folder) }
        return try await .cluster(cluster, settings, logger: logger)
    }
}

/// What the processes of one installation know, and nobody else.
struct SharedSecrets: Sendable {
    /// What executors and schedulers show each other.
    let executorToken: Secret
    /// Signs the sessions of the console.
    let signingKey: Secret
    /// What callers of the API show, when nobody set it; nil when somebody must.
    let apiToken: Secret?
}
