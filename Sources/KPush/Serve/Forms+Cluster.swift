import Foundation
import Groundwork
import Logging
import PostgresDriver
import PushEngine
import RedisDriver
import Scheduler
import ServiceLifecycle

extension Forms {
    /// The stores that any number of processes share: PostgreSQL for what must last, Redis for what must be quick.
    static func cluster(
        _ cluster: ClusterSettings,
        _ settings: ServeSettings,
        logger: Logger
    ) async throws -> Forms {
        let pool = PostgresPool(cluster.postgres)
        let clock = try await DatabaseClock(pool, logger: logger)
        let sealer = try cluster.sealer
        let books = try await PostgresPushStore(
            pool,
            clock: clock,
            calendar: BusinessCalendar(zone: settings.zone),
            sealer: sealer
        )
        let scheduler = try await PostgresSchedulerDatabase(pool, sealer: sealer)
        let redis = RedisClient(cluster.redis, logger: logger)
        let process = UUID().uuidString
        let keeper = FencedLeaseKeeper(
            lock: RedisElectionLock(cluster.redis, cluster: cluster.name, logger: logger),
            register: PostgresTermRegister(scheduler),
            clock: ContinuousClock(),
            logger: logger
        )
        try await keeper.checkCluster(of: SchedulerService.leaseName)
        return Forms(
            books: books,
            installation: books.installation,
            queue: RedisSendQueue(
                redis,
                name: cluster.name,
                consumer: process,
                waiting: ContinuousClock(),
                logger: logger
            ),
            quotas: RedisQuotaStore(redis, name: cluster.name),
            limiter: RedisRateLimiter(redis, name: cluster.name),
            tokens: RedisAccessTokenStore(redis, name: cluster.name, sealer: sealer),
            jobs: PostgresJobStore(scheduler),
            history: PostgresJobHistory(scheduler),
            runs: PostgresRunStore(scheduler),
            ledger: PostgresRunLedger(scheduler),
            alarms: PostgresAlarmStore(scheduler),
            registry: PostgresRegistryStore(scheduler),
            groups: PostgresGroupStore(scheduler),
            calls: PostgresIdempotencyStore(scheduler),
            users: PostgresUserStore(scheduler),
            keys: PostgresApiKeyStore(scheduler),
            trail: PostgresAuditStore(scheduler),
            keeper: keeper,
            wakeLine: RedisWakeLine(redis, name: cluster.name, process: process, logger: logger),
            clock: clock,
            secrets: SharedSecrets(
                executorToken: settings.executorToken ?? Secret(cluster.key(for: "executors").hexDigits),
                signingKey: Secret(cluster.key(for: "sessions").hexDigits),
                apiToken: nil
            ),
            upkeep: [clock, DayUpkeep(books: books, logger: logger)]
        )
    }
}

/// Makes the partitions of the next day in time.
private struct DayUpkeep: Service {
    let books: PostgresPushStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let clock = ContinuousClock()
            while !Task.isCancelled {
                do { try await books.prepareTomorrow() } catch {
                    logger.warning("day not prepared", metadata: [LogKey.error: "\(error)"])
                }
                // Being cancelled while asleep is noticed by the loop's condition.
                try? await clock.sleep(for: .seconds(3_600))
            }
        }
    }
}
