package import Groundwork
package import Logging
package import People
package import PushEngine
package import Scheduler

/// What the HTTP edge serves: the services of both domains, and the ports it only reads.
package struct ConsoleParts: Sendable {
    // The scheduler's side.
    package var jobs: JobService
    package var runs: RunService
    package var audit: LedgerAudit
    package var logs: RunLogReader
    package var groups: GroupService
    /// Calls of the job API that are made once.
    package var calls: any IdempotencyStore
    package var executors: ExecutorDoor
    package var gauges: SchedulerGauges
    // Who may do what.
    package var users: UserService
    /// API keys of users' own.
    package var keys: ApiKeyService
    /// Who did what.
    package var trail: any AuditStore
    // The push engine's side.
    package var send: SendChain
    package var recall: RecallChain
    package var campaigns: CampaignService
    package var campaignRuns: any CampaignRunStore
    package var crowds: any CampaignStore
    package var library: CrowdLibrary
    /// Who must not get messages, and what none may hold.
    package var suppressions: SuppressionDesk
    package var media: any MediaStore
    package var mediaLibrary: MediaLibrary
    package var templates: any TemplateStore
    package var accounts: any AccountStore
    /// The suppliers that an account may be at.
    package var suppliers: SupplierForms
    package var watch: AccountWatch
    package var records: any RecordStore
    package var reconciliations: any ReconciliationStore
    package var links: any LinkStore
    package var linkDesk: LinkDesk
    package var queue: any SendQueue
    package var receipts: ReceiptDesk
    /// How long what is looked up is kept.
    package var retention: RetentionSettings
    package var calendar: BusinessCalendar
    // What both need.
    package var clock: any WallClock
    package var timer: any Clock<Duration>
    package var logger: Logger

    package init(
        jobs: JobService,
        runs: RunService,
        audit: LedgerAudit,
        logs: RunLogReader,
        groups: GroupService,
        calls: any IdempotencyStore,
        executors: ExecutorDoor,
        gauges: SchedulerGauges,
        users: UserService,
        keys: ApiKeyService,
        trail: any AuditStore,
        send: SendChain,
        recall: RecallChain,
        campaigns: CampaignService,
        campaignRuns: any CampaignRunStore,
        crowds: any CampaignStore,
        library: CrowdLibrary,
        suppressions: SuppressionDesk,
        media: any MediaStore,
        mediaLibrary: MediaLibrary,
        templates: any TemplateStore,
        accounts: any AccountStore,
        suppliers: SupplierForms,
        watch: AccountWatch,
        records: any RecordStore,
        reconciliations: any ReconciliationStore,
        links: any LinkStore,
        linkDesk: LinkDesk,
        queue: any SendQueue,
        receipts: ReceiptDesk,
        retention: RetentionSettings,
        calendar: BusinessCalendar,
        clock: any WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) {
        self.jobs = jobs
        self.runs = runs
        self.audit = audit
        self.logs = logs
        self.groups = groups
        self.calls = calls
        self.executors = executors
        self.gauges = gauges
        self.users = users
        self.keys = keys
        self.trail = trail
        self.send = send
        self.recall = recall
        self.campaigns = campaigns
        self.campaignRuns = campaignRuns
        self.crowds = crowds
        self.library = library
        self.suppressions = suppressions
        self.media = media
        self.mediaLibrary = mediaLibrary
        self.templates = templates
        self.accounts = accounts
        self.suppliers = suppliers
        self.watch = watch
        self.records = records
        self.reconciliations = reconciliations
        self.links = links
        self.linkDesk = linkDesk
        self.queue = queue
        self.receipts = receipts
        self.retention = retention
        self.calendar = calendar
        self.clock = clock
        self.timer = timer
        self.logger = logger
    }
}

/// Where the edge listens, and what callers must show.
package struct ConsoleSettings: Sendable {
    package var host = "127.0.0.1"
    /// 0 lets the system choose one.
    package var port = 8_080
    /// What callers of the API show as `Authorization: Bearer …`, and people type into the sign-in page.
    package var apiToken: Secret
    /// Signs what must be known to be ours: session cookies and the addresses that suppliers post receipts to.
    package var signingKey: Secret
    /// The most bytes of an uploaded crowd file.
    package var crowdSizeLimit: Int64 = 16 << 30

    package init(apiToken: Secret, signingKey: Secret) {
        self.apiToken = apiToken
        self.signingKey = signingKey
    }
}
