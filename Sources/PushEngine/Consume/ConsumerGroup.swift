import Groundwork
package import Logging
import ServiceLifecycle
import Synchronization

/// How one lane consumes its queue.
package struct LaneSettings: Hashable, Sendable {
    /// Batches worked on at the same time.
    package var width = 4
    /// How long a claimed message is this consumer's alone; far longer than a batch can take.
    package var visibility = Duration.seconds(300)
    /// How long to wait for work before looking again.
    package var patience = Duration.milliseconds(500)

    package init() {}
}

/// The consumers of one lane: takes messages as seats come free, and acknowledges each after its effects are
/// stored.
package final class ConsumerGroup: Sendable {
    package let lane: Lane
    package let pool: ChannelPool
    private let queue: any SendQueue
    private let deliverer: Deliverer
    private let settings: LaneSettings
    private let logger: Logger
    /// Batches that are being worked on here; a redelivery of one of them waits for it.
    private let working = Mutex<Set<BatchID>>([])

    package init(
        lane: Lane,
        queue: any SendQueue,
        deliverer: Deliverer,
        settings: LaneSettings,
        logger: Logger
    ) {
        self.lane = lane
        self.queue = queue
        self.deliverer = deliverer
        self.settings = settings
        var logger = logger
        logger[metadataKey: LogKey.lane] = "\(lane)"
        self.logger = logger
        pool = ChannelPool(width: settings.width)
    }

    /// Consumes until graceful shutdown or cancellation, then finishes what is in flight.
    package func run() async {
        let stopping = Mutex(false)
        await withDiscardingTaskGroup { group in
            await withGracefulShutdownHandler {
                while !Task.isCancelled, !stopping.withLock({ $0 }) {
                    guard await pool.take() else { break }
                    guard let delivery = await next(), !stopping.withLock({ $0 }) else {
                        pool.give()
                        continue
                    }
                    group.addTask {
                        await self.work(on: delivery)
                        self.pool.give()
                    }
                }
            } onGracefulShutdown: {
                stopping.withLock { $0 = true }
            }
        }
    }

    private func next() async -> QueueDelivery? {
        do {
            let claimed = try await queue.claim(lane, limit: 1, visibility: settings.visibility)
            if let delivery = claimed.first { return delivery }
        } catch {
            logger.warning("queue does not answer", metadata: [LogKey.error: "\(error)"])
        }
        await queue.waitForWork(lane, atMost: settings.patience)
        return nil
    }

    private func work(on delivery: QueueDelivery) async {
        let batch = delivery.message.batch
        guard working.withLock({ $0.insert(batch).inserted }) else { return }
        defer { working.withLock { _ = $0.remove(batch) } }
        do {
            switch try await deliverer.deliver(batch, attempt: delivery.attempt) {
            case .done: try await queue.acknowledge(delivery)
            case .later(let delay): try await queue.postpone(delivery, by: delay)
            }
        } catch {
            await handle(error, of: delivery)
        }
    }

    /// A store that does not answer is waited for; a batch that cannot be read is set aside.
    private func handle(_ error: StoreError, of delivery: QueueDelivery) async {
        logger.error(
            "batch not finished",
            metadata: [
                LogKey.batch: "\(delivery.message.batch.rawValue)",
                LogKey.error: "\(error)",
            ]
        )
        do {
            if error.code == .corrupted {
                try await queue.bury(delivery, reason: "\(error)")
            } else {
                try await queue.postpone(delivery, by: .seconds(1))
            }
        } catch {
            // The claim runs out by itself, and the message is handed out again.
            logger.warning("queue does not answer", metadata: [LogKey.error: "\(error)"])
        }
    }
}
