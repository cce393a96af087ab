package import Groundwork
package import Logging
package import PushEngine
import Synchronization

/// The durable queue on Redis Streams: a stream and a consumer group for each lane, shared by all processes.
///
/// Redis tells the time. What a Redis loses that is restarted or flushed, the sweeper appends again from the
/// ledger, and every operation makes anew what it needs.
package final class RedisSendQueue: SendQueue {
    private let client: RedisClient
    private let prefix: String
    private let consumer: String
    private let waiting: any Clock<Duration>
    private let time: (any WallClock)?
    private let forgetting: Duration
    private let bells: RedisQueueBells
    private let listener: RedisListener
    /// What the server said last about its memory.
    private let memory = Mutex<String?>(nil)
    /// The lanes that this process has claimed from before.
    private let visited = Mutex<Set<Lane>>([])

    /// Makes a queue, which reaches for Redis when it is first used.
    ///
    /// - Parameters:
    ///   - client: speaks to Redis.
    ///   - name: tells this queue from others on the same Redis; its keys begin with `{kpush:NAME}:`.
    ///   - consumer: names this process, as no other is named, without spaces.
    ///   - waiting: the clock to wait by.
    ///   - logger: is told when news of other processes do not come through.
    package convenience init(
        _ client: RedisClient,
        name: String,
        consumer: String,
        waiting: any Clock<Duration>,
        logger: Logger
    ) {
        self.init(client, name: name, consumer: consumer, waiting: waiting, time: nil, logger: logger)
    }

    /// Makes a queue that goes by `time` instead of the server's clock, and forgets a process that has not
    /// claimed for the time `forgetting`.
    init(
        _ client: RedisClient,
        name: String,
        consumer: String,
        waiting: any Clock<Duration>,
        time: (any WallClock)?,
        forgetting: Duration = .seconds(3_600),
        logger: Logger
    ) {
        self.client = client
        prefix = "{kpush:\(name)}:"
        self.consumer = consumer
        self.waiting = waiting
        self.time = time
        self.forgetting = forgetting
        let bells = RedisQueueBells(prefix: prefix, consumer: consumer)
        self.bells = bells
        listener = RedisListener(client.settings, channels: bells.channels, logger: logger) { bells.hear($0) }
    }

    /// Whether news of other processes come through.
    var isListening: Bool { listener.isListening }

    package func append(_ messages: [QueueMessage]) async throws(StoreError) {
        guard !messages.isEmpty else { return }
        var arguments: [RedisArgument] = []
        for message in messages {
            arguments.append(.text(message.lane.name))
            arguments.append(.integer(message.batch.rawValue))
            arguments.append(message.campaignRun.map { .integer($0.rawValue) } ?? "")
        }
        try await run(RedisQueueScripts.append, "append to queue", arguments)
        bells.work.ring(Set(messages.map(\.lane)))
    }

    package func claim(
        _ lane: Lane,
        limit: Int,
        visibility: Duration
    ) async throws(StoreError) -> [QueueDelivery] {
        let isFirst = visited.withLock { $0.insert(lane).inserted }
        let answer = try await run(
            RedisQueueScripts.claim,
            "claim from queue",
            [
                .text(lane.name), .integer(Int64(limit)), .integer(visibility.wholeMilliseconds),
                isFirst ? .integer(forgetting.wholeMilliseconds) : "",
            ]
        )
        var rows = try RedisRow(answer, "claim from queue")
        guard !rows.isEmpty else { return [] }
        let receipt = try rows.number()
        var deliveries: [QueueDelivery] = []
        while !rows.isEmpty {
            let message = QueueMessage(
                batch: BatchID(rawValue: try rows.number()),
                lane: lane,
                campaignRun: try rows.run()
            )
            deliveries.append(
                QueueDelivery(
                    message: message,
                    attempt: Int(try rows.number()),
                    lapses: Int(try rows.number()),
                    receipt: receipt
                )
            )
        }
        return deliveries
    }

    package func extend(
        _ delivery: QueueDelivery,
        visibility: Duration
    ) async throws(StoreError) -> Bool {
        let length = RedisArgument.integer(visibility.wholeMilliseconds)
        return try await settle(RedisQueueScripts.extend, "extend claim", delivery, length).integer == 1
    }

    package func acknowledge(_ delivery: QueueDelivery) async throws(StoreError) {
        try await settle(RedisQueueScripts.acknowledge, "acknowledge", delivery)
        bells.room.ring([delivery.message.lane])
    }

    package func postpone(
        _ delivery: QueueDelivery,
        by delay: Duration,
        counted: Bool
    ) async throws(StoreError) {
        let delay = RedisArgument.integer(delay.wholeMilliseconds)
        try await settle(RedisQueueScripts.postpone, "postpone", delivery, delay, counted ? "0" : "1")
        bells.work.ring([delivery.message.lane])
    }

    package func note(_ delivery: QueueDelivery, left: Int) async throws(StoreError) {
        try await settle(RedisQueueScripts.note, "note progress", delivery, .integer(Int64(left)))
    }

    package func bury(_ delivery: QueueDelivery, reason: String) async throws(StoreError) {
        try await settle(RedisQueueScripts.bury, "bury", delivery, .text(reason))
        bells.room.ring([delivery.message.lane])
    }

    package func setSuspended(_ suspended: Bool, _ run: CampaignRunID) async throws(StoreError) {
        let script = suspended ? RedisQueueScripts.suspend : RedisQueueScripts.letGo
        try await self.run(script, "suspend", [.integer(run.rawValue)])
        (suspended ? bells.room : bells.work).ring(Set(Lane.all))
    }

    package func suspendedRuns() async throws(StoreError) -> Set<CampaignRunID> {
        let operation = "read suspended occurrences"
        var rows = try RedisRow(try await run(RedisQueueScripts.suspendedRuns, operation), operation)
        var runs: Set<CampaignRunID> = []
        while !rows.isEmpty { runs.insert(CampaignRunID(rawValue: try rows.number())) }
        return runs
    }

    package func depths() async throws(StoreError) -> [Lane: QueueDepth] {
        let operation = "read queue depths"
        let lanes = Lane.all
        let names = lanes.map { RedisArgument.text($0.name) }
        var rows = try RedisRow(try await run(RedisQueueScripts.depths, operation, names), operation)
        var depths: [Lane: QueueDepth] = [:]
        for lane in lanes {
            let depth = QueueDepth(
                ready: Int(try rows.number()),
                claimed: Int(try rows.number()),
                waiting: Int(try rows.number()),
                suspended: Int(try rows.number())
            )
            if depth.total > 0 { depths[lane] = depth }
        }
        return depths
    }

    package func load(of lane: Lane, atMost limit: Int) async throws(StoreError) -> Int {
        let count = try await run(RedisQueueScripts.load, "read queue load", [.text(lane.name)]).integer
        return min(limit, Int(count ?? 0))
    }

    package func deadLetters(before place: ListPlace?, limit: Int) async throws(StoreError) -> [DeadLetter] {
        guard limit > 0 else { return [] }
        let operation = "read dead letters"
        let end: RedisArgument = place.map { .text("(\($0.number)") } ?? "+inf"
        let answer = try await run(RedisQueueScripts.deadLetters, operation, [end, .integer(Int64(limit))])
        var rows = try RedisRow(answer, operation)
        var letters: [DeadLetter] = []
        while !rows.isEmpty {
            let batch = BatchID(rawValue: try rows.number())
            let message = QueueMessage(batch: batch, lane: try rows.lane(), campaignRun: try rows.run())
            let (attempts, reason) = (Int(try rows.number()), try rows.text())
            let place = ListPlace(
                at: Moment(millisecondsSinceEpoch: try rows.number()),
                number: try rows.number()
            )
            letters.append(
                DeadLetter(message: message, attempts: attempts, reason: reason, place: place)
            )
        }
        return letters
    }

    package func revive(_ batch: BatchID) async throws(StoreError) {
        let answer = try await run(RedisQueueScripts.revive, "revive", [.integer(batch.rawValue)])
        guard let lane = answer.text.flatMap(Lane.init(name:)) else {
            throw StoreError(.notFound, during: "revive", detail: "batch \(batch.rawValue)")
        }
        bells.work.ring([lane])
    }

    package func waitForWork(_ lane: Lane, atMost limit: Duration) async {
        // Who waits listens first and looks then, so that nothing can slip in between.
        await bells.work.wait(for: lane, by: waiting) { [self] in
            // A queue that cannot be read now is waited for: the claim that follows says what is wrong with
            // it.
            let due = try? await run(RedisQueueScripts.nextDue, "look for work", [.text(lane.name)]).integer
            guard let due, due >= 0 else { return limit }
            return min(limit, .milliseconds(due))
        }
    }

    package func waitForRoom(_ lane: Lane, below depth: Int, atMost limit: Duration) async {
        await bells.room.wait(for: lane, by: waiting) { [self] in
            // A queue that cannot be read now is waited for.
            guard let load = try? await load(of: lane, atMost: depth) else { return limit }
            return load < depth ? .zero : limit
        }
    }

    /// How often the server is asked about its memory.
    private static let glance = Duration.seconds(1)

    /// Another memory is that of a server that was flushed, started again or replaced by another: with an
    /// append-only file it may lack the last second, and a replica may lag.
    package func waitForLoss(atMost limit: Duration, on clock: any Clock<Duration>) async -> Bool {
        let stopwatch = Stopwatch(clock)
        while !Task.isCancelled, stopwatch.elapsed < limit {
            if await hasNewMemory() { return true }
            // Being cancelled while asleep is noticed by the loop's condition.
            try? await clock.sleep(for: min(Self.glance, limit - stopwatch.elapsed))
        }
        return false
    }

    private func hasNewMemory() async -> Bool {
        // A server that does not answer now tells later.
        guard let now = try? await run(RedisQueueScripts.memory, "look at memory", [.text(consumer)]).text
        else { return false }
        return memory.withLock { memory in
            defer { memory = now }
            return memory.map { $0 != now } ?? false
        }
    }

    /// Runs what settles a claim.
    @discardableResult
    private func settle(
        _ script: RedisScript,
        _ operation: String,
        _ delivery: QueueDelivery,
        _ more: RedisArgument...
    ) async throws(StoreError) -> RedisValue {
        let claim = [RedisArgument.integer(delivery.message.batch.rawValue), .integer(delivery.receipt)]
        return try await run(script, operation, claim + more)
    }

    @discardableResult
    private func run(
        _ script: RedisScript,
        _ operation: String,
        _ arguments: [RedisArgument] = []
    ) async throws(StoreError) -> RedisValue {
        let now = time.map { RedisArgument.integer($0.now.millisecondsSinceEpoch) } ?? ""
        do throws(RedisFailure) {
            return try await client.eval(
                script,
                keys: [prefix],
                arguments: [now, .text(consumer)] + arguments
            )
        } catch { throw StoreError(redis: error, during: operation) }
    }
}
