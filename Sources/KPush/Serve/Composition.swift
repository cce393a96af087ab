import Console
import CurlDriver
import Executor
import Foundation
import Groundwork
import Jobs
import Logging
import People
import PushEngine
import Scheduler
import ServiceLifecycle
import Yams

/// One process of KPush, put together.
struct Composition: Sendable {
    let settings: ServeSettings
    let folder: DataFolder
    let engine: EngineParts
    let scheduler: SchedulerParts
    let jobs: JobService
    let campaigns: CampaignService
    let console: ConsoleService
    let receiptAddress: ReceiptAddress
    let apiToken: Secret

    private let forms: Forms
    private let logger: Logger

    /// Opens the data folder and puts everything together; nothing runs yet.
    ///
    /// - Throws: what says why the folder, a setting or a shipped definition cannot be used.
    init(_ settings: ServeSettings, logger: Logger) async throws {
        self.settings = settings
        self.logger = logger
        folder = try DataFolder(settings.data)
        forms = try await Forms.open(settings, folder, logger: logger)
        apiToken = try settings.webToken(forms.secrets)
        engine = try EngineParts(settings, folder, forms, logger: logger)
        var scheduler = SchedulerParts(
            jobs: forms.jobs,
            history: forms.history,
            runs: forms.runs,
            ledger: forms.ledger,
            alarms: forms.alarms,
            registry: forms.registry,
            groups: forms.groups,
            calls: forms.calls,
            executors: ExecutorClient(http: engine.http, accessToken: forms.secrets.executorToken),
            wall: engine.clock,
            clock: engine.timer,
            logger: logger
        )
        scheduler.calendar = RunCalendar(ZoneRules(of: settings.zone))
        self.scheduler = scheduler
        jobs = JobService(scheduler)
        let pattern = try YAMLDecoder().decode(JobDefinition.self, from: BuiltInJobs.crowdSendDefinition())
        campaigns = engine.campaignService(
            JobCampaignTimer(jobs: jobs, pattern: pattern, clock: engine.clock)
        )
        var web = ConsoleSettings(apiToken: apiToken, signingKey: forms.secrets.signingKey)
        web.host = settings.webHost
        web.port = settings.webPort
        receiptAddress = ReceiptAddress(settings: web)
        let users = UserService(users: forms.users, hasher: PasswordHasher(), clock: engine.clock)
        console = ConsoleService(
            engine.consoleParts(
                scheduler,
                campaigns,
                users: users,
                keys: ApiKeyService(keys: forms.keys, users: users, clock: engine.clock),
                trail: forms.trail,
                executorToken: forms.secrets.executorToken,
                logger: logger
            ),
            settings: web
        )
    }

    /// Brings the shipped jobs in line with their definitions.
    ///
    /// - Throws: `SchedulerError`, or `DecodingError` for a definition that makes no sense.
    func applyDefinitions() async throws {
        let definitions = try BuiltInJobs.definitions()
            .map { try YAMLDecoder().decode(JobDefinition.self, from: $0) }
        _ = try await jobs.apply(definitions)
    }

    /// What runs, in the order in which it starts; it ends the other way round: nothing is fired any more while a
    /// job can still call back, and a worker can still send.
    ///
    /// - Parameter reread: brings the settings as they are now, when somebody wants them to be looked at again.
    /// - Returns: the services of this process's roles.
    /// - Throws: `SettingsError` when the settings do not fit the roles.
    func services(
        reread: (@Sendable () async throws -> ServeSettings)? = nil
    ) throws -> [any Service] {
        var services = forms.upkeep
        if let line = forms.wakeLine, !settings.roles.isDisjoint(with: [.web, .scheduler]) {
            services.append(WakeCourier(scheduler, line: line))
        }
        if settings.roles.contains(.web) {
            services += [
                engine.clicks, DirectDispatcher(scheduler), console, DoorKeeper(scheduler), auditPruner,
            ]
        }
        if settings.roles.contains(.worker) {
            services.append(engine.quotaPruner(logger: logger))
            let push = engine.pushService(settings, logger: logger)
            services.append(push)
            if let reread {
                services.append(SettingsReload(groups: push.groups, read: reread, logger: logger))
            }
        }
        if settings.roles.contains(.executor) {
            services.append(try executorRole())
        }
        if settings.roles.contains(.scheduler) {
            var how = SchedulerSettings()
            how.upkeep.runRetention = settings.retention.runs
            how.upkeep.countRetention = settings.retention.runDays
            how.watch = settings.alarms.watch
            services.append(
                SchedulerService(
                    scheduler,
                    keeper: forms.keeper,
                    holder: UUID().uuidString,
                    alarmSender: ChainAlarmSender(engine.chain),
                    settings: how
                )
            )
        }
        return services
    }

    private var auditPruner: AuditPruner {
        AuditPruner(
            trail: forms.trail,
            retention: settings.retention.audit,
            clock: engine.clock,
            timer: engine.timer,
            logger: logger
        )
    }

    private func executorRole() throws(SettingsError) -> ExecutorRole {
        var handlers = BuiltInJobs.handlers(engine.jobParts(logger: logger))
        // Here, so that what cannot be used on this host stops the start.
        try settings.executor.extend(&handlers)
        let made = handlers
        return ExecutorRole(settings: try executorSettings(), console: console) { [engine, logger] settings in
            try ExecutorService(settings: settings, handlers: made, http: engine.http, logger: logger)
        }
    }

    private func executorSettings() throws(SettingsError) -> ExecutorSettings {
        let admins = settings.executor.admins
        guard !admins.isEmpty || !settings.schedulers.isEmpty || settings.roles.contains(.web) else {
            throw SettingsError("executor.schedulers", "must be set when this process has no web role")
        }
        var executor = ExecutorSettings(
            appName: settings.executor.appName,
            schedulers: admins.isEmpty ? settings.schedulers : admins,
            folder: folder.file("executor")
        )
        executor.mode = settings.executor.mode
        executor.seats = settings.executor.seats
        executor.host = settings.executorHost
        executor.port = settings.executorPort
        executor.advertisedAddress = settings.executorAddress
        executor.token = admins.isEmpty ? forms.secrets.executorToken : settings.executor.adminToken
        executor.logZone = settings.zone
        executor.logRetentionDays = settings.retention.logDays
        return executor
    }
}

/// The executor, once it is known where its scheduler listens.
private struct ExecutorRole: Service {
    let settings: ExecutorSettings
    let console: ConsoleService
    let make: @Sendable (ExecutorSettings) throws -> ExecutorService

    func run() async throws {
        var settings = settings
        if settings.schedulers.isEmpty {
            guard let port = await console.port else { return }
            settings.schedulers = ["http://127.0.0.1:\(port)"]
        }
        try await make(settings).run()
    }
}

extension ServeSettings {
    /// The token of the API: the one that was set, or one made for a server that only this host can reach.
    fileprivate func webToken(_ secrets: SharedSecrets) throws(SettingsError) -> Secret {
        if let apiToken {
            let text = apiToken.reveal()
            guard webHost.isLoopbackHost || (text.utf8.count >= 16 && !text.hasPrefix("default")) else {
                throw SettingsError(
                    "web.token",
                    "has at least 16 characters and is no default on a public address"
                )
            }
            guard !text.isEmpty else { throw SettingsError("web.token", "is not empty") }
            return apiToken
        }
        if let made = secrets.apiToken { return made }
        // Who serves no callers needs no token to compare theirs with.
        guard roles.contains(.web) else { return Secret(UUID().uuidString) }
        throw SettingsError(
            "web.token",
            cluster == nil
                ? "must be set when others than this host can reach \(webHost)"
                : "must be set with the cluster size, the same for every web process"
        )
    }
}
