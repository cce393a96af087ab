import Groundwork
import Hummingbird
import PushEngine

/// All doors, in one place.
enum ConsoleRouter {
    static func make(_ parts: ConsoleParts, _ settings: ConsoleSettings) throws -> Router<ConsoleContext> {
        let router = Router(context: ConsoleContext.self)
        router.add(middleware: SafeHeaders())
        router.add(middleware: ErrorAnswers())
        addDoors(to: router, parts, settings)
        try PageRoutes(parts, settings).add(to: router)
        router.refuseOtherMethods()
        return router
    }

    /// Everything that programs call.
    static func addDoors(
        to router: Router<ConsoleContext>,
        _ parts: ConsoleParts,
        _ settings: ConsoleSettings
    ) {
        HealthRoutes(parts: parts).add(to: router)
        OpenAPIRoutes().add(to: router)
        ExecutorDoorRoutes(door: parts.executors).add(to: router)
        CallbackRoutes(receipts: parts.receipts, address: ReceiptAddress(settings: settings)).add(to: router)
        ShortLinkRoutes(desk: parts.linkDesk).add(to: router)
        let sessions = Sessions(settings, clock: parts.clock)
        let access = AccessControl(
            token: settings.apiToken,
            keys: parts.keys,
            sessions: sessions,
            gate: AccessGate(parts),
            trail: AuditTrail(parts)
        )
        addAPI(to: router.group().add(middleware: access), parts, settings)
    }

    /// What callers with the token may do.
    private static func addAPI(
        to api: RouterGroup<ConsoleContext>,
        _ parts: ConsoleParts,
        _ settings: ConsoleSettings
    ) {
        MetricsRoutes(parts).add(to: api)
        SendRoutes(send: parts.send, recall: parts.recall).add(to: api)
        TemplateRoutes(
            templates: TemplateService(
                templates: parts.templates,
                accounts: parts.accounts,
                media: parts.media
            )
        )
        .add(to: api)
        SuppressionRoutes(desk: parts.suppressions).add(to: api)
        AccountRoutes(
            accounts: parts.accounts,
            forms: parts.suppliers,
            watch: parts.watch,
            callbacks: ReceiptAddress(settings: settings)
        )
        .add(to: api)
        CrowdRoutes(library: parts.library, crowds: parts.crowds, sizeLimit: settings.crowdSizeLimit)
            .add(to: api)
        MediaRoutes(library: parts.mediaLibrary).add(to: api)
        CampaignRoutes(campaigns: parts.campaigns, runs: parts.campaignRuns, clock: parts.clock).add(to: api)
        MessageRoutes(
            records: parts.records,
            retention: parts.retention,
            calendar: parts.calendar,
            clock: parts.clock
        )
        .add(to: api)
        LinkRoutes(links: parts.links, templates: parts.templates).add(to: api)
        ReconciliationRoutes(store: parts.reconciliations).add(to: api)
        QueueRoutes(queue: parts.queue).add(to: api)
        let keyed = KeyedCalls(store: parts.calls, runs: parts.runs, clock: parts.clock)
        JobRoutes(jobs: parts.jobs, keyed: keyed).add(to: api)
        JobVersionRoutes(jobs: parts.jobs, keyed: keyed).add(to: api)
        LatenessRoutes(jobs: parts.jobs).add(to: api)
        LedgerRoutes(audit: parts.audit, clock: parts.clock).add(to: api)
        GroupRoutes(groups: parts.groups, runs: parts.runs, clock: parts.clock).add(to: api)
        RunHistoryRoutes(runs: parts.runs, jobs: parts.jobs, clock: parts.clock).add(to: api)
        RunRoutes(runs: parts.runs, clock: parts.clock).add(to: api)
        UserRoutes(users: parts.users).add(to: api)
        AuditRoutes(trail: parts.trail).add(to: api)
        RunLogRoutes(logs: parts.logs, runs: parts.runs, timer: parts.timer).add(to: api)
    }
}
