import Groundwork
import Logging
import SQLiteDriver
import SupplierSimulator
import Suppliers
import TestKit
import Testing

@testable import PushEngine

/// One life of a push engine over a bench's folder, put together as the composition does.
struct BenchEngine: Sendable {
    let bench: PushBench
    let store: SQLitePushStore
    let quotas: SQLiteQuotaStore
    /// As the engine sees them: behind the plan's wire.
    let queue: any SendQueue
    let ledger: any DeliveryLedger
    let tencent: AccountID
    let aliyun: AccountID
    let chain: SendChain
    let recalls: RecallChain
    let health: AccountHealth
    let deliverer: Deliverer
    let desk: ReceiptDesk
    let storage: FolderCrowdStorage
    let media: MediaLibrary
    let runner: CampaignRunner
    private let lane: LaneSettings
    /// Accounts at suppliers of other channels.
    private let others: [SupplierAccount]

    init(in bench: PushBench, _ plan: BenchPlan) async throws {
        let calendar = BusinessCalendar(zone: PushBench.zone)
        let wall = bench.clock.calendar
        let settings = SQLiteSettings(durability: .process)
        store = try SQLitePushStore(
            path: "\(bench.folder)/push.db",
            settings: settings,
            clock: wall,
            calendar: calendar,
            sealer: try AESSealer(key: [UInt8](repeating: 7, count: AESSealer.keyLength))
        )
        quotas = try SQLiteQuotaStore(path: "\(bench.folder)/quota.db", settings: settings, clock: wall)
        let queue = try SQLiteSendQueue(
            path: "\(bench.folder)/queue.db",
            recoverClaims: true,
            clock: wall,
            waiting: bench.clock
        )
        self.queue = WiredQueue(queue, plan.wire)
        ledger = WiredLedger(store, plan.wire)
        self.bench = bench
        lane = plan.lane
        tencent = try await store.putAccount(bench.account(.tencent, weight: plan.weights.tencent)).id
        aliyun = try await store.putAccount(bench.account(.aliyun, weight: plan.weights.aliyun)).id

        var others: [SupplierAccount] = []
        for supplier in plan.others {
            others.append(try await store.putAccount(bench.account(supplier, weight: 1)))
        }
        self.others = others

        let tools = SupplierTools(
            http: WiredHTTP(bench.http, plan.wire),
            clock: wall,
            // Decides only how long a broken test takes.
            timeouts: HTTPTimeouts(connect: .seconds(300), total: .seconds(300))
        )
        let directory = SupplierDirectory(accounts: store, clock: wall, logger: PushBench.quiet) { account in
            plan.adapter(PushBench.suppliers.adapter(of: account, tools))
        }
        let keys = RequestKeys(installation: store.installation)
        chain = SendChain(
            templates: store,
            ledger: ledger,
            queue: self.queue,
            calendar: calendar,
            clock: wall
        )
        recalls = RecallChain(
            ledger: ledger,
            suppliers: SupplierRecall(
                calls: WiredCallBook(store, plan.wire),
                directory: directory,
                clock: wall
            )
        )
        health = AccountHealth(settings: plan.health, timer: bench.clock, logger: PushBench.quiet)
        let steps: [any DeliveryStep] =
            [SuppressionStep(store: store, directory: directory), DiscardStep(accounts: store)]
            + (plan.isAllowListOn ? [AllowListStep(store: store)] : [])
            + [
                SensitiveWordStep(store: store),
                ShieldStep(NightShield(window: SendingWindow(zone: PushBench.zone))),
            ]
        let mediaStorage = FolderCrowdStorage("\(bench.folder)/media")
        media = MediaLibrary(store: store, storage: mediaStorage, forms: PushBench.suppliers)
        let gate = CallGate(limiter: plan.limiter, clock: wall, logger: PushBench.quiet)
        deliverer = Deliverer(
            ledger: ledger,
            steps: steps,
            deduplication: DeduplicationStep(
                quotas: WiredQuotas(plan.quotas ?? quotas, plan.wire),
                fates: store,
                rules: plan.rules,
                calendar: calendar,
                links: ShortLinkFinder(base: "https://t.cn")
            ),
            refusals: LastingRefusals(store: store, clock: wall),
            directory: directory,
            gate: gate,
            health: health,
            keys: keys,
            media: MediaKeeper(
                store: store,
                storage: mediaStorage,
                clock: wall,
                // Whoever waits for another process waits for what goes by no calendar.
                timer: ContinuousClock(),
                logger: PushBench.quiet
            ),
            settings: plan.delivery,
            clock: wall,
            timer: bench.clock
        )
        desk = ReceiptDesk(
            store: store,
            suppressions: store,
            queue: self.queue,
            directory: directory,
            keys: keys,
            repeater: CallRepeater(
                calls: WiredCallBook(store, plan.wire),
                steps: steps,
                gate: gate,
                keys: keys,
                settings: plan.delivery,
                clock: wall,
                timer: bench.clock
            ),
            settings: plan.receipts,
            clock: wall,
            logger: plan.logger
        )
        storage = FolderCrowdStorage("\(bench.folder)/crowds")
        runner = CampaignRunner(
            campaigns: store,
            runs: store,
            templates: store,
            storage: storage,
            chain: chain,
            queue: self.queue,
            settings: plan.crowd
        )
        let (desk, tencent, aliyun) = (desk, tencent, aliyun)
        bench.door.lead { supplier, body in
            let account = supplier == .tencent ? tencent : aliyun
            return (try? await desk.receive(SupplierCallback(body: body), for: account)) != nil
        }
    }

    /// The workers of the SMS lanes, with their sweeper.
    var service: PushService {
        PushService(
            channels: Set([.sms] + others.map(\.channel)),
            ledger: ledger,
            campaignRuns: store,
            queue: queue,
            deliverer: deliverer,
            lanes: Dictionary(uniqueKeysWithValues: Lane.all.map { ($0, lane) }),
            clock: bench.clock.calendar,
            timer: bench.clock,
            logger: PushBench.quiet
        )
    }

    /// Works while `body` runs, and is cut off then.
    @discardableResult
    func working<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let service = service
            group.addTask { await service.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// Works until the queue is empty and nobody waits for a morning or a receipt that is there.
    func settle() async throws {
        try await working {
            try await eventually("the queue is empty") {
                try await bench.town.wake()
                return try await queue.depths().values.allSatisfy { $0.total == 0 }
            }
        }
    }

    /// Works until the queue is empty, letting time pass for what is put off.
    func settleInTime(_ step: Duration = .seconds(1)) async throws {
        try await working {
            try await eventually("the queue is empty") {
                try await passTime(step)
                return try await queue.depths().values.allSatisfy { $0.total == 0 }
            }
        }
    }

    /// Moves the calendar when there is something to do and nobody is at it.
    ///
    /// Not only when something waits for its time: a worker may have looked just before and be asleep.
    func passTime(_ step: Duration = .seconds(1)) async throws {
        let depths = try await queue.depths().values
        guard depths.allSatisfy({ $0.claimed == 0 }), depths.contains(where: { $0.total > 0 }) else { return }
        bench.clock.advance(by: step)
    }
}

// MARK: What people do

extension BenchEngine {
    /// An approved template.
    func template(
        _ content: String = "您好",
        _ type: MessageType = .notice,
        channel: Channel = .sms,
        shield: ShieldType = .none,
        account: AccountID? = nil,
        guarantee: DeliveryGuarantee = .atMostOnce,
        isSticky: Bool = false
    ) async throws -> TemplateID {
        let draft = TemplateDraft(
            name: "bench",
            channel: channel,
            messageType: type,
            templateType: .technical,
            shield: shield,
            content: content,
            account: account,
            guarantee: guarantee,
            isSticky: isSticky
        )
        let made = try await store.createTemplate(draft, by: "editor")
        return try await store.auditTemplate(made.id, version: 1, approved: true, note: "", by: "auditor").id
    }

    /// Sends one text to some numbers, in one call; all must be accepted.
    @discardableResult
    func send(
        _ numbers: [String],
        _ template: TemplateID,
        _ variables: [String: String] = [:]
    ) async throws -> [MessageID] {
        let param = MessageParam(bizID: nil, receivers: numbers, variables: variables)
        let receipt = try await chain.accept(SendRequest(template: template, params: [param]))
        return try receipt.verdicts.map { try $0.result.get() }
    }

    /// Sends one text to many numbers that all differ, in one call; all must be accepted.
    func sendMany(_ count: Int, _ template: TemplateID) async throws -> [MessageID] {
        let numbers = (0..<count).map { "138\(10_010_010 + $0 * 100)" }
        let params = stride(from: 0, to: count, by: 100)
            .map { start in
                MessageParam(
                    bizID: nil,
                    receivers: Array(numbers[start..<min(start + 100, count)]),
                    variables: [:]
                )
            }
        let receipt = try await chain.accept(SendRequest(template: template, params: params))
        return try receipt.verdicts.map { try $0.result.get() }
    }

    /// Leaves an account with a key that was sealed with another installation's.
    func spoilKey(of id: AccountID) async throws {
        let account = try #require(await store.accounts().first { $0.id == id })
        let elsewhere = try SQLitePushStore(
            path: "\(bench.folder)/push.db",
            clock: bench.clock.calendar,
            calendar: BusinessCalendar(zone: PushBench.zone),
            sealer: try AESSealer(key: AESSealer.newKey())
        )
        _ = try await elsewhere.putAccount(account)
    }

    func record(_ message: MessageID) async throws -> MessageRecord {
        let found = try await store.records(.message(message), state: nil, before: nil, limit: 1)
        return try #require(found.first)
    }

    func states(_ messages: [MessageID]) async throws -> [DeliveryState] {
        var states: [DeliveryState] = []
        for message in messages { states.append(try await record(message).state) }
        return states
    }

    func story(_ message: MessageID) async throws -> [TraceEvent] {
        try #require(await store.story(of: message))
    }

    func stages(_ message: MessageID) async throws -> [TraceEvent.Stage] {
        try await story(message).map(\.stage)
    }

    /// Takes receipts until none is to be had, and returns what all rounds did.
    @discardableResult
    func takeReceipts() async throws -> ReceiptRound {
        try await bench.town.wake()
        return try await desk.round()
    }

    /// A message's story, and the state that its record has at the same moment: a supplier may call back between two reads.
    private func standing(of message: MessageID) async throws -> (story: [TraceEvent], state: DeliveryState) {
        while true {
            let state = try await record(message).state
            let story = try await story(message)
            if try await record(message).state == state { return (story, state) }
        }
    }

    /// Checks what holds of every message at any time: its story is in order and ends where its record stands.
    func expectSoundStories(
        _ messages: [MessageID],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for message in messages {
            let (story, state) = try await standing(of: message)
            #expect(story.first?.stage == .accepted, sourceLocation: sourceLocation)
            #expect(story.last?.state == state, "\(story)", sourceLocation: sourceLocation)
            #expect(
                zip(story, story.dropFirst()).allSatisfy { $0.at <= $1.at },
                "\(story)",
                sourceLocation: sourceLocation
            )
        }
    }
}

extension PushBench {
    static let suppliers = SupplierForms(SupplierCatalogue.forms)

    /// The demo account at a simulated supplier.
    fileprivate func account(_ supplier: SimulatedSupplier, weight: Int) -> SupplierAccount {
        let setup = SimulatorCredentials.demo.setup(at: supplier)
        let kind = SupplierKind(rawValue: supplier.rawValue)
        return SupplierAccount(
            id: AccountID(rawValue: 0),
            name: supplier.rawValue,
            kind: kind,
            channel: Self.suppliers[kind]?.channel ?? .sms,
            url: "\(town.url)/\(supplier.rawValue)",
            config: AccountConfig(setup.values, secrets: setup.secrets),
            weight: weight
        )
    }
}
