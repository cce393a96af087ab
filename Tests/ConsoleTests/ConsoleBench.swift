import CurlDriver
import Foundation
import Groundwork
import Logging
import People
import PushEngine
import SQLiteDriver
import Scheduler
import SupplierSimulator
import Suppliers
import TestKit
import Testing

@testable import Console

/// A whole edge on loopback, over real stores in a folder of its own, with a clock that the test moves.
///
/// Nothing works in the background: a test delivers, reads crowds and hands runs over when it says so.
final class ConsoleBench: Sendable {
    /// Everything that the push engine keeps books of.
    typealias PushBooks = AccountStore & AllowListStore & CallBook & CampaignRunStore & CampaignStore
        & DeliveryLedger & LinkStore & MediaCopyStore & MediaStore & MessageFates & NightShelf & ReceiptStore
        & ReconciliationStore & RecordStore & SensitiveWordStore & SuppressionStore & TemplateStore

    static let token = "a-token-of-tests-0123456789"
    static let accessToken = Secret("an-access-token-of-tests")

    /// Decides only how long a broken test takes.
    private static let patience = HTTPTimeouts(connect: .seconds(300), total: .seconds(300))

    let folder: TemporaryFolder
    let storage: FolderCrowdStorage
    /// Starts at noon in Shanghai, where the bench's days are counted.
    let clock: ManualClock
    let parts: ConsoleParts
    let settings: ConsoleSettings
    let scheduler: SchedulerParts
    let books: any PushBooks
    let queue: any SendQueue
    let clicks: ClickCounter
    /// Where fake executors are placed.
    let executors = InProcessHTTP()
    private let keys: RequestKeys
    private let quotas: SQLiteQuotaStore
    private let directory: SupplierDirectory
    /// What the bench's deliveries show of accounts.
    let health: AccountHealth
    private let http = CurlHTTPClient()
    private let zone: TimeZone
    /// What every call is held to.
    let contract: Contract
    let service: ConsoleService

    private init(crowdSizeLimit: Int64) throws {
        folder = try TemporaryFolder()
        storage = FolderCrowdStorage(folder.file("crowds"))
        contract = try Contract(#require(OpenAPIRoutes.document))
        // 2030-01-15T12:00+08:00
        clock = ManualClock(Moment(secondsSinceEpoch: 1_894_680_000))
        zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let wall = clock.calendar
        let logger = Logger(label: "test") { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .error
            return handler
        }
        let calendar = BusinessCalendar(zone: zone)
        let books = try SQLitePushStore(
            path: folder.file("push.db"),
            clock: wall,
            calendar: calendar,
            sealer: AESSealer(key: AESSealer.newKey())
        )
        self.books = books
        keys = RequestKeys(installation: books.installation)
        queue = try SQLiteSendQueue(
            path: folder.file("queue.db"),
            recoverClaims: true,
            clock: wall,
            waiting: clock
        )
        quotas = try SQLiteQuotaStore(path: folder.file("quota.db"), clock: wall)
        let suppliers = SupplierForms(SupplierCatalogue.forms)
        let tools = SupplierTools(http: http, clock: wall, timeouts: Self.patience)
        directory = SupplierDirectory(accounts: books, clock: wall, logger: logger) {
            suppliers.adapter(of: $0, tools)
        }
        health = AccountHealth(timer: clock, logger: logger)
        let database = try SchedulerDatabase(
            path: folder.file("scheduler.db"),
            sealer: AESSealer(key: AESSealer.newKey())
        )
        var scheduler = SchedulerParts(
            jobs: SQLiteJobStore(database),
            history: SQLiteJobHistory(database),
            runs: SQLiteRunStore(database),
            ledger: SQLiteRunLedger(database),
            alarms: SQLiteAlarmStore(database),
            registry: SQLiteRegistryStore(database),
            groups: SQLiteGroupStore(database),
            calls: SQLiteIdempotencyStore(database),
            executors: ExecutorClient(http: executors, accessToken: Self.accessToken),
            wall: wall,
            clock: clock,
            logger: logger
        )
        scheduler.calendar = RunCalendar(ZoneRules(of: zone))
        self.scheduler = scheduler
        let jobs = JobService(scheduler)
        var settings = ConsoleSettings(
            apiToken: Secret(Self.token),
            signingKey: Secret("a-key-of-tests")
        )
        settings.port = 0
        settings.crowdSizeLimit = crowdSizeLimit
        self.settings = settings
        clicks = ClickCounter(store: books, clock: wall, timer: clock, logger: logger)
        let users = UserService(
            users: SQLiteUserStore(database),
            hasher: PasswordHasher(cost: PasswordCost(logRounds: 4, blockSize: 8, parallelism: 1)),
            clock: wall
        )
        parts = ConsoleParts(
            jobs: jobs,
            runs: RunService(scheduler),
            audit: LedgerAudit(scheduler),
            logs: RunLogReader(scheduler),
            groups: GroupService(scheduler),
            calls: scheduler.calls,
            executors: ExecutorDoor(scheduler, accessToken: Self.accessToken),
            gauges: scheduler.gauges,
            users: users,
            keys: ApiKeyService(keys: SQLiteApiKeyStore(database), users: users, clock: wall),
            trail: SQLiteAuditStore(database),
            send: SendChain(templates: books, ledger: books, queue: queue, calendar: calendar, clock: wall),
            recall: RecallChain(
                ledger: books,
                suppliers: SupplierRecall(calls: books, directory: directory, clock: wall)
            ),
            campaigns: CampaignService(
                campaigns: books,
                runs: books,
                templates: books,
                records: books,
                links: books,
                queue: queue,
                timer: BenchTimer(jobs: jobs)
            ),
            campaignRuns: books,
            crowds: books,
            library: CrowdLibrary(storage: storage, store: books),
            suppressions: SuppressionDesk(store: books, isAllowListOn: false, clock: wall),
            media: books,
            mediaLibrary: MediaLibrary(
                store: books,
                storage: FolderCrowdStorage(folder.file("media")),
                forms: suppliers
            ),
            templates: books,
            accounts: books,
            suppliers: suppliers,
            watch: AccountWatch(health: health, tokens: tools.tokens, timer: ContinuousClock()) {
                suppliers.adapter(of: $0, tools)
            },
            records: books,
            reconciliations: books,
            links: books,
            linkDesk: LinkDesk(store: books, counter: clicks),
            queue: queue,
            receipts: ReceiptDesk(
                store: books,
                suppressions: books,
                queue: queue,
                directory: directory,
                keys: keys,
                repeater: CallRepeater(
                    calls: books,
                    steps: [],
                    gate: CallGate(limiter: LocalRateLimiter(clock: wall), clock: wall, logger: logger),
                    keys: keys,
                    settings: DeliverySettings(),
                    clock: wall,
                    timer: ContinuousClock()
                ),
                settings: ReceiptSettings(),
                clock: wall,
                logger: logger
            ),
            retention: RetentionSettings(),
            calendar: calendar,
            clock: wall,
            timer: clock,
            logger: logger
        )
        service = ConsoleService(parts, settings: settings)
    }

    /// Serves on a free port while `body` does its work.
    static func use(
        crowdSizeLimit: Int64 = 1 << 30,
        _ body: (ConsoleBench) async throws -> Void
    ) async throws {
        let bench = try ConsoleBench(crowdSizeLimit: crowdSizeLimit)
        try await whileRunning(bench.service) { try await body(bench) }
    }

    var now: Moment { clock.calendar.now }
}

// MARK: Calls

extension ConsoleBench {
    /// An answer, with its body as JSON where it is JSON.
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// What stands under a path such as `items.0.id`; null where nothing does.
        subscript(path: String) -> WireValue {
            guard let json = try? WireValue(json: body) else { return .null }
            return path.split(separator: ".")
                .reduce(json) { value, name in
                    if let index = Int(name), let list = value.list {
                        return list.indices.contains(index) ? list[index] : .null
                    }
                    return value.object?[String(name)] ?? .null
                }
        }
    }

    /// Makes a call, by default with the right token, and holds it to the document.
    func call(
        _ method: String,
        _ path: String,
        _ body: [UInt8] = [],
        headers: [(name: String, value: String)] = [],
        token: String? = ConsoleBench.token
    ) async throws -> Answer {
        var headers = headers
        if let token { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        let answer = try await ask(method, path, body, headers: headers)
        for deviation in contract.deviations(method, path, body, answer) {
            Issue.record("\(method) \(path) answers \(answer.status): \(deviation)")
        }
        return answer
    }

    /// Makes a call as it is, also of what the document does not know: the pages.
    func ask(
        _ method: String,
        _ path: String,
        _ body: [UInt8] = [],
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        let response = try await http.send(
            HTTPRequest(
                method: method,
                url: "http://127.0.0.1:\(try #require(await service.port))\(path)",
                headers: headers,
                body: body,
                timeouts: Self.patience
            )
        )
        return Answer(
            status: response.status,
            headers: Dictionary(response.headers.map { ($0.name, $0.value) }) { first, _ in first },
            body: response.body
        )
    }

    func get(_ path: String) async throws -> Answer { try await call("GET", path) }

    func post(_ path: String, _ json: String = "") async throws -> Answer {
        try await call("POST", path, Array(json.utf8), headers: [(name: "Content-Type", value: Self.json)])
    }

    func put(_ path: String, _ json: String) async throws -> Answer {
        try await call("PUT", path, Array(json.utf8), headers: [(name: "Content-Type", value: Self.json)])
    }

    static let json = "application/json"
}

// MARK: Supplies

extension ConsoleBench {
    /// An approved and enabled template.
    func template(
        _ content: String = "您的验证码是{$code}",
        type: MessageType = .notice,
        shield: ShieldType = .none
    ) async throws -> TemplateID {
        let draft = TemplateDraft(
            name: "sample",
            messageType: type,
            templateType: .technical,
            shield: shield,
            content: content
        )
        let made = try await books.createTemplate(draft, by: "ann")
        _ = try await books.auditTemplate(made.id, version: 1, approved: true, note: "", by: "bob")
        return made.id
    }

    /// An account at the simulator that is served at `url`.
    @discardableResult
    func account(
        _ supplier: SimulatedSupplier,
        at url: String,
        weight: Int = 100
    ) async throws -> SupplierAccount {
        let setup = SimulatorCredentials.demo.setup(at: supplier)
        return try await books.putAccount(
            SupplierAccount(
                id: AccountID(rawValue: 0),
                name: "\(supplier.rawValue)-main",
                kind: SupplierKind(rawValue: supplier.rawValue),
                channel: .sms,
                url: "\(url)/\(supplier.rawValue)",
                config: AccountConfig(setup.values, secrets: setup.secrets),
                weight: weight
            )
        )
    }

    /// A crowd file of these bytes.
    func crowd(_ text: String, name: String = "crowd.csv") async throws -> CrowdFile {
        let path = folder.file(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try await parts.library.take(path)
    }

    /// A campaign that only fires when it is started.
    func campaign(_ template: TemplateID, _ crowd: CrowdFile) async throws -> Campaign {
        try await parts.campaigns.create(
            CampaignDraft(
                name: "spring",
                template: template,
                crowd: crowd.digest,
                schedule: .manual,
                createdBy: "ann"
            )
        )
    }

    /// Reads the campaign's crowd to its end, as the job that it fires would; gives the occurrence.
    func read(_ campaign: Campaign) async throws -> CampaignRun {
        let runner = CampaignRunner(
            campaigns: books,
            runs: books,
            templates: books,
            storage: storage,
            chain: parts.send,
            queue: queue,
            settings: CampaignSettings()
        )
        _ = try await runner.read(campaign.id, plannedAt: now, worker: 0, of: 1) { _ in }
        return try #require(try await books.campaignRuns(of: campaign.id, before: nil, limit: 1).first)
    }

    /// Delivers what is ready in every lane of the channel, once.
    func deliver() async throws {
        let deliverer = Deliverer(
            ledger: books,
            steps: [
                SuppressionStep(store: books, directory: directory),
                DiscardStep(accounts: books),
                SensitiveWordStep(store: books),
                ShieldStep(NightShield(window: SendingWindow(zone: zone))),
            ],
            deduplication: DeduplicationStep(
                quotas: quotas,
                fates: books,
                rules: [:],
                calendar: parts.calendar
            ),
            refusals: LastingRefusals(store: books, clock: parts.clock),
            directory: directory,
            gate: CallGate(
                limiter: LocalRateLimiter(clock: parts.clock),
                clock: parts.clock,
                logger: parts.logger
            ),
            health: health,
            keys: keys,
            settings: DeliverySettings(),
            clock: parts.clock,
            timer: ContinuousClock()
        )
        for lane in Lane.all where lane.channel == .sms {
            for delivery in try await queue.claim(lane, limit: 1_000, visibility: .seconds(60)) {
                switch try await deliverer.deliver(delivery.message.batch, attempt: delivery.attempt) {
                case .done: try await queue.acknowledge(delivery)
                case .later(let delay): try await queue.postpone(delivery, by: delay, counted: true)
                case .held(let delay): try await queue.postpone(delivery, by: delay, counted: false)
                }
            }
        }
    }

    /// Runs a simulator on the bench's clock and tells `body` where it listens.
    func withSimulator(
        _ settings: SimulatorSettings = SimulatorSettings(),
        _ body: (String) async throws -> Void
    ) async throws {
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock.calendar,
            logger: parts.logger
        )
        try await whileRunning(service) {
            try await body(try #require(await service.url))
        }
    }
}
