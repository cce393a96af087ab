import Groundwork
import PushEngine
import SQLiteDriver
import Scheduler

extension Forms {
    /// The stores of one process, in files of its data folder.
    static func embedded(_ settings: ServeSettings, _ folder: DataFolder) throws -> Forms {
        let clock = SystemClock()
        let durable = SQLiteSettings(durability: settings.durability)
        let sealer = try folder.sealer(of: "push.db")
        let books = try SQLitePushStore(
            path: folder.file("push.db"),
            settings: durable,
            clock: clock,
            calendar: BusinessCalendar(zone: settings.zone),
            sealer: sealer
        )
        // The folder's lock proves that nobody else consumes: what was claimed before is nobody's.
        let queue = try SQLiteSendQueue(
            path: folder.file("queue.db"),
            recoverClaims: true,
            clock: clock,
            waiting: ContinuousClock()
        )
        let scheduler = try SchedulerDatabase(
            path: folder.file("scheduler.db"),
            isPowerSafe: settings.durability == .power,
            sealer: sealer
        )
        return Forms(
            books: books,
            installation: books.installation,
            queue: queue,
            quotas: try SQLiteQuotaStore(path: folder.file("quota.db"), settings: durable, clock: clock),
            limiter: LocalRateLimiter(clock: clock),
            tokens: LocalAccessTokenStore(clock: clock),
            jobs: SQLiteJobStore(scheduler),
            history: SQLiteJobHistory(scheduler),
            runs: SQLiteRunStore(scheduler),
            ledger: SQLiteRunLedger(scheduler),
            alarms: SQLiteAlarmStore(scheduler),
            registry: SQLiteRegistryStore(scheduler),
            groups: SQLiteGroupStore(scheduler),
            calls: SQLiteIdempotencyStore(scheduler),
            users: SQLiteUserStore(scheduler),
            keys: SQLiteApiKeyStore(scheduler),
            trail: SQLiteAuditStore(scheduler),
            keeper: SQLiteLeaseKeeper(scheduler),
            wakeLine: nil,
            clock: clock,
            secrets: SharedSecrets(
                executorToken: try settings.executorToken ?? folder.secret("executor-token"),
                signingKey: try folder.secret("signing-key"),
                apiToken: try settings.webHost.isLoopbackHost ? folder.secret("api-token") : nil
            ),
            upkeep: []
        )
    }
}
