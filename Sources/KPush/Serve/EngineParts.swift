import Console
import CurlDriver
import Foundation
import Groundwork
import Jobs
import Logging
import People
import PushEngine
import Scheduler
import ServiceLifecycle
import Suppliers

/// The push engine's ports in the forms of one size, and what is built of them.
struct EngineParts: Sendable {
    let store: any PushBooks
    let queue: any SendQueue
    let quotas: any QuotaStore
    let limiter: any RateLimiter
    let crowds: any CrowdStorage
    let library: CrowdLibrary
    let media: MediaLibrary
    let mediaKeeper: MediaKeeper
    let suppliers = SupplierForms(SupplierCatalogue.forms)
    let directory: SupplierDirectory
    let tokens: TokenKeeper
    let health: AccountHealth
    let watch: AccountWatch
    let calendar: BusinessCalendar
    let window: SendingWindow
    let chain: SendChain
    let clicks: ClickCounter
    let keys: RequestKeys
    let http: CurlHTTPClient
    let receipts: ReceiptSettings
    let mediaMargin: Duration
    let suppression: SuppressionSettings
    let retention: RetentionSettings
    let reconcile: ReconcileSettings
    let clock: any WallClock
    let timer = ContinuousClock()

    init(_ settings: ServeSettings, _ folder: DataFolder, _ forms: Forms, logger: Logger) throws {
        calendar = BusinessCalendar(zone: settings.zone)
        window = SendingWindow(
            opens: settings.windowOpens,
            closes: settings.windowCloses,
            zone: settings.zone
        )
        (store, queue, quotas, clock) = (forms.books, forms.queue, forms.quotas, forms.clock)
        limiter = forms.limiter
        crowds = settings.crowds.storage(in: folder.file("crowds"))
        library = CrowdLibrary(storage: crowds, store: store)
        let mediaStorage = settings.crowds.mediaStorage(in: folder.file("media"))
        media = MediaLibrary(store: store, storage: mediaStorage, forms: suppliers)
        mediaKeeper = MediaKeeper(
            store: store,
            storage: mediaStorage,
            clock: clock,
            timer: timer,
            logger: logger
        )
        http = CurlHTTPClient()
        receipts = settings.receipts
        mediaMargin = settings.mediaMargin
        suppression = settings.suppression
        retention = settings.retention.books
        reconcile = settings.reconcile
        tokens = TokenKeeper(store: forms.tokens, timer: timer, logger: logger)
        let tools = SupplierTools(
            http: Self.supplierClient(settings),
            clock: clock,
            tokens: tokens,
            mail: Self.mailClient(settings),
            files: LinkedFiles(http: Self.fileClient(settings), clock: clock)
        )
        directory = SupplierDirectory(accounts: store, clock: clock, logger: logger) { [suppliers] in
            suppliers.adapter(of: $0, tools)
        }
        health = AccountHealth(timer: timer, logger: logger)
        watch = AccountWatch(health: health, tokens: tokens, timer: timer) { [suppliers] in
            suppliers.adapter(of: $0, tools)
        }
        keys = RequestKeys(installation: forms.installation)
        chain = SendChain(
            templates: store,
            ledger: store,
            queue: queue,
            calendar: calendar,
            links: settings.links.map { [store, clock] in ShortLinks(base: $0, store: store, clock: clock) },
            clock: clock
        )
        clicks = ClickCounter(store: store, clock: clock, timer: timer, logger: logger)
    }

    /// What suppliers are called with, where the settings let their URLs lead.
    private static func supplierClient(_ settings: ServeSettings) -> CurlHTTPClient {
        var guarded = CurlHTTPClientSettings()
        guarded.addresses = settings.supplierAddresses
        return CurlHTTPClient(settings: guarded)
    }

    /// What carries mail: guarded like the suppliers' client.
    private static func mailClient(_ settings: ServeSettings) -> CurlMailClient {
        var mail = CurlMailClientSettings()
        mail.addresses = settings.supplierAddresses
        return CurlMailClient(settings: mail)
    }

    /// What fetches the files that contents link to: never from this host and the networks around it, unless the
    /// settings say so.
    private static func fileClient(_ settings: ServeSettings) -> CurlHTTPClient {
        var guarded = CurlHTTPClientSettings()
        guarded.addresses = settings.fileAddresses
        guarded.answerLimit = LinkedFiles.sizeLimit
        return CurlHTTPClient(settings: guarded)
    }

    func campaignService(_ timer: any CampaignTimer) -> CampaignService {
        CampaignService(
            campaigns: store,
            runs: store,
            templates: store,
            records: store,
            links: store,
            queue: queue,
            timer: timer
        )
    }

    func receiptDesk(logger: Logger) -> ReceiptDesk {
        ReceiptDesk(
            store: store,
            suppressions: store,
            queue: queue,
            directory: directory,
            keys: keys,
            repeater: callRepeater(logger: logger),
            settings: receipts,
            clock: clock,
            logger: logger
        )
    }

    /// What may stop a message before its supplier is called, besides the caps.
    private var deliverySteps: [any DeliveryStep] {
        suppressionSteps + [ShieldStep(NightShield(window: window))]
    }

    private func callRepeater(logger: Logger) -> CallRepeater {
        CallRepeater(
            calls: store,
            steps: deliverySteps,
            gate: CallGate(limiter: limiter, clock: clock, logger: logger),
            keys: keys,
            settings: DeliverySettings(),
            clock: clock,
            timer: timer
        )
    }

    private var supplierRecall: SupplierRecall {
        SupplierRecall(calls: store, directory: directory, clock: clock)
    }

    /// Compares days with what the suppliers say of them.
    func reconciler(logger: Logger) -> Reconciler {
        Reconciler(
            store: store,
            directory: directory,
            calendar: calendar,
            settings: reconcile,
            clock: clock,
            logger: logger
        )
    }

    /// The workers of all lanes.
    func pushService(_ settings: ServeSettings, logger: Logger) -> PushService {
        if suppression.isAllowListOn { logger.notice("only those on the allow-list get messages") }
        let deliverer = Deliverer(
            ledger: store,
            steps: deliverySteps,
            deduplication: DeduplicationStep(
                quotas: quotas,
                fates: store,
                rules: suppression.quotaRules,
                calendar: calendar,
                links: settings.links.map(ShortLinkFinder.init)
            ),
            refusals: LastingRefusals(store: store, clock: clock),
            directory: directory,
            gate: CallGate(limiter: limiter, clock: clock, logger: logger),
            health: health,
            keys: keys,
            media: mediaKeeper,
            settings: DeliverySettings(),
            clock: clock,
            timer: timer
        )
        return PushService(
            channels: Set(suppliers.all.map(\.channel)),
            ledger: store,
            campaignRuns: store,
            queue: queue,
            deliverer: deliverer,
            lanes: Dictionary(uniqueKeysWithValues: Lane.all.map { ($0, Self.lane($0, settings)) }),
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    private static func lane(_ lane: Lane, _ settings: ServeSettings) -> LaneSettings {
        var how = LaneSettings()
        how.width = settings.width(of: lane)
        return how
    }

    /// Keeps the counters of what was sent small.
    func quotaPruner(logger: Logger) -> QuotaPruner {
        QuotaPruner(
            quotas: quotas,
            rules: suppression.quotaRules,
            calendar: calendar,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }

    func jobParts(logger: Logger) -> JobParts {
        JobParts(
            campaigns: CampaignRunner(
                campaigns: store,
                runs: store,
                templates: store,
                storage: crowds,
                chain: chain,
                queue: queue,
                settings: CampaignSettings()
            ),
            shelf: store,
            queue: queue,
            receipts: receiptDesk(logger: logger),
            reconciler: reconciler(logger: logger),
            retention: Retention(store: store, storage: crowds, settings: retention, clock: clock),
            suppliers: directory,
            media: MediaRenewal(
                templates: store,
                copies: store,
                directory: directory,
                keeper: mediaKeeper,
                margin: mediaMargin,
                clock: clock
            ),
            tokens: tokens,
            clock: clock,
            timer: timer
        )
    }

    func consoleParts(
        _ scheduler: SchedulerParts,
        _ campaigns: CampaignService,
        users: UserService,
        keys: ApiKeyService,
        trail: any AuditStore,
        executorToken: Secret,
        logger: Logger
    ) -> ConsoleParts {
        ConsoleParts(
            jobs: JobService(scheduler),
            runs: RunService(scheduler),
            audit: LedgerAudit(scheduler),
            logs: RunLogReader(scheduler),
            groups: GroupService(scheduler),
            calls: scheduler.calls,
            executors: ExecutorDoor(
                scheduler,
                accessToken: executorToken,
                resultPause: ExecutorDoor.resultPause
            ),
            gauges: scheduler.gauges,
            users: users,
            keys: keys,
            trail: trail,
            send: chain,
            recall: RecallChain(ledger: store, suppliers: supplierRecall),
            campaigns: campaigns,
            campaignRuns: store,
            crowds: store,
            library: library,
            suppressions: suppressionDesk,
            media: store,
            mediaLibrary: media,
            templates: store,
            accounts: store,
            suppliers: suppliers,
            watch: watch,
            records: store,
            reconciliations: store,
            links: store,
            linkDesk: LinkDesk(store: store, counter: clicks),
            queue: queue,
            receipts: receiptDesk(logger: logger),
            retention: retention,
            calendar: calendar,
            clock: clock,
            timer: timer,
            logger: logger
        )
    }
}

extension DataFolder {
    /// What seals the secrets in `books`, and opens them.
    ///
    /// - Parameter books: the name of the file that holds the accounts.
    /// - Returns: the sealer.
    /// - Throws: as `sealingKeys(of:)`.
    func sealer(of books: String) throws -> AESSealer {
        let keys = try sealingKeys(of: books)
        return try AESSealer(key: keys[0], former: Array(keys.dropFirst()))
    }

    /// The keys that the secrets in `books` are sealed with, a line each; made together with them, and never after.
    ///
    /// - Parameter books: the name of the file that holds the accounts.
    /// - Returns: the key in use, and those before it.
    /// - Throws: `DataFolderError` when the key is missing though there are books, or is none.
    func sealingKeys(of books: String) throws -> [[UInt8]] {
        let isThere = FileManager.default.fileExists(atPath:)
        guard isThere(file("sealing-key")) || !isThere(file(books)) else {
            throw DataFolderError.keyLost(file("sealing-key"))
        }
        let lines = try secret("sealing-key").reveal().split(whereSeparator: \.isNewline)
        let keys = lines.compactMap(Self.key)
        guard !keys.isEmpty, keys.count == lines.count else {
            throw DataFolderError.unusable(
                file("sealing-key"),
                "it must hold 64 hexadecimal digits, or several lines of as many, the key in use first"
            )
        }
        return keys
    }

    /// The key that a line spells; nil for a line that spells none.
    private static func key(_ line: Substring) -> [UInt8]? {
        let digits = Array(line.utf8)
        let bytes = stride(from: 0, to: digits.count - 1, by: 2)
            .compactMap { UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) }
        guard bytes.count == AESSealer.keyLength, digits.count == 2 * bytes.count else { return nil }
        return bytes
    }
}
