import Groundwork
import Synchronization

@testable import PushEngine

/// Stands between an engine and what lasts, at each of its operations.
protocol BenchWire: Sendable {
    /// Is told that an operation begins; what it throws happens in its place.
    func before(_ operation: BenchOperation) async throws(WireCut)

    /// Is told that an operation has had its effect; what it throws comes in place of its result.
    func after(_ operation: BenchOperation) async throws(WireCut)
}

/// What an engine does that lasts, or that others see.
enum BenchOperation: Hashable, Sendable {
    case admit
    case open
    case abandon
    case decide
    case conclude
    case recall
    case resolve
    case withdraw
    case unfinished
    case append
    case claim
    case extend
    case acknowledge
    case postpone
    case note
    case bury
    /// A cut is how a test says that something was lost.
    case waitForLoss
    case reserve
    case refund
    /// A call to a supplier, with the bytes of its body.
    case call([UInt8])
}

/// An operation that did not get through, or whose result did not.
struct WireCut: Error {
    /// What a store says in its place.
    var code = StoreError.Code.unavailable
}

/// Lets everything through.
struct OpenWire: BenchWire {
    func before(_ operation: BenchOperation) async throws(WireCut) {}

    func after(_ operation: BenchOperation) async throws(WireCut) {}
}

/// Does something of a test's own before and after operations.
struct TestWire: BenchWire {
    var onBefore: @Sendable (BenchOperation) async throws(WireCut) -> Void = { _ in }
    var onAfter: @Sendable (BenchOperation) async throws(WireCut) -> Void = { _ in }

    func before(_ operation: BenchOperation) async throws(WireCut) { try await onBefore(operation) }

    func after(_ operation: BenchOperation) async throws(WireCut) { try await onAfter(operation) }
}

extension BenchWire {
    /// Does `body` as one of a store's operations.
    fileprivate func store<Result>(
        _ operation: BenchOperation,
        _ body: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        do throws(WireCut) { try await before(operation) } catch {
            throw StoreError(error.code, during: "\(operation)")
        }
        let result = try await body()
        do throws(WireCut) { try await after(operation) } catch {
            throw StoreError(error.code, during: "\(operation)")
        }
        return result
    }
}

/// A ledger behind a wire.
struct WiredLedger: DeliveryLedger {
    private let ledger: any DeliveryLedger
    private let wire: any BenchWire

    init(_ ledger: any DeliveryLedger, _ wire: any BenchWire) {
        self.ledger = ledger
        self.wire = wire
    }

    func admit(_ admission: Admission) async throws(StoreError) -> AdmissionOutcome {
        try await wire.store(.admit) { () async throws(StoreError) in try await ledger.admit(admission) }
    }

    func open(_ batch: BatchID) async throws(StoreError) -> LedgerBatch? {
        try await wire.store(.open) { () async throws(StoreError) in try await ledger.open(batch) }
    }

    func abandon(_ intents: [Intent], of batch: BatchID) async throws(StoreError) {
        try await wire.store(.abandon) { () async throws(StoreError) in
            try await ledger.abandon(intents, of: batch)
        }
    }

    func advance(
        _ batch: BatchID,
        outcomes: [IntentOutcome],
        decisions: [Decision],
        calls: [PlannedCall]
    ) async throws(StoreError) -> DecisionOutcome {
        // What only ends is told apart from what begins something.
        let operation: BenchOperation = decisions.isEmpty && calls.isEmpty ? .conclude : .decide
        return try await wire.store(operation) { () async throws(StoreError) in
            try await ledger.advance(batch, outcomes: outcomes, decisions: decisions, calls: calls)
        }
    }

    func recall(_ messages: [MessageID]) async throws(StoreError) -> [RecallVerdict] {
        try await wire.store(.recall) { () async throws(StoreError) in try await ledger.recall(messages) }
    }

    func unfinished(
        acceptedBefore before: Moment,
        after batch: BatchID?,
        limit: Int
    ) async throws(StoreError) -> [QueueMessage] {
        try await wire.store(.unfinished) { () async throws(StoreError) in
            try await ledger.unfinished(acceptedBefore: before, after: batch, limit: limit)
        }
    }
}

/// The calls' book behind a wire.
struct WiredCallBook: CallBook {
    private let book: any CallBook
    private let wire: any BenchWire

    init(_ book: any CallBook, _ wire: any BenchWire) {
        self.book = book
        self.wire = wire
    }

    func repeatable(_ call: IntentID) async throws(StoreError) -> RepeatableCall? {
        try await book.repeatable(call)
    }

    func resolve(_ outcome: IntentOutcome) async throws(StoreError) -> Int {
        try await wire.store(.resolve) { () async throws(StoreError) in try await book.resolve(outcome) }
    }

    func takenCalls(of messages: [MessageID]) async throws(StoreError) -> [TakenCall] {
        try await book.takenCalls(of: messages)
    }

    func withdraw(_ messages: [MessageID]) async throws(StoreError) -> [MessageID: DeliveryState] {
        try await wire.store(.withdraw) { () async throws(StoreError) in try await book.withdraw(messages) }
    }
}

/// A queue behind a wire.
struct WiredQueue: SendQueue {
    private let queue: any SendQueue
    private let wire: any BenchWire

    init(_ queue: any SendQueue, _ wire: any BenchWire) {
        self.queue = queue
        self.wire = wire
    }

    func append(_ messages: [QueueMessage]) async throws(StoreError) {
        try await wire.store(.append) { () async throws(StoreError) in try await queue.append(messages) }
    }

    func claim(_ lane: Lane, limit: Int, visibility: Duration) async throws(StoreError) -> [QueueDelivery] {
        try await wire.store(.claim) { () async throws(StoreError) in
            try await queue.claim(lane, limit: limit, visibility: visibility)
        }
    }

    func extend(_ delivery: QueueDelivery, visibility: Duration) async throws(StoreError) -> Bool {
        try await wire.store(.extend) { () async throws(StoreError) in
            try await queue.extend(delivery, visibility: visibility)
        }
    }

    func acknowledge(_ delivery: QueueDelivery) async throws(StoreError) {
        try await wire.store(.acknowledge) { () async throws(StoreError) in
            try await queue.acknowledge(delivery)
        }
    }

    func postpone(
        _ delivery: QueueDelivery,
        by delay: Duration,
        counted: Bool
    ) async throws(StoreError) {
        try await wire.store(.postpone) { () async throws(StoreError) in
            try await queue.postpone(delivery, by: delay, counted: counted)
        }
    }

    func note(_ delivery: QueueDelivery, left: Int) async throws(StoreError) {
        try await wire.store(.note) { () async throws(StoreError) in
            try await queue.note(delivery, left: left)
        }
    }

    func bury(_ delivery: QueueDelivery, reason: String) async throws(StoreError) {
        try await wire.store(.bury) { () async throws(StoreError) in
            try await queue.bury(delivery, reason: reason)
        }
    }

    func setSuspended(_ suspended: Bool, _ run: CampaignRunID) async throws(StoreError) {
        try await queue.setSuspended(suspended, run)
    }

    func suspendedRuns() async throws(StoreError) -> Set<CampaignRunID> { try await queue.suspendedRuns() }

    func depths() async throws(StoreError) -> [Lane: QueueDepth] { try await queue.depths() }

    func load(of lane: Lane, atMost limit: Int) async throws(StoreError) -> Int {
        try await queue.load(of: lane, atMost: limit)
    }

    func deadLetters(before place: ListPlace?, limit: Int) async throws(StoreError) -> [DeadLetter] {
        try await queue.deadLetters(before: place, limit: limit)
    }

    func revive(_ batch: BatchID) async throws(StoreError) { try await queue.revive(batch) }

    func waitForWork(_ lane: Lane, atMost limit: Duration) async {
        await queue.waitForWork(lane, atMost: limit)
    }

    func waitForRoom(_ lane: Lane, below depth: Int, atMost limit: Duration) async {
        await queue.waitForRoom(lane, below: depth, atMost: limit)
    }

    func waitForLoss(atMost limit: Duration, on clock: any Clock<Duration>) async -> Bool {
        do {
            return try await wire.store(.waitForLoss) { () async throws(StoreError) in
                await queue.waitForLoss(atMost: limit, on: clock)
            }
        } catch { return true }
    }
}

/// Quotas behind a wire.
struct WiredQuotas: QuotaStore {
    private let quotas: any QuotaStore
    private let wire: any BenchWire

    init(_ quotas: any QuotaStore, _ wire: any BenchWire) {
        self.quotas = quotas
        self.wire = wire
    }

    func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict] {
        try await wire.store(.reserve) { () async throws(StoreError) in
            try await quotas.reserve(claims, channel: channel, rules: rules, day: day)
        }
    }

    func refund(
        _ claims: [QuotaClaim],
        channel: Channel,
        span: QuotaSpan?
    ) async throws(StoreError) {
        try await wire.store(.refund) { () async throws(StoreError) in
            try await quotas.refund(claims, channel: channel, span: span)
        }
    }

    func prune(before day: Int) async throws(StoreError) -> Bool { try await quotas.prune(before: day) }
}

/// The way to the suppliers behind a wire.
struct WiredHTTP: HTTPClient {
    private let http: any HTTPClient
    private let wire: any BenchWire

    init(_ http: any HTTPClient, _ wire: any BenchWire) {
        self.http = http
        self.wire = wire
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        do throws(WireCut) { try await wire.before(.call(request.body)) } catch {
            throw HTTPError(.unreachable)
        }
        let response = try await http.send(request)
        do throws(WireCut) { try await wire.after(.call(request.body)) } catch {
            throw HTTPError(.noAnswer)
        }
        return response
    }
}
